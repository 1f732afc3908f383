/** @file
 *  A source that is a table: its files become typed cells, some of the rows
 *  training rows, a schema is fitted to these or given, and rows are encoded by
 *  it when they are read.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "cells.h"
#include "joint.h"
#include "kinds.h"
#include "parts.h"
#include "table_encode.h"
#include "table_files.h"
#include "table_fit.h"

/* Memory per byte of the file, and an amount that is always allowed: with many
 * categories a small file could need huge memory. */
enum { EXPANSION_MOST = 1024, ALWAYS_ALLOWED = 64 << 20 };

typedef struct {
    mlp_cells cells;
    mlp_encoder encoder;
} table_file;

typedef struct {
    mlp_schema schema;
    table_file files[MLP_SPLITS]; /* the first has all rows that no file of
                                     test or validation rows has */
} table_source;

/* ---- valid rows -------------------------------------------------------- */

/* Refuse or leave out rows with a text that is no category. */
static mlp_status check_unseen(const mlp_table_reading *of, table_file *file)
{
    mlp_cells *cells = &file->cells;
    if (file->encoder.strict_count == 0) { /* as on all ranks */
        return MLP_OK;
    }
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
                cells->first_bad_section =
                    mlp_cells_row(cells, row)[MLP_CELLS_SECTION];
                snprintf(cells->first_bad, sizeof cells->first_bad, "%s",
                         mlp_failure());
            }
            status = MLP_OK;
        }
    }
    status = mlp_joint_agree(of->options->comm, status);
    if (status == MLP_OK) {
        status = mlp_cells_keep(cells, keeps);
    }
    free(keeps);
    return status;
}

static mlp_status check_size(const mlp_cells *cells, size_t features)
{
    size_t bytes;
    if (cells->total == 0 || features == 0 || cells->total > UINT32_MAX) {
        return mlp_fail(MLP_ERROR_DATA,
                        "%s: expected rows and features, found %zu rows of "
                        "%zu features",
                        cells->name, cells->total, features);
    }
    if (__builtin_mul_overflow(cells->total, features * sizeof(float),
                               &bytes) ||
        bytes / EXPANSION_MOST > cells->stored + ALWAYS_ALLOWED) {
        return mlp_fail(MLP_ERROR_DATA,
                        "%s: %zu rows of %zu features are out of proportion "
                        "to the file: too many categories",
                        cells->name, cells->total, features);
    }
    return MLP_OK;
}

static void report_dropped(const mlp_cells *cells)
{
    if (cells->dropped > 0) {
        mlp_log_note("%s: %zu of %zu rows are dropped, the first: %s",
                     cells->name, cells->dropped, cells->dropped + cells->total,
                     cells->first_bad);
    }
    if (cells->unlabelled > 0) {
        mlp_log_note("%s: %zu rows without a label are left out", cells->name,
                     cells->unlabelled);
    }
    if (cells->incomplete > 0) {
        mlp_log_note("%s: %zu rows with missing cells are left out",
                     cells->name, cells->incomplete);
    }
}

/* Count what the rows of a file lack, over all ranks, and say it. */
static mlp_status count_gaps(const table_file *file, mlp_table_counts *counts)
{
    const mlp_cells *cells = &file->cells;
    uint64_t gaps[2];
    mlp_encoder_count(&file->encoder, &gaps[0], &gaps[1]);
    MLP_TRY(mlp_joint_sum(cells->how.comm, gaps, 2));
    if (gaps[0] > 0) {
        mlp_log_note("%s: %" PRIu64 " missing cells are filled in", cells->name,
                     gaps[0]);
    }
    if (gaps[1] > 0) {
        mlp_log_note("%s: %" PRIu64
                     " texts are rare, or in no training row: no category of "
                     "their own",
                     cells->name, gaps[1]);
    }
    counts->rows_dropped += cells->dropped;
    counts->rows_unlabelled += cells->unlabelled;
    counts->rows_incomplete += cells->incomplete;
    counts->cells_missing += gaps[0];
    counts->texts_other += gaps[1];
    return MLP_OK;
}

/* ---- open -------------------------------------------------------------- */

/* Rows of the file at hand, encoded by the table's schema. */
static mlp_status finish_file(const mlp_table_reading *of,
                              const mlp_schema *schema, table_file *file,
                              mlp_table_counts *counts)
{
    mlp_status status =
        mlp_encoder_create(&file->cells, schema, &file->encoder);
    MLP_TRY(mlp_joint_agree(of->options->comm, status));
    MLP_TRY(check_unseen(of, file));
    MLP_TRY(mlp_cells_join_counts(&file->cells));
    MLP_TRY(check_size(&file->cells, file->encoder.features));
    report_dropped(&file->cells);
    return count_gaps(file, counts);
}

/* ---- splits ------------------------------------------------------------ */

/* Whether rows are held out: of a given schema, if those of training are to be
 * found again. */
static bool repeats_splits(const mlp_table_reading *of)
{
    return mlp_holdout_is_on(&of->options->holdout) && of->needs_label;
}

/* Words of all rows of the table, on all ranks.
 * @param words  must be freed by the caller, also after a failure. Collective.
 */
static mlp_status gather(const mlp_cells *cells, size_t place, size_t width,
                         uint32_t **words)
{
    *words = calloc(cells->total * width + 1, sizeof **words);
    mlp_status status =
        *words == NULL ? mlp_fail_memory("the choice of rows") : MLP_OK;
    MLP_TRY(mlp_joint_agree(cells->how.comm, status));
    return mlp_cells_gather(cells, place, width, *words);
}

/* Choose by what all ranks know of all rows. Collective. */
static mlp_status hold_out(const mlp_cells *cells, const mlp_holdout *how,
                           const char *name, mlp_split_rows *chosen)
{
    uint32_t *numbers = NULL, *classes = NULL, *keys = NULL;
    if (how->column[0] != '\0' && cells->key_place == SIZE_MAX) {
        return mlp_fail(MLP_ERROR_USAGE,
                        "--split: \"%.256s\" is no column of the table that "
                        "the network was trained on",
                        how->column);
    }
    size_t label = cells->columns[cells->how.label].code;
    mlp_status status = gather(cells, MLP_CELLS_INPUT, 1, &numbers);
    if (status == MLP_OK && how->kind == MLP_HOLDOUT_STRATIFIED) {
        status = gather(cells, label, 1, &classes);
    }
    if (status == MLP_OK && cells->key_place != SIZE_MAX) {
        status = gather(cells, cells->key_place, 2, &keys);
    }
    if (status == MLP_OK) {
        const mlp_holdout_facts facts = {name, cells->total, numbers, classes,
                                         keys};
        status = mlp_holdout_choose(how, &facts, chosen);
        status = mlp_joint_agree(cells->how.comm, status);
    }
    free(numbers);
    free(classes);
    free(keys);
    return status;
}

/* Choose the rows of each split among those of the main file. After
 * training all rows are for testing, unless training held out some. Collective.
 */
static mlp_status choose_rows(const mlp_table_reading *of, mlp_source *source,
                              mlp_split_rows *chosen)
{
    const table_source *table = source->state;
    const mlp_cells *cells = &table->files[MLP_SPLIT_TRAIN].cells;
    mlp_holdout how = of->options->holdout;
    bool repeats = repeats_splits(of);
    bool is_training = of->schema == NULL || of->options->is_training;
    bool tests_all =
        !is_training && !(repeats && (how.test > 0.0 || how.folds > 0));
    how.kind = source->info.holdout;
    mlp_status status =
        repeats ? hold_out(cells, &how, source->info.name, chosen)
                : mlp_holdout_all(cells->total, MLP_SPLIT_TRAIN, chosen);
    if (status == MLP_OK && tests_all) {
        status = mlp_holdout_all(cells->total, MLP_SPLIT_TEST, chosen);
    }
    if (status == MLP_OK && !is_training && !repeats) {
        status = mlp_holdout_all(cells->total, MLP_SPLIT_VALIDATION, chosen);
    }
    return mlp_joint_agree(of->options->comm, status);
}

static void set_parts(mlp_source *source, mlp_split_rows *chosen)
{
    for (size_t s = 0; s < MLP_SPLITS; s++) {
        mlp_source_set_part(source, (mlp_split)s, MLP_SPLIT_TRAIN, chosen,
                            (mlp_split)s);
    }
}

static mlp_status set_holdout(const mlp_table_reading *of, bool is_regression,
                              mlp_source_info *info)
{
    info->holdout =
        mlp_holdout_resolve(of->options->holdout.kind, is_regression);
    return info->holdout != MLP_HOLDOUT_STRATIFIED || !is_regression ||
                   !mlp_holdout_is_on(&of->options->holdout)
               ? MLP_OK
               : mlp_fail(MLP_ERROR_USAGE, "--split stratified is for classes, "
                                           "and the label is a number");
}

/* The rows of a given schema. */
static mlp_status split_rows(const mlp_table_reading *of, bool is_regression,
                             mlp_source *source)
{
    mlp_split_rows chosen = {0};
    MLP_TRY(set_holdout(of, is_regression, &source->info));
    mlp_status status = choose_rows(of, source, &chosen);
    if (status == MLP_OK) {
        set_parts(source, &chosen);
    }
    mlp_split_rows_destroy(&chosen);
    return status;
}

/* ---- files ------------------------------------------------------------- */

/* A new schema: choose rows, then fit it to the training rows. */
static mlp_status fit_main(const mlp_table_reading *of, mlp_source *source)
{
    table_source *table = source->state;
    const mlp_cells *cells = &table->files[MLP_SPLIT_TRAIN].cells;
    mlp_source_info *info = &source->info;
    mlp_split_rows chosen = {0};
    MLP_TRY(check_size(cells, 1));
    bool is_regression =
        mlp_table_is_regression(cells, of->options->task, &info->task_reason);
    MLP_TRY(set_holdout(of, is_regression, info));
    mlp_status status = choose_rows(of, source, &chosen);
    if (status == MLP_OK) {
        status = mlp_table_fit(cells, of->options, is_regression,
                               chosen.rows[MLP_SPLIT_TRAIN],
                               chosen.count[MLP_SPLIT_TRAIN], &table->schema);
        set_parts(source, &chosen);
    }
    mlp_split_rows_destroy(&chosen);
    return status;
}

/* The rows of a model's schema. */
static mlp_status match_main(const mlp_table_reading *of, mlp_source *source)
{
    table_source *table = source->state;
    mlp_status status = mlp_schema_copy(of->schema, &table->schema);
    MLP_TRY(mlp_joint_agree(of->options->comm, status));
    MLP_TRY(finish_file(of, &table->schema, &table->files[MLP_SPLIT_TRAIN],
                        &source->info.counts));
    return split_rows(of, of->schema->is_regression, source);
}

/* The column of the options becomes the label of a schema: one that it ignores,
 * else in the place of the one before. */
static mlp_status rename_label(const char *path,
                               const mlp_table_options *options,
                               mlp_schema *schema)
{
    size_t found = schema->label;
    for (size_t i = 0; i < schema->count; i++) {
        if (i != schema->label &&
            strcmp(schema->columns[i].name, options->label) == 0) {
            found = i;
        }
    }
    if (found != schema->label &&
        schema->columns[found].kind != MLP_COLUMN_IGNORED) {
        return mlp_fail(MLP_ERROR_USAGE,
                        "--label: \"%.100s\" of %s is a feature of the network",
                        options->label, path);
    }
    mlp_column *label = &schema->columns[found];
    schema->columns[schema->label].kind = MLP_COLUMN_IGNORED;
    mlp_names_destroy(&schema->columns[schema->label].categories);
    schema->label = found;
    label->kind = mlp_table_label_kind(options);
    free(label->name);
    label->name = strdup(options->label);
    return label->name != NULL ? MLP_OK
                               : mlp_fail_memory("the columns of a table");
}

static mlp_status copy_relabelled(const char *path, const mlp_table_reading *of,
                                  mlp_schema *schema)
{
    MLP_TRY(mlp_schema_copy(of->schema, schema));
    return rename_label(path, of->options, schema);
}

/* A schema's features with a label of their own. */
static mlp_status open_relabelled(const char *path, const mlp_table_reading *of,
                                  mlp_source *source)
{
    table_source *table = source->state;
    mlp_source_info *info = &source->info;
    table_file *file = &table->files[MLP_SPLIT_TRAIN];
    mlp_table_reading again = *of;
    again.schema = &table->schema;
    again.needs_label = true;
    mlp_status status = copy_relabelled(path, of, &table->schema);
    MLP_TRY(mlp_joint_agree(of->options->comm, status));
    MLP_TRY(mlp_table_read(&again, path, &file->cells));
    bool is_regression = mlp_table_is_regression(
        &file->cells, of->options->task, &info->task_reason);
    MLP_TRY(mlp_table_fit_label(&file->cells, of->options, is_regression,
                                &table->schema));
    MLP_TRY(finish_file(&again, &table->schema, file, &info->counts));
    return split_rows(&again, is_regression, source);
}

static mlp_status open_main(const char *path, const mlp_table_reading *of,
                            mlp_source *source)
{
    if (of->schema != NULL && of->options->has_new_label) {
        return open_relabelled(path, of, source);
    }
    table_source *table = source->state;
    table_file *file = &table->files[MLP_SPLIT_TRAIN];
    MLP_TRY(mlp_table_read(of, path, &file->cells));
    if (of->schema != NULL) {
        return match_main(of, source);
    }
    MLP_TRY(fit_main(of, source));
    return finish_file(of, &table->schema, file, &source->info.counts);
}

/* All rows of files of their own are of one split. */
static mlp_status open_other(const mlp_table_options *options, const char *path,
                             mlp_split split, mlp_source *source)
{
    table_source *table = source->state;
    const mlp_table_reading of = {
        .options = options, .schema = &table->schema, .needs_label = true};
    table_file *file = &table->files[split];
    mlp_split_rows all = {0};
    if (path[0] == '\0') {
        return MLP_OK;
    }
    MLP_TRY(mlp_table_read(&of, path, &file->cells));
    MLP_TRY(finish_file(&of, &table->schema, file, &source->info.counts));
    mlp_status status = mlp_holdout_all(file->cells.total, split, &all);
    status = mlp_joint_agree(options->comm, status);
    if (status == MLP_OK) {
        mlp_source_set_part(source, split, split, &all, split);
    }
    mlp_split_rows_destroy(&all);
    return status;
}

/* ---- operations -------------------------------------------------------- */

static void read_rows(const table_source *table, mlp_split file, size_t first,
                      size_t rows, const mlp_table_rows *to)
{
    const mlp_encoder *encoder = &table->files[file].encoder;
    size_t row = 0;
    for (size_t r = 0; r < rows; r++) {
        row = mlp_cells_find(encoder->cells, (uint32_t)(first + r), row + 1);
        mlp_encode_row(encoder, row, to, r);
    }
}

static mlp_status read_table(void *state, mlp_split file, size_t first,
                             size_t rows, void *values, uint16_t *labels)
{
    const table_source *table = state;
    const mlp_table_rows to = {.values = values,
                               .labels =
                                   table->schema.is_regression ? NULL : labels};
    if (table->schema.is_regression && labels != NULL) {
        memset(labels, 0, rows * sizeof *labels);
    }
    read_rows(table, file, first, rows, &to);
    return MLP_OK;
}

static mlp_status read_targets(void *state, mlp_split file, size_t first,
                               size_t rows, float *targets)
{
    read_rows(state, file, first, rows, &(mlp_table_rows){.targets = targets});
    return MLP_OK;
}

static mlp_status read_weights(void *state, mlp_split file, size_t first,
                               size_t rows, float *weights)
{
    read_rows(state, file, first, rows, &(mlp_table_rows){.weights = weights});
    return MLP_OK;
}

/* A bit for each row of a file that is wanted. */
static void want_rows(const mlp_source *source, mlp_split file,
                      const mlp_source_part *parts, size_t count,
                      uint64_t *wanted)
{
    for (size_t i = 0; i < count; i++) {
        const mlp_split_part in = mlp_source_part_of(source, parts[i].split);
        if (in.from != file) {
            continue;
        }
        for (size_t r = parts[i].first; r < parts[i].first + parts[i].rows;
             r++) {
            size_t row = in.rows != NULL ? in.rows[r] : in.first + r;
            wanted[row / 64] |= UINT64_C(1) << row % 64;
        }
    }
}

static mlp_status fetch_rows(mlp_source *source, const mlp_source_part *parts,
                             size_t count)
{
    table_source *table = source->state;
    for (size_t split = 0; split < MLP_SPLITS; split++) {
        table_file *file = &table->files[split];
        mlp_comm *comm = file->cells.how.comm;
        if (file->cells.columns == NULL || mlp_joint_size(comm) == 1) {
            continue;
        }
        uint64_t *wanted = calloc(file->cells.total / 64 + 1, sizeof *wanted);
        mlp_status status =
            wanted == NULL ? mlp_fail_memory("the rows of a table") : MLP_OK;
        status = mlp_comm_agree(comm, status);
        if (status == MLP_OK) {
            want_rows(source, (mlp_split)split, parts, count, wanted);
            status = mlp_cells_fetch(&file->cells, wanted);
        }
        free(wanted);
        MLP_TRY(status);
    }
    return MLP_OK;
}

static size_t number_of(const void *state, mlp_split file, size_t row)
{
    const table_source *table = state;
    const mlp_cells *cells = &table->files[file].cells;
    size_t here = mlp_cells_find(cells, (uint32_t)row, row);
    return mlp_cells_row(cells, here)[MLP_CELLS_INPUT];
}

static void release_table(void *state)
{
    table_source *table = state;
    for (size_t split = 0; split < MLP_SPLITS; split++) {
        mlp_encoder_destroy(&table->files[split].encoder);
        mlp_cells_destroy(&table->files[split].cells);
    }
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
    info->schema = &table->schema;
    info->class_names = mlp_schema_classes(&table->schema);
    info->features = mlp_schema_features(&table->schema);
    info->height = 1;
    info->width = info->features;
    info->element = MLP_ELEMENT_F32;
    info->is_table = true;
    info->is_joint = mlp_joint_size(table->files[0].cells.how.comm) > 1;
    info->has_weights =
        mlp_encoder_has_weights(&table->files[MLP_SPLIT_TRAIN].encoder);
}

mlp_status mlp_source_table_open(const char *path,
                                 const mlp_table_options *options,
                                 mlp_source *source)
{
    static const mlp_source_ops ops = {.read = read_table,
                                       .close = close_table,
                                       .release = release_table,
                                       .fetch = fetch_rows,
                                       .read_targets = read_targets,
                                       .read_weights = read_weights,
                                       .number = number_of};
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
    bool needs_label = source->info.has_labels || options->schema == NULL;
    mlp_table_reading of = {.options = options,
                            .schema = options->schema,
                            .needs_label = needs_label};
    of.key = repeats_splits(&of) ? options->holdout.column : NULL;
    MLP_TRY(open_main(path, &of, source));
    if (options->schema == NULL || options->is_training) {
        MLP_TRY(
            open_other(options, options->test_data, MLP_SPLIT_TEST, source));
        MLP_TRY(open_other(options, options->validation_data,
                           MLP_SPLIT_VALIDATION, source));
    }
    describe(table, &source->info);
    return MLP_OK;
}
