/** @file
 *  A source that is a table in a CSV file: the schema is made from the training
 *  file, or given; the test rows are a fraction of the file, or in another
 *  file.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/log.h"
#include "kinds.h"
#include "system/files.h"
#include "table_file.h"

/* Memory per byte of the file, and an amount that is always allowed: with many
 * categories a small file could need huge memory. */
enum { EXPANSION_MOST = 1024, ALWAYS_ALLOWED = 64 << 20 };

typedef struct {
    mlp_schema schema;
    mlp_table_file files[MLP_SPLITS]; /* the second only if has_test */
    bool has_test;                    /* test rows in a file of their own */
    bool is_unsplit;                  /* both splits are all rows of the file */
} table_source;

/* ---- the schema of a training file ------------------------------------- */

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

/* Check that every name of a list is that of a column. */
static mlp_status check_list(const mlp_table_file *table, const char *option,
                             const char *list)
{
    for (const char *at = list; *at != '\0';) {
        char name[MLP_NAME_BYTES_MOST + 1];
        size_t item = strcspn(at, ",");
        bool is_there = false;
        snprintf(name, sizeof name, "%.*s", (int)item, at);
        for (size_t i = 0; i < table->header && !is_there; i++) {
            is_there = strcmp(mlp_csv_field(&table->csv, i), name) == 0;
        }
        if (!is_there) {
            return mlp_fail(MLP_ERROR_USAGE, "--%s: %s has no column \"%s\"",
                            option, table->csv.path, name);
        }
        at += item;
        at += *at == ',';
    }
    return MLP_OK;
}

static mlp_column_kind first_kind(const mlp_table_options *options,
                                  const char *name)
{
    if (strcmp(name, options->label) == 0) {
        return options->is_regression ? MLP_COLUMN_NUMBER : MLP_COLUMN_TEXT;
    }
    return is_listed(options->ignore, name)        ? MLP_COLUMN_IGNORED
           : is_listed(options->categorical, name) ? MLP_COLUMN_TEXT
                                                   : MLP_COLUMN_UNKNOWN;
}

/* Make columns with the names in the header, which was just read. */
static mlp_status name_columns(const mlp_table_file *table,
                               const mlp_table_options *options,
                               mlp_schema *schema)
{
    schema->is_regression = options->is_regression;
    schema->columns = calloc(table->header, sizeof *schema->columns);
    if (schema->columns == NULL) {
        return mlp_fail_memory("the columns of a table");
    }
    for (size_t i = 0; i < table->header; i++) {
        const char *name = mlp_csv_field(&table->csv, i);
        if (strlen(name) > MLP_NAME_BYTES_MOST) {
            return mlp_fail(MLP_ERROR_DATA,
                            "%s:1: the name of column %zu is longer than %d "
                            "bytes",
                            table->csv.path, i + 1, MLP_NAME_BYTES_MOST);
        }
        schema->count = i + 1;
        schema->columns[i].kind = first_kind(options, name);
        schema->columns[i].name = strdup(name);
        if (schema->columns[i].name == NULL) {
            return mlp_fail_memory("the columns of a table");
        }
        if (strcmp(name, options->label) == 0) {
            schema->label = i;
        }
    }
    return MLP_OK;
}

/* A column's kind is that of its first nonempty cell.
 * @param expected  what an invalid cell should be; *cell is then its index */
static void find_kinds(mlp_table_file *table, mlp_schema *schema, size_t *cell,
                       const char **expected)
{
    for (size_t i = 0; i < schema->count; i++) {
        mlp_column *column = &schema->columns[i];
        const char *text = mlp_csv_field(&table->csv, i);
        float number;
        bool is_number = mlp_table_number(table, text, &number);
        if (column->kind == MLP_COLUMN_UNKNOWN && *text != '\0') {
            column->kind = is_number ? MLP_COLUMN_NUMBER : MLP_COLUMN_TEXT;
        }
        const char *lacks = NULL;
        if (column->kind == MLP_COLUMN_NUMBER) {
            lacks =
                mlp_table_read_number(table, i == schema->label, text, &number);
        } else if (column->kind != MLP_COLUMN_IGNORED && *text == '\0') {
            lacks = column->kind == MLP_COLUMN_TEXT ? "a text" : "something";
        }
        if (lacks != NULL && *expected == NULL) {
            *cell = i;
            *expected = lacks;
        }
    }
}

/* The texts of a valid record are categories. */
static mlp_status add_categories(const mlp_table_file *table,
                                 mlp_schema *schema, size_t *names)
{
    for (size_t i = 0; i < schema->count; i++) {
        mlp_column *column = &schema->columns[i];
        if (column->kind != MLP_COLUMN_TEXT) {
            continue;
        }
        size_t before = column->categories.count;
        size_t most =
            i == schema->label ? MLP_CLASSES_MOST : MLP_CATEGORIES_MOST;
        mlp_status status = mlp_names_add(&column->categories,
                                          mlp_csv_field(&table->csv, i), most);
        *names += column->categories.count - before;
        if (status == MLP_OK && *names > MLP_TABLE_FEATURES) {
            status = mlp_fail(MLP_ERROR_DATA,
                              "brings the categories of all columns above %d",
                              MLP_TABLE_FEATURES);
        }
        if (status != MLP_OK) {
            return mlp_fail(status, "%s:%zu: column %zu (%.100s): %s",
                            table->csv.path, table->csv.record_line, i + 1,
                            column->name, mlp_failure());
        }
    }
    return MLP_OK;
}

static mlp_status fit_records(mlp_table_file *table, mlp_schema *schema)
{
    size_t names = 0;
    for (;;) {
        bool is_there;
        size_t cell = SIZE_MAX;
        const char *expected = NULL;
        MLP_TRY(mlp_table_file_mark(table));
        MLP_TRY(mlp_csv_next(&table->csv, &is_there));
        if (!is_there) {
            return MLP_OK;
        }
        bool is_whole = table->csv.fields == table->header;
        if (is_whole) {
            find_kinds(table, schema, &cell, &expected);
        }
        if (!is_whole || expected != NULL) {
            MLP_TRY(mlp_table_file_reject(table, cell, expected));
            continue;
        }
        MLP_TRY(add_categories(table, schema, &names));
        table->rows++;
    }
}

static mlp_status fit_schema(mlp_table_file *table,
                             const mlp_table_options *options,
                             mlp_schema *schema)
{
    if (options->label[0] == '\0') {
        return mlp_fail(MLP_ERROR_USAGE,
                        "--label COLUMN is missing: which of the columns of %s "
                        "is to be predicted?",
                        table->csv.path);
    }
    MLP_TRY(check_list(table, "label", options->label));
    MLP_TRY(check_list(table, "ignore", options->ignore));
    MLP_TRY(check_list(table, "categorical", options->categorical));
    MLP_TRY(name_columns(table, options, schema));
    MLP_TRY(mlp_table_file_bind(table, schema));
    return fit_records(table, schema);
}

/* ---- open -------------------------------------------------------------- */

static mlp_status check_size(const mlp_table_file *table,
                             const mlp_schema *schema)
{
    struct stat facts;
    size_t bytes;
    size_t features = mlp_schema_features(schema);
    if (table->rows == 0 || features == 0) {
        return mlp_fail(MLP_ERROR_DATA,
                        "%s: expected rows and features, found %zu rows of "
                        "%zu features",
                        table->csv.path, table->rows, features);
    }
    if (stat(table->csv.path, &facts) != 0) {
        return mlp_fail_read(table->csv.path);
    }
    if (__builtin_mul_overflow(table->rows, features * sizeof(float), &bytes) ||
        bytes > (size_t)facts.st_size * EXPANSION_MOST + ALWAYS_ALLOWED) {
        return mlp_fail(MLP_ERROR_DATA,
                        "%s: %zu rows of %zu features are out of proportion "
                        "to the file: too many categories",
                        table->csv.path, table->rows, features);
    }
    return MLP_OK;
}

static void report_dropped(const mlp_table_file *table)
{
    if (table->dropped > 0) {
        mlp_log_note("%s: %zu of %zu rows are dropped, the first: line %s",
                     table->csv.path, table->dropped,
                     table->dropped + table->rows, table->first_bad);
    }
}

static mlp_status open_main(const char *path, bool needs_label,
                            const mlp_table_options *options,
                            table_source *table)
{
    mlp_table_file *file = &table->files[MLP_SPLIT_TRAIN];
    MLP_TRY(
        mlp_table_file_open(path, NULL, needs_label, options->drops_bad, file));
    file->is_never_negative = options->is_never_negative;
    if (options->schema == NULL) {
        MLP_TRY(fit_schema(file, options, &table->schema));
    } else {
        /* The header is still the reader's last record. */
        MLP_TRY(mlp_schema_copy(options->schema, &table->schema));
        MLP_TRY(mlp_table_file_bind(file, &table->schema));
        MLP_TRY(mlp_table_file_scan(file));
    }
    MLP_TRY(check_size(file, &table->schema));
    report_dropped(file);
    table->is_unsplit = options->schema != NULL &&
                        (options->test_fraction == 0 || !needs_label);
    return table->is_unsplit ? MLP_OK
                             : mlp_table_file_split(
                                   file, options->test_fraction, options->seed);
}

static mlp_status open_test(const mlp_table_options *options,
                            table_source *table)
{
    mlp_table_file *file = &table->files[MLP_SPLIT_TEST];
    table->has_test = true;
    MLP_TRY(mlp_table_file_open(options->test_data, &table->schema, true,
                                options->drops_bad, file));
    file->is_never_negative = options->is_never_negative;
    MLP_TRY(mlp_table_file_scan(file));
    MLP_TRY(check_size(file, &table->schema));
    report_dropped(file);
    return MLP_OK;
}

static void count_rows(const table_source *table, size_t *rows)
{
    const mlp_table_file *file = &table->files[MLP_SPLIT_TRAIN];
    if (table->is_unsplit) {
        rows[MLP_SPLIT_TRAIN] = rows[MLP_SPLIT_TEST] = file->rows;
        return;
    }
    rows[MLP_SPLIT_TRAIN] = file->rows - file->test_rows;
    rows[MLP_SPLIT_TEST] =
        table->has_test ? table->files[MLP_SPLIT_TEST].rows : file->test_rows;
}

/* ---- operations -------------------------------------------------------- */

static mlp_status read_rows(table_source *table, mlp_split split, size_t first,
                            size_t rows, const mlp_table_rows *to)
{
    bool is_test = split == MLP_SPLIT_TEST;
    if (is_test && table->has_test) {
        return mlp_table_file_read(&table->files[split], false, first, rows,
                                   to);
    }
    return mlp_table_file_read(&table->files[MLP_SPLIT_TRAIN],
                               is_test && !table->is_unsplit, first, rows, to);
}

static mlp_status read_table(void *state, mlp_split split, size_t first,
                             size_t rows, void *values, uint16_t *labels)
{
    table_source *table = state;
    const mlp_table_rows to = {
        values, table->schema.is_regression ? NULL : labels, NULL};
    if (table->schema.is_regression && labels != NULL) {
        memset(labels, 0, rows * sizeof *labels);
    }
    return read_rows(table, split, first, rows, &to);
}

static mlp_status read_targets(void *state, mlp_split split, size_t first,
                               size_t rows, float *targets)
{
    mlp_table_rows to = {NULL, NULL, NULL};
    to.targets = targets;
    return read_rows(state, split, first, rows, &to);
}

static void close_table(void *state)
{
    table_source *table = state;
    for (size_t split = 0; split < MLP_SPLITS; split++) {
        mlp_table_file_close(&table->files[split]);
    }
    mlp_schema_destroy(&table->schema);
    free(table);
}

mlp_status mlp_source_table_open(const char *path,
                                 const mlp_table_options *options,
                                 mlp_source *source)
{
    static const mlp_source_ops ops = {
        .read = read_table, .close = close_table, .read_targets = read_targets};
    if (options->schema != NULL && options->schema->count == 0) {
        return mlp_fail(MLP_ERROR_DATA,
                        "%s: is a table, and the model was trained on none",
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
    MLP_TRY(open_main(path, source->info.has_labels, options, table));
    if (options->test_data[0] != '\0' && !table->is_unsplit) {
        MLP_TRY(open_test(options, table));
    }
    count_rows(table, source->info.rows);
    source->info.schema = &table->schema;
    source->info.class_names = mlp_schema_classes(&table->schema);
    source->info.features = mlp_schema_features(&table->schema);
    source->info.height = 1;
    source->info.width = source->info.features;
    source->info.element = MLP_ELEMENT_F32;
    return MLP_OK;
}
