/** @file
 *  The columns of a table: the names in a file's header, matched to options or
 *  to a schema. Private to the table source.
 */
#ifndef MLP_TABLE_COLUMNS_H
#define MLP_TABLE_COLUMNS_H

#include <stdbool.h>

#include "cells.h"
#include "csv.h"
#include "source.h"

/** What a table is read by. */
typedef struct {
    const mlp_table_options *options;
    const mlp_schema *schema; /**< NULL: none yet */
    bool needs_label;
    bool may_lack_label; /**< the options need not name one */
    const char *key;     /**< column that rows are held out by; NULL: none */
} mlp_table_reading;

/** The kind of a label before its cells are read: that of the task, UNKNOWN if
 *  the cells decide. */
mlp_column_kind mlp_table_label_kind(const mlp_table_options *options);

/** Make a record of the names of --columns, as of a header. */
void mlp_table_list_columns(const char *names, mlp_csv_records *header);

/** The cell of a header with this name; SIZE_MAX: none. */
size_t mlp_table_find_field(const mlp_csv_records *header, const char *name);

/** Refuse the name of a column that an option has.
 *  @return MLP_ERROR_USAGE, with the names that there are */
mlp_status mlp_table_refuse_column(const mlp_csv_records *header,
                                   const char *option, const char *name);

/** Take the names of a header: the first one makes the columns of the cells, by
 *  the options or the schema; for any other their places in the file are found
 *  by name.
 *  MLP_ERROR_USAGE for an option that names no column. MLP_ERROR_DATA for a
 *  name that is there twice, or too long, or a column that is not there. */
mlp_status mlp_table_take_header(const mlp_table_reading *of,
                                 const mlp_csv_records *header,
                                 mlp_cells *cells);

#endif
