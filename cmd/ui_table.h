/* Display width: how much of a line fits. */
#ifndef BG_CMD_UI_TABLE_H
#define BG_CMD_UI_TABLE_H

#include <stddef.h>

/* Columns that clean UTF-8 takes; wide characters count two. */
size_t bg_table_width(const char *text);
/* Bytes of text that fit into max columns. */
size_t bg_table_cut(const char *text, size_t max);

#endif
