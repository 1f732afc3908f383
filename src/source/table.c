/** @file
 *  A source that is a table: its files become typed cells, some of the rows
 *  training rows, a schema is fitted to these or given, and any rows are
 * encoded by it when they are read.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/log.h"
#include "cells.h"
#include "kinds.h"
#include "system/files.h"
#include "table_encode.h"
#include "table_fit.h"
#include "table_split.h"

/* Memory per byte of the file, and an amount that is always allowed: with many
 * categories a small file could need huge memory. */
enum { EXPANSION_MOST = 1024, ALWAYS_ALLOWED = 64 << 20 };

typedef struct {
    mlp_cells cells;
    mlp_encoder encoder;
} table_file;

typedef struct {
    mlp_schema schema;
    table_file files[MLP_SPLITS];       /* the second if test rows have one */
    const table_file *from[MLP_SPLITS]; /* where the rows of a split are */
    mlp_table_split split;
} table_source;

/* What a table is read by. */
typedef struct {
    const mlp_table_options *options;
    const mlp_schema *schema; /* NULL: none yet */
    bool needs_label;
} reading;

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

/* The cell of the header with this name; SIZE_MAX for none. */
static size_t find_field(const mlp_csv_records *header, const char *name)
{
    for (size_t i = 0; i < header->count; i++) {
        if (has_name(&header->cells[i], name)) {
            return i;
        }
    }
    return SIZE_MAX;
}

/* Check that every name of a list is that of a column. */
static mlp_status check_list(const mlp_csv_records *header, const char *option,
                             const char *list)
{
    for (const char *at = list; *at != '\0';) {
        char name[MLP_NAME_BYTES_MOST + 1];
        size_t item = strcspn(at, ",");
        snprintf(name, sizeof name, "%.*s", (int)item, at);
        if (find_field(header, name) == SIZE_MAX) {
            return mlp_fail(MLP_ERROR_USAGE, "--%s: %s has no column \"%s\"",
                            option, header->path, name);
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

static mlp_status check_options(const mlp_csv_records *header,
                                const mlp_table_options *options)
{
    if (options->label[0] == '\0') {
        return mlp_fail(MLP_ERROR_USAGE,
                        "--label COLUMN is missing: which of the columns of %s "
                        "is to be predicted?",
                        header->path);
    }
    MLP_TRY(check_list(header, "label", options->label));
    MLP_TRY(check_list(header, "ignore", options->ignore));
    return check_list(header, "categorical", options->categorical);
}

/* ---- columns of a new schema ------------------------------------------- */

static mlp_column_kind first_kind(const mlp_table_options *options,
                                  const char *name)
{
    if (strcmp(name, options->label) == 0) {
        return options->task == MLP_TASK_REGRESSION       ? MLP_COLUMN_NUMBER
               : options->task == MLP_TASK_CLASSIFICATION ? MLP_COLUMN_TEXT
                                                          : MLP_COLUMN_UNKNOWN;
    }
    return is_listed(options->ignore, name)        ? MLP_COLUMN_IGNORED
           : is_listed(options->categorical, name) ? MLP_COLUMN_TEXT
                                                   : MLP_COLUMN_UNKNOWN;
}

static mlp_status name_columns(const mlp_csv_records *header,
                               const mlp_table_options *options,
                               mlp_cells *cells)
{
    MLP_TRY(check_options(header, options));
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
        column->kind = first_kind(options, column->name);
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
static mlp_status find_fields(const mlp_csv_records *header, size_t label,
                              bool needs_label, mlp_cells *cells)
{
    for (size_t i = 0; i < cells->count; i++) {
        mlp_cell_column *column = &cells->columns[i];
        bool is_wanted =
            i == label ? needs_label : column->kind != MLP_COLUMN_IGNORED;
        column->field = is_wanted ? find_field(header, column->name) : SIZE_MAX;
        if (is_wanted && column->field == SIZE_MAX) {
            return mlp_fail(MLP_ERROR_DATA,
                            "%s:1: expected a column \"%s\", found none of "
                            "this name among %zu",
                            header->path, column->name, header->count);
        }
    }
    return MLP_OK;
}

/* ---- a file ------------------------------------------------------------ */

static mlp_cells_how how_of(const reading *of, const mlp_cells *cells)
{
    const mlp_table_options *options = of->options;
    const mlp_schema *schema = of->schema;
    mlp_cells_how how = {.na = schema != NULL ? schema->na : options->na,
                         .missing = schema != NULL ? schema->missing
                                                   : options->missing,
                         .drops_bad = options->drops_bad,
                         .is_never_negative = options->is_never_negative,
                         .label = schema != NULL ? schema->label : 0,
                         .threads = options->threads,
                         .is_large = options->is_large};
    while (schema == NULL && how.label < cells->count &&
           strcmp(cells->columns[how.label].name, options->label) != 0) {
        how.label++;
    }
    return how;
}

static mlp_status take_header(const reading *of, const mlp_csv_records *header,
                              mlp_cells *cells)
{
    MLP_TRY(check_names(header));
    if (cells->count == 0) {
        MLP_TRY(of->schema == NULL ? name_columns(header, of->options, cells)
                                   : copy_columns(of->schema, cells));
        const mlp_cells_how how = how_of(of, cells);
        MLP_TRY(find_fields(header, how.label, of->needs_label, cells));
        mlp_cells_plan(cells, &how);
        return MLP_OK;
    }
    return find_fields(header, cells->how.label, of->needs_label, cells);
}

/* The names of --columns as a record. */
static void list_columns(const char *names, mlp_csv_records *header)
{
    header->count = 0;
    while (header->count < MLP_CSV_FIELDS_MOST) {
        size_t length = strcspn(names, ",");
        header->cells[header->count++] = (mlp_csv_cell){names, length};
        if (names[length] == '\0') {
            return;
        }
        names += length + 1;
    }
}

static mlp_status read_records(const reading *of, mlp_csv *csv,
                               mlp_csv_records *records, mlp_cells *cells)
{
    bool is_there = true;
    if (of->options->columns[0] != '\0') {
        list_columns(of->options->columns, records);
    } else {
        MLP_TRY(mlp_csv_record(records, &is_there));
    }
    if (!is_there) {
        return mlp_fail(MLP_ERROR_DATA,
                        "%s: expected a header with names of columns, found "
                        "nothing",
                        records->path);
    }
    MLP_TRY(take_header(of, records, cells));
    return mlp_cells_read(cells, csv, records, records->count);
}

static mlp_status read_file(const reading *of, const char *path,
                            mlp_cells *cells)
{
    mlp_csv csv = {0};
    mlp_csv_block block = {0};
    mlp_csv_records records = {0};
    MLP_TRY(mlp_csv_open(path, &csv));
    mlp_status status = mlp_csv_next(&csv, &block);
    if (status == MLP_OK) {
        status = mlp_csv_records_create(&csv, &records);
    }
    if (status == MLP_OK) {
        mlp_csv_records_begin(&records, &block);
        status = read_records(of, &csv, &records, cells);
    }
    mlp_csv_records_destroy(&records);
    free(block.bytes);
    mlp_csv_close(&csv);
    return status;
}

/* ---- valid rows -------------------------------------------------------- */

/* Refuse or leave out rows with a text that is no category. */
static mlp_status check_unseen(const reading *of, table_file *file)
{
    mlp_cells *cells = &file->cells;
    uint8_t *keeps = calloc(cells->rows + 1, 1);
    mlp_status status =
        keeps == NULL ? mlp_fail_memory("the rows of a table") : MLP_OK;
    for (size_t row = 0; row < cells->rows && status == MLP_OK; row++) {
        size_t column = mlp_encoder_unseen(&file->encoder, row);
        keeps[row] = column == cells->count;
        if (keeps[row]) {
            continue;
        }
        status = mlp_cells_refuse(cells, row, column,
                                  "a category that training knew");
        if (of->options->drops_bad && of->options->schema != NULL) {
            if (cells->dropped++ == 0) {
                const char *line = mlp_failure() + strlen(cells->paths[0]) + 1;
                snprintf(cells->first_bad, sizeof cells->first_bad, "%s", line);
            }
            status = MLP_OK;
        }
    }
    if (status == MLP_OK) {
        mlp_cells_keep(cells, keeps);
    }
    free(keeps);
    return status;
}

static mlp_status check_size(const mlp_cells *cells, size_t features)
{
    struct stat facts;
    size_t bytes;
    if (cells->rows == 0 || features == 0 || cells->rows > UINT32_MAX) {
        return mlp_fail(MLP_ERROR_DATA,
                        "%s: expected rows and features, found %zu rows of "
                        "%zu features",
                        cells->paths[0], cells->rows, features);
    }
    if (stat(cells->paths[0], &facts) != 0) {
        return mlp_fail_read(cells->paths[0]);
    }
    if (__builtin_mul_overflow(cells->rows, features * sizeof(float), &bytes) ||
        bytes / EXPANSION_MOST > (size_t)facts.st_size + ALWAYS_ALLOWED) {
        return mlp_fail(MLP_ERROR_DATA,
                        "%s: %zu rows of %zu features are out of proportion "
                        "to the file: too many categories",
                        cells->paths[0], cells->rows, features);
    }
    return MLP_OK;
}

static void report_dropped(const mlp_cells *cells)
{
    if (cells->dropped > 0) {
        mlp_log_note("%s: %zu of %zu rows are dropped, the first: line %s",
                     cells->paths[0], cells->dropped,
                     cells->dropped + cells->rows, cells->first_bad);
    }
    if (cells->unlabelled > 0) {
        mlp_log_note("%s: %zu rows without a label are left out",
                     cells->paths[0], cells->unlabelled);
    }
    if (cells->incomplete > 0) {
        mlp_log_note("%s: %zu rows with missing cells are left out",
                     cells->paths[0], cells->incomplete);
    }
}

/* ---- open -------------------------------------------------------------- */

/* Rows of the file at hand, encoded by the table's schema. */
static mlp_status finish_file(const reading *of, const mlp_schema *schema,
                              table_file *file)
{
    MLP_TRY(mlp_encoder_create(&file->cells, schema, &file->encoder));
    MLP_TRY(check_unseen(of, file));
    MLP_TRY(check_size(&file->cells, file->encoder.features));
    report_dropped(&file->cells);
    return MLP_OK;
}

static mlp_status choose_rows(const reading *of, table_source *table)
{
    const mlp_table_options *options = of->options;
    size_t rows = table->files[0].cells.rows;
    bool is_unsplit = options->schema != NULL &&
                      (options->test_fraction == 0 || !of->needs_label);
    return is_unsplit ? mlp_table_split_none(rows, &table->split)
                      : mlp_table_split_random(rows, options->test_fraction,
                                               options->seed, &table->split);
}

/* A new schema: choose rows, then fit it to the training rows. */
static mlp_status fit_main(const reading *of, table_source *table,
                           mlp_source_info *info)
{
    const mlp_cells *cells = &table->files[0].cells;
    MLP_TRY(check_size(cells, 1));
    MLP_TRY(choose_rows(of, table));
    size_t rows = table->split.count[MLP_SPLIT_TRAIN];
    bool is_regression =
        mlp_table_is_regression(cells, of->options->task, &info->task_reason);
    return mlp_table_fit(
        cells, of->options, is_regression, table->split.rows[MLP_SPLIT_TRAIN],
        rows - mlp_held_rows(of->options->held, rows), &table->schema);
}

static mlp_status open_main(const char *path, const reading *of,
                            table_source *table, mlp_source_info *info)
{
    table_file *file = &table->files[MLP_SPLIT_TRAIN];
    MLP_TRY(read_file(of, path, &file->cells));
    if (of->schema == NULL) {
        MLP_TRY(fit_main(of, table, info));
        return finish_file(of, &table->schema, file);
    }
    MLP_TRY(mlp_schema_copy(of->schema, &table->schema));
    MLP_TRY(finish_file(of, &table->schema, file));
    return choose_rows(of, table);
}

/* All rows of a file of its own are test rows. */
static mlp_status open_test(const mlp_table_options *options,
                            table_source *table)
{
    const reading of = {options, &table->schema, true};
    table_file *file = &table->files[MLP_SPLIT_TEST];
    MLP_TRY(read_file(&of, options->test_data, &file->cells));
    MLP_TRY(finish_file(&of, &table->schema, file));
    mlp_table_split all = {0};
    mlp_status status = mlp_table_split_none(file->cells.rows, &all);
    free(table->split.rows[MLP_SPLIT_TEST]);
    table->split.rows[MLP_SPLIT_TEST] = all.rows[MLP_SPLIT_TEST];
    table->split.count[MLP_SPLIT_TEST] = all.count[MLP_SPLIT_TEST];
    all.rows[MLP_SPLIT_TEST] = NULL;
    mlp_table_split_destroy(&all);
    table->from[MLP_SPLIT_TEST] = file;
    return status;
}

/* ---- operations -------------------------------------------------------- */

static void read_rows(const table_source *table, mlp_split split, size_t first,
                      size_t rows, const mlp_table_rows *to)
{
    const uint32_t *numbers = table->split.rows[split] + first;
    for (size_t r = 0; r < rows; r++) {
        mlp_encode_row(&table->from[split]->encoder, numbers[r], to, r);
    }
}

static mlp_status read_table(void *state, mlp_split split, size_t first,
                             size_t rows, void *values, uint16_t *labels)
{
    const table_source *table = state;
    const mlp_table_rows to = {
        values, table->schema.is_regression ? NULL : labels, NULL};
    if (table->schema.is_regression && labels != NULL) {
        memset(labels, 0, rows * sizeof *labels);
    }
    read_rows(table, split, first, rows, &to);
    return MLP_OK;
}

static mlp_status read_targets(void *state, mlp_split split, size_t first,
                               size_t rows, float *targets)
{
    read_rows(state, split, first, rows, &(mlp_table_rows){.targets = targets});
    return MLP_OK;
}

static void release_table(void *state)
{
    table_source *table = state;
    for (size_t split = 0; split < MLP_SPLITS; split++) {
        mlp_encoder_destroy(&table->files[split].encoder);
        mlp_cells_destroy(&table->files[split].cells);
    }
    mlp_table_split_destroy(&table->split);
}

static void close_table(void *state)
{
    table_source *table = state;
    release_table(table);
    mlp_schema_destroy(&table->schema);
    free(table);
}

static void describe(const table_source *table, mlp_source_info *info)
{
    for (size_t split = 0; split < MLP_SPLITS; split++) {
        info->rows[split] = table->split.count[split];
    }
    info->schema = &table->schema;
    info->class_names = mlp_schema_classes(&table->schema);
    info->features = mlp_schema_features(&table->schema);
    info->height = 1;
    info->width = info->features;
    info->element = MLP_ELEMENT_F32;
    info->is_table = true;
}

mlp_status mlp_source_table_open(const char *path,
                                 const mlp_table_options *options,
                                 mlp_source *source)
{
    static const mlp_source_ops ops = {.read = read_table,
                                       .close = close_table,
                                       .release = release_table,
                                       .read_targets = read_targets};
    if (options->schema != NULL && options->schema->count == 0) {
        return mlp_fail(MLP_ERROR_DATA,
                        "%s: is a table, but the model was not trained on one",
                        path);
    }
    table_source *table = calloc(1, sizeof *table);
    if (table == NULL) {
        return mlp_fail_memory("a data source");
    }
    source->ops = &ops;
    source->state = table;
    source->info.has_labels |=
        options->splits_again && options->test_fraction > 0;
    bool needs_label = source->info.has_labels || options->schema == NULL;
    const reading of = {options, options->schema, needs_label};
    table->from[MLP_SPLIT_TRAIN] = table->from[MLP_SPLIT_TEST] =
        &table->files[MLP_SPLIT_TRAIN];
    MLP_TRY(open_main(path, &of, table, &source->info));
    if (options->test_data[0] != '\0' && options->schema == NULL) {
        MLP_TRY(open_test(options, table));
    }
    describe(table, &source->info);
    return MLP_OK;
}
