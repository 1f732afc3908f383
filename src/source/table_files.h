/** @file
 *  Reads the files of a table into cells. Private to the table source.
 */
#ifndef MLP_TABLE_FILES_H
#define MLP_TABLE_FILES_H

#include "table_columns.h"

/** Read one or several files (see paths.h), whose rows follow each other, or
 *  standard input; each rank of the options' team gets some of the rows.
 *  Collective.
 *  @param cells  zeroed; the header of the first file makes the columns
 *  MLP_ERROR_DATA for a file with another header than the first. Errors of
 *  mlp_paths_find, mlp_table_take_header and mlp_cells_read. */
mlp_status mlp_table_read(const mlp_table_reading *of, const char *spec,
                          mlp_cells *cells);

#endif
