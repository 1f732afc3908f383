/** @file
 *  The columns of a table: the names in a file's header, matched to options or
 *  to a schema.
 */
#include "table_columns.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAMES_BYTES = 256 }; /* of a list of columns in a message */

/* ---- the header -------------------------------------------------------- */

/* Whether a name is in a list "a,b,c". */
static bool is_listed(const char *list, const char *name)
{
    size_t length = strlen(name);
    for (const char *at = list; *at != '\0';) {
        size_t item = strcspn(at, ",");
        if (item == length && strncmp(at, name, length) == 0) {
            return true;
        }
        at += item;
        at += *at == ',';
    }
    return false;
}

static bool has_name(const mlp_csv_cell *cell, const char *name)
{
    return strlen(name) == cell->length &&
           memcmp(cell->text, name, cell->length) == 0;
}

size_t mlp_table_find_field(const mlp_csv_records *header, const char *name)
{
    for (size_t i = 0; i < header->count; i++) {
        if (has_name(&header->cells[i], name)) {
            return i;
        }
    }
    return SIZE_MAX;
}

void mlp_table_list_columns(const char *names, mlp_csv_records *header)
{
    header->count = 0;
    while (header->count < MLP_CSV_FIELDS_MOST) {
        size_t length = strcspn(names, ",");
        header->cells[header->count++] =
            (mlp_csv_cell){.text = names, .length = (uint32_t)length};
        if (names[length] == '\0') {
            return;
        }
        names += length + 1;
    }
}

/* The first names of a header, for a message. */
static const char *list_names(const mlp_csv_records *header,
                              char text[NAMES_BYTES])
{
    size_t used = 0;
    for (size_t i = 0; i < header->count; i++) {
        const mlp_csv_cell *cell = &header->cells[i];
        if (used + cell->length + sizeof ", ..." > NAMES_BYTES) {
            snprintf(text + used, NAMES_BYTES - used, "...");
            break;
        }
        used += (size_t)snprintf(text + used, NAMES_BYTES - used, "%.*s%s",
                                 (int)cell->length, cell->text,
                                 i + 1 < header->count ? ", " : "");
    }
    return text;
}

mlp_status mlp_table_refuse_column(const mlp_csv_records *header,
                                   const char *option, const char *name)
{
    char names[NAMES_BYTES] = "";
    return mlp_fail(MLP_ERROR_USAGE,
                    "--%s: %s has no column \"%.256s\"; it has %s", option,
                    header->path, name, list_names(header, names));
}

/* Check that every name of a list is that of a column. */
static mlp_status check_list(const mlp_csv_records *header, const char *option,
                             const char *list)
{
    for (const char *at = list; *at != '\0';) {
        char name[MLP_NAME_BYTES_MOST + 1];
        size_t item = strcspn(at, ",");
        snprintf(name, sizeof name, "%.*s", (int)item, at);
        if (mlp_table_find_field(header, name) == SIZE_MAX) {
            return mlp_table_refuse_column(header, option, name);
        }
        at += item;
        at += *at == ',';
    }
    return MLP_OK;
}

static mlp_status check_names(const mlp_csv_records *header)
{
    for (size_t i = 0; i < header->count; i++) {
        const mlp_csv_cell *cell = &header->cells[i];
        if (cell->length > MLP_NAME_BYTES_MOST) {
            return mlp_fail(MLP_ERROR_DATA,
                            "%s:1: the name of column %zu is longer than %d "
                            "bytes",
                            header->path, i + 1, MLP_NAME_BYTES_MOST);
        }
        for (size_t k = 0; k < i; k++) {
            if (header->cells[k].length == cell->length &&
                memcmp(header->cells[k].text, cell->text, cell->length) == 0) {
                return mlp_fail(MLP_ERROR_DATA,
                                "%s:%zu: columns %zu and %zu have the same "
                                "name, \"%.*s\"",
                                header->path, header->record_line, k + 1, i + 1,
                                (int)(cell->length < 100 ? cell->length : 100),
                                cell->text);
            }
        }
    }
    return MLP_OK;
}

static mlp_status check_weight(const mlp_csv_records *header,
                               const mlp_table_options *options)
{
    if (options->weight[0] == '\0') {
        return MLP_OK;
    }
    if (mlp_table_find_field(header, options->weight) == SIZE_MAX) {
        return mlp_table_refuse_column(header, "weight", options->weight);
    }
    const char *other = strcmp(options->weight, options->label) == 0  ? "label"
                        : is_listed(options->ignore, options->weight) ? "ignore"
                        : is_listed(options->categorical, options->weight)
                            ? "categorical"
                            : NULL;
    return other == NULL ? MLP_OK
                         : mlp_fail(MLP_ERROR_USAGE,
                                    "--weight and --%s name the same column, "
                                    "\"%.256s\"",
                                    other, options->weight);
}

/* Check the column that rows are held out by. */
static mlp_status check_key(const mlp_csv_records *header,
                            const mlp_table_options *options)
{
    const char *key = options->holdout.column;
    if (key[0] == '\0') {
        return MLP_OK;
    }
    if (mlp_table_find_field(header, key) == SIZE_MAX) {
        return mlp_table_refuse_column(header, "split", key);
    }
    return strcmp(key, options->label) != 0
               ? MLP_OK
               : mlp_fail(MLP_ERROR_USAGE,
                          "--split: column \"%.256s\" is the label", key);
}

static mlp_status check_options(const mlp_csv_records *header,
                                const mlp_table_reading *of)
{
    const mlp_table_options *options = of->options;
    if (options->label[0] == '\0' && !of->may_lack_label) {
        char names[NAMES_BYTES] = "";
        return mlp_fail(MLP_ERROR_USAGE,
                        "--label COLUMN is missing: which of the columns of %s "
                        "is to be predicted? It has %s",
                        header->path, list_names(header, names));
    }
    MLP_TRY(check_list(header, "label", options->label));
    MLP_TRY(check_list(header, "ignore", options->ignore));
    MLP_TRY(check_list(header, "categorical", options->categorical));
    MLP_TRY(check_weight(header, options));
    return check_key(header, options);
}

/* ---- columns of a new schema ------------------------------------------- */

/* A column may have no name; a label and weights have one. */
static bool is_label(const mlp_table_options *options, const char *name)
{
    return options->label[0] != '\0' && strcmp(name, options->label) == 0;
}

mlp_column_kind mlp_table_label_kind(const mlp_table_options *options)
{
    return options->task == MLP_TASK_REGRESSION       ? MLP_COLUMN_NUMBER
           : options->task == MLP_TASK_CLASSIFICATION ? MLP_COLUMN_TEXT
                                                      : MLP_COLUMN_UNKNOWN;
}

static bool is_weight(const mlp_table_options *options, const char *name)
{
    return options->weight[0] != '\0' && strcmp(name, options->weight) == 0;
}

/* Whether a column is the one that rows are held out by. */
static bool is_key(const char *key, const char *name)
{
    return key != NULL && key[0] != '\0' && strcmp(key, name) == 0;
}

static mlp_column_kind first_kind(const mlp_table_options *options,
                                  const char *name)
{
    if (is_label(options, name)) {
        return mlp_table_label_kind(options);
    }
    return is_weight(options, name) ? MLP_COLUMN_WEIGHT
           : is_listed(options->ignore, name) ||
                   is_key(options->holdout.column, name)
               ? MLP_COLUMN_IGNORED
           : is_listed(options->categorical, name) ? MLP_COLUMN_TEXT
                                                   : MLP_COLUMN_UNKNOWN;
}

static mlp_status name_columns(const mlp_csv_records *header,
                               const mlp_table_reading *of, mlp_cells *cells)
{
    MLP_TRY(check_options(header, of));
    cells->columns = calloc(header->count, sizeof *cells->columns);
    if (cells->columns == NULL) {
        return mlp_fail_memory("the columns of a table");
    }
    for (size_t i = 0; i < header->count; i++) {
        mlp_cell_column *column = &cells->columns[i];
        const mlp_csv_cell *cell = &header->cells[i];
        cells->count = i + 1;
        column->field = i;
        column->name = strndup(cell->text, cell->length);
        if (column->name == NULL) {
            return mlp_fail_memory("the columns of a table");
        }
        column->kind = first_kind(of->options, column->name);
    }
    return MLP_OK;
}

/* ---- columns of a given schema ----------------------------------------- */

static mlp_status copy_columns(const mlp_schema *schema, mlp_cells *cells)
{
    cells->columns = calloc(schema->count, sizeof *cells->columns);
    if (cells->columns == NULL) {
        return mlp_fail_memory("the columns of a table");
    }
    for (size_t i = 0; i < schema->count; i++) {
        cells->count = i + 1;
        cells->columns[i].kind = schema->columns[i].kind;
        cells->columns[i].name = strdup(schema->columns[i].name);
        if (cells->columns[i].name == NULL) {
            return mlp_fail_memory("the columns of a table");
        }
    }
    return MLP_OK;
}

/* Match columns to the header by name. */
static mlp_status find_fields(const mlp_table_reading *of,
                              const mlp_csv_records *header, size_t label,
                              mlp_cells *cells)
{
    for (size_t i = 0; i < cells->count; i++) {
        mlp_cell_column *column = &cells->columns[i];
        bool is_wanted = i == label || column->kind == MLP_COLUMN_WEIGHT
                             ? of->needs_label
                             : column->kind != MLP_COLUMN_IGNORED ||
                                   is_key(of->key, column->name);
        column->field =
            is_wanted ? mlp_table_find_field(header, column->name) : SIZE_MAX;
        if (is_wanted && column->field == SIZE_MAX) {
            return mlp_fail(MLP_ERROR_DATA,
                            "%s:1: expected a column \"%s\", found none of "
                            "this name among %zu",
                            header->path, column->name, header->count);
        }
    }
    return MLP_OK;
}

/* ---- columns of a file ------------------------------------------------- */

static mlp_cells_how how_of(const mlp_table_reading *of, const mlp_cells *cells)
{
    const mlp_table_options *options = of->options;
    const mlp_schema *schema = of->schema;
    mlp_cells_how how = {.na = schema != NULL ? schema->na : options->na,
                         .missing = schema != NULL ? schema->missing
                                                   : options->missing,
                         .drops_bad = options->drops_bad,
                         .is_never_negative = options->is_never_negative,
                         .label = schema != NULL ? schema->label : 0,
                         .has_times = options->holdout.kind == MLP_HOLDOUT_TIME,
                         .threads = options->threads,
                         .is_large = options->is_large,
                         .comm = options->comm};
    while (schema == NULL && how.label < cells->count &&
           !is_label(options, cells->columns[how.label].name)) {
        how.label++;
    }
    how.label = how.label < cells->count ? how.label : SIZE_MAX;
    while (how.key < cells->count &&
           !is_key(of->key, cells->columns[how.key].name)) {
        how.key++;
    }
    how.key = how.key < cells->count ? how.key : SIZE_MAX;
    return how;
}

mlp_status mlp_table_take_header(const mlp_table_reading *of,
                                 const mlp_csv_records *header,
                                 mlp_cells *cells)
{
    MLP_TRY(check_names(header));
    if (cells->count == 0) {
        MLP_TRY(of->schema == NULL ? name_columns(header, of, cells)
                                   : copy_columns(of->schema, cells));
        const mlp_cells_how how = how_of(of, cells);
        MLP_TRY(find_fields(of, header, how.label, cells));
        mlp_cells_plan(cells, &how);
        return MLP_OK;
    }
    return find_fields(of, header, cells->how.label, cells);
}
