/* The pages of `help`: one screen each, for one kind of reader. */
#ifndef BG_CMD_HELP_TEXT_H
#define BG_CMD_HELP_TEXT_H

struct bg_help_page {
	const char *name;
	const char *text; /* each "bg " at the start of a line's command is
			   * printed with the word that was typed */
};
extern const struct bg_help_page bg_help_pages[]; /* name NULL ends */

#endif
