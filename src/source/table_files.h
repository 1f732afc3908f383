/** @file
 *  Reads the files of a table into cells. Private to the table source.
 */
#ifndef MLP_TABLE_FILES_H
#define MLP_TABLE_FILES_H

#include "table_columns.h"

/** Read a file, and add its rows.
 *  @param cells  zeroed before the first file, whose header makes the columns
 *  Errors of mlp_table_take_header and mlp_cells_read. */
mlp_status mlp_table_read(const mlp_table_reading *of, const char *path,
                          mlp_cells *cells);

#endif
