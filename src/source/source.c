/** @file
 *  Choosing the kind of a source, and what all kinds share.
 */
#include "source.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "config/fold.h"
#include "csv.h"
#include "idx_files.h"
#include "kinds.h"
#include "npy.h"
#include "parts.h"
#include "paths.h"
#include "system/files.h"

static const char digits[] = "digits";

size_t mlp_element_bytes(mlp_element element)
{
    return element == MLP_ELEMENT_U8 ? sizeof(unsigned char) : sizeof(float);
}

static int holds_idx_files(const char *directory)
{
    mlp_idx_files files;
    return mlp_idx_files_find(directory, &files) == MLP_OK;
}

const char *mlp_source_default(void)
{
    static const char here[] = "data/mnist";
    const char *wanted = getenv("MLP_DATA");
    if (wanted != NULL && wanted[0] != '\0') {
        return wanted;
    }
    return holds_idx_files(here) ? here : digits;
}

bool mlp_source_is_there(const char *spec)
{
    struct stat facts;
    return strcmp(spec, digits) == 0 || mlp_source_is_truth_table(spec) ||
           mlp_paths_is_list(spec) || strstr(spec, MLP_NPY_JOINT) != NULL ||
           stat(spec, &facts) == 0 ||
           (errno != ENOENT && errno != ENOTDIR); /* opening it says why not */
}

/* IDX begins with two zero bytes and a type, gzip with its own magic; HDF5 with
 * neither, even after a user block of zeros. */
static mlp_status has_idx_magic(const char *path, bool *is_idx)
{
    unsigned char first[3] = {0};
    size_t count;
    MLP_TRY(mlp_read_start(path, first, sizeof first, &count));
    bool is_gzip = first[0] == 0x1f && first[1] == 0x8b;
    bool is_plain = first[0] == 0 && first[1] == 0 && first[2] != 0;
    *is_idx = count == sizeof first && (is_gzip || is_plain);
    return MLP_OK;
}

/* Refuse options that apply to tables only. */
static mlp_status check_no_table(const char *name,
                                 const mlp_table_options *options)
{
    const char *asked =
        options == NULL                        ? NULL
        : options->label[0] != '\0'            ? "label"
        : options->columns[0] != '\0'          ? "columns"
        : options->weight[0] != '\0'           ? "weight"
        : options->ignore[0] != '\0'           ? "ignore"
        : options->categorical[0] != '\0'      ? "categorical"
        : options->task == MLP_TASK_REGRESSION ? "task regression"
        : options->holdout.test > 0            ? "test-fraction"
        : options->test_data[0] != '\0'        ? "test-data"
        : options->validation_data[0] != '\0'  ? "validation-data"
                                               : NULL;
    if (asked == NULL || options->schema != NULL) {
        return MLP_OK;
    }
    return mlp_fail(
        MLP_ERROR_USAGE,
        "--%s requires a table, a file NAME.csv or NAME.tsv, not %s", asked,
        name);
}

static mlp_status open_table(const char *path, const mlp_table_options *options,
                             mlp_source *source)
{
    if (options == NULL) {
        return mlp_fail(MLP_ERROR_DATA, "%s: a table is not expected here",
                        path);
    }
    return mlp_source_table_open(path, options, source);
}

static mlp_status open_file(const char *path, const mlp_table_options *options,
                            mlp_source *source)
{
    if (mlp_csv_has_name(path) || mlp_npy_has_name(path)) {
        return open_table(path, options, source);
    }
    bool is_idx = false;
    MLP_TRY(check_no_table(path, options));
    if (!source->info.has_labels || source->may_lack_labels) {
        MLP_TRY(has_idx_magic(path, &is_idx));
    }
    return is_idx ? mlp_source_idx_open_file(path, source)
                  : mlp_source_hdf5_open(path, source);
}

static mlp_status open_path(const char *path, const mlp_table_options *options,
                            mlp_source *source)
{
    struct stat facts;
    if (stat(path, &facts) != 0) {
        return mlp_fail_open(path);
    }
    snprintf(source->info.name, sizeof source->info.name, "%s", path);
    if (S_ISDIR(facts.st_mode)) {
        MLP_TRY(check_no_table(path, options));
        return mlp_source_idx_open(path, source);
    }
    if (S_ISREG(facts.st_mode)) {
        return open_file(path, options, source);
    }
    return mlp_fail(MLP_ERROR_DATA,
                    "%s: expected a directory or a regular file, found a pipe "
                    "or device",
                    path);
}

static mlp_status open_spec(const char *spec, const mlp_table_options *options,
                            mlp_source *source)
{
    if (strcmp(spec, digits) == 0) {
        snprintf(source->info.name, sizeof source->info.name,
                 "digits (built in)");
        MLP_TRY(check_no_table(source->info.name, options));
        return mlp_source_digits_open(source);
    }
    if (mlp_source_is_truth_table(spec)) {
        snprintf(source->info.name, sizeof source->info.name, "%s (built in)",
                 spec);
        MLP_TRY(check_no_table(source->info.name, options));
        return mlp_source_truth_open(spec, source);
    }
    if (strcmp(spec, MLP_CSV_INPUT) == 0) {
        snprintf(source->info.name, sizeof source->info.name, "standard input");
        return open_table(spec, options, source);
    }
    if (mlp_paths_is_list(spec)) {
        snprintf(source->info.name, sizeof source->info.name, "%s", spec);
        return open_table(spec, options, source);
    }
    return open_path(spec, options, source);
}

static mlp_status open_source(const char *spec, bool has_labels,
                              const mlp_table_options *options,
                              mlp_source **source)
{
    *source = calloc(1, sizeof **source);
    if (*source == NULL) {
        return mlp_fail_memory("a data source");
    }
    bool splits = options != NULL && (has_labels || options->splits_again);
    (*source)->info.has_labels =
        has_labels || (splits && mlp_holdout_is_on(&options->holdout));
    (*source)->may_lack_labels = !has_labels;
    mlp_status status = open_spec(spec[0] != '\0' ? spec : mlp_source_default(),
                                  options, *source);
    if (status == MLP_OK && splits && !(*source)->info.is_table) {
        status = mlp_source_hold_out(*source, &options->holdout);
    }
    if (status != MLP_OK) {
        mlp_source_close(source);
    }
    return status;
}

mlp_status mlp_source_open(const char *spec, mlp_source **source)
{
    return open_source(spec, true, NULL, source);
}

mlp_status mlp_source_open_images(const char *spec, mlp_source **source)
{
    return open_source(spec, false, NULL, source);
}

static mlp_holdout holdout_of(const mlp_config *config)
{
    mlp_holdout holdout = {.test = config->test_fraction,
                           .validation = config->validation};
    holdout.kind = mlp_config_holdout(config, &holdout.column);
    holdout.seed =
        holdout.kind == MLP_HOLDOUT_SEED ? config->seed : config->split_seed;
    (void)mlp_config_fold(config, &holdout.fold, &holdout.folds);
    return holdout;
}

mlp_table_options mlp_table_options_of(const mlp_config *config)
{
    return (mlp_table_options){
        .label = config->label,
        .columns = config->columns,
        .weight = config->weight,
        .ignore = config->ignore,
        .categorical = config->categorical,
        .task = config->task,
        .is_never_negative = config->task != MLP_TASK_CLASSIFICATION &&
                             (mlp_output_is_positive(config->output) ||
                              config->loss == MLP_LOSS_POISSON),
        .drops_bad = config->bad_rows == MLP_BAD_ROWS_DROP,
        .holdout = holdout_of(config),
        .test_data = config->test_data,
        .validation_data = config->validation_data,
        .missing = config->missing,
        .na = config->na,
        .unseen = config->unseen,
        .rare = config->rare,
        .has_pairs = config->scaling == MLP_SCALING_ROBUST,
        .threads = config->threads,
        .is_large = config->memory_limit > 0};
}

mlp_status mlp_source_open_table(const char *spec,
                                 const mlp_table_options *options,
                                 bool has_labels, mlp_source **source)
{
    return open_source(spec, has_labels, options, source);
}

static void free_parts(mlp_source *source)
{
    for (size_t split = 0; split < MLP_SPLITS; split++) {
        free(source->parts[split].rows);
        source->parts[split].rows = NULL;
    }
}

void mlp_source_close(mlp_source **source)
{
    if (*source != NULL) {
        if ((*source)->state != NULL) {
            (*source)->ops->close((*source)->state);
        }
        free_parts(*source);
        free(*source);
        *source = NULL;
    }
}

mlp_status mlp_source_fetch(mlp_source *source, const mlp_source_part *parts,
                            size_t count)
{
    return source->ops->fetch == NULL
               ? MLP_OK
               : source->ops->fetch(source, parts, count);
}

void mlp_source_release(mlp_source *source)
{
    if (source->ops->release != NULL) {
        source->ops->release(source->state);
    }
    free_parts(source);
}

const mlp_source_info *mlp_source_facts(const mlp_source *source)
{
    return &source->info;
}

mlp_status mlp_source_read(mlp_source *source, mlp_split split, size_t first,
                           size_t rows, void *values, uint16_t *labels)
{
    assert(first <= source->info.rows[split]);
    assert(rows <= source->info.rows[split] - first);
    if (!source->info.has_labels && labels != NULL) {
        memset(labels, 0, rows * sizeof *labels);
        labels = NULL;
    }
    return mlp_source_read_part(
        source, split, (mlp_range){first, rows},
        &(mlp_row_arrays){.values = values, .labels = labels});
}

bool mlp_source_locate(mlp_source *source, mlp_split split,
                       mlp_source_place *place)
{
    const mlp_split_part part = mlp_source_part_of(source, split);
    *place = (mlp_source_place){.chunk_rows = 1};
    bool is_stored = source->info.rows[split] > 0 &&
                     source->ops->locate != NULL &&
                     source->ops->locate(source->state, part.from, place);
    place->first = part.first;
    if (part.rows != NULL) {
        place->rows = is_stored ? part.rows : NULL;
    } else {
        place->offset += part.first * source->info.features *
                         mlp_element_bytes(source->info.element);
    }
    return is_stored;
}

mlp_status mlp_source_read_targets(mlp_source *source, mlp_split split,
                                   size_t first, size_t rows, float *targets)
{
    assert(source->ops->read_targets != NULL);
    return mlp_source_read_part(source, split, (mlp_range){first, rows},
                                &(mlp_row_arrays){.targets = targets});
}

mlp_status mlp_source_read_weights(mlp_source *source, mlp_split split,
                                   size_t first, size_t rows, float *weights)
{
    assert(source->ops->read_weights != NULL);
    return mlp_source_read_part(source, split, (mlp_range){first, rows},
                                &(mlp_row_arrays){.weights = weights});
}
