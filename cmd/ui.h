/*
 * The terminal: pager, colour, progress, questions, editor, safe printing.
 * Results go to stdout, talk to stderr.  Text that came from a record passes
 * bg_ui_text(), which escapes what could steer a terminal.
 */
#ifndef BG_CMD_UI_H
#define BG_CMD_UI_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/str.h"

struct bg_ui {
	bool out_tty, err_tty, in_tty;
	bool colour;
	bool batch;
	int columns;
	int64_t now_ms;
	int pager_pid;
};
enum bg_colour { BG_PLAIN, BG_BOLD, BG_DIM, BG_RED, BG_GREEN, BG_YELLOW };

#endif
