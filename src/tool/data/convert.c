/** @file
 *  mlp data convert and split: any --data of mlp_train as an HDF5 data set,
 *  with its own splits or with new ones.
 */
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "data.h"

/* All rows of a source, by split; nothing for an empty split. */
typedef struct {
    mlp_source *source;
    mlp_dataset parts[MLP_SPLITS];
    /* With new splits, training rows first: */
    unsigned char *values; /* [rows, row_bytes] */
    uint16_t *labels;      /* [rows] */
} rows_of;

static mlp_status load(const mlp_tool_options *options, rows_of *all)
{
    const mlp_table_options table = {
        .weight = "",
        .label = options->label != NULL ? options->label : "",
        .ignore = options->config.ignore,
        .categorical = options->config.categorical,
        .columns = options->config.columns,
        .holdout = {.column = ""},
        .test_data = "",
        .validation_data = "",
        .task = options->config.task,
        .missing = MLP_MISSING_ERROR,
        .na = options->config.na,
        .unseen = MLP_UNSEEN_ALL,
        .drops_bad = options->bad_rows == MLP_BAD_ROWS_DROP};
    MLP_TRY(mlp_source_open_table(options->operands[1], &table, true,
                                  &all->source));
    const mlp_source_info *info = mlp_source_facts(all->source);
    for (size_t s = 0; s < MLP_SPLITS; s++) {
        mlp_range rows = {0, info->rows[s]};
        if (rows.count > 0) {
            MLP_TRY(mlp_dataset_load(all->source, (mlp_split)s, rows,
                                     &all->parts[s]));
        }
    }
    return MLP_OK;
}

static void drop(rows_of *all)
{
    for (size_t split = 0; split < MLP_SPLITS; split++) {
        mlp_dataset_destroy(&all->parts[split]);
    }
    mlp_source_close(&all->source);
    free(all->values);
    free(all->labels);
}

/* The shape of the source's rows; the rows are added later. */
static mlp_data_set form_of(const mlp_source_info *info)
{
    mlp_data_set set = {.element = info->element,
                        .rank = 1,
                        .dims = {info->features},
                        .class_names = info->class_names};
    if (info->height > 1) {
        size_t channels = info->channels > 1 ? info->channels : 1;
        set.rank = channels > 1 ? 3 : 2;
        set.dims[0] = info->height;
        set.dims[1] = info->width / channels;
        set.dims[2] = channels;
    }
    return set;
}

static mlp_status write_set(const mlp_tool_options *options,
                            mlp_tool_output *output,
                            const mlp_source_info *info,
                            const mlp_data_set *set)
{
    MLP_TRY(mlp_data_write(set, options->output));
    fprintf(output->file,
            "%s: %zu training and %zu test rows of %zu features\n",
            options->output, set->rows[MLP_SPLIT_TRAIN],
            set->rows[MLP_SPLIT_TEST], info->features);
    return MLP_OK;
}

/* ---- convert ----------------------------------------------------------- */

static mlp_status convert(const mlp_tool_options *options,
                          mlp_tool_output *output, rows_of *all)
{
    MLP_TRY(load(options, all));
    mlp_data_set set = form_of(mlp_source_facts(all->source));
    for (size_t split = 0; split < MLP_SPLITS; split++) {
        set.rows[split] = all->parts[split].range.count;
        set.values[split] = all->parts[split].values;
        set.labels[split] = all->parts[split].labels;
    }
    return write_set(options, output, mlp_source_facts(all->source), &set);
}

/* ---- split ------------------------------------------------------------- */

/* Rows per class, and how many of them are training rows. */
typedef struct {
    size_t rows, quota, taken;
} class_count;

/* Row i of training and test rows together. */
static const mlp_dataset *part_of(const rows_of *all, size_t *i)
{
    const mlp_dataset *train = &all->parts[MLP_SPLIT_TRAIN];
    if (*i < train->range.count) {
        return train;
    }
    *i -= train->range.count;
    return &all->parts[MLP_SPLIT_TEST];
}

static uint16_t label_of(const rows_of *all, size_t i)
{
    const mlp_dataset *part = part_of(all, &i);
    return part->labels[i];
}

static void copy_row(rows_of *all, size_t from, size_t to, size_t row_bytes)
{
    const mlp_dataset *part = part_of(all, &from);
    memcpy(all->values + to * row_bytes,
           (const unsigned char *)part->values + from * row_bytes, row_bytes);
    all->labels[to] = part->labels[from];
}

/* @return total training rows */
static size_t set_quotas(const rows_of *all, size_t rows, double test_fraction,
                         class_count *classes)
{
    size_t train = 0;
    for (size_t i = 0; i < rows; i++) {
        classes[label_of(all, i)].rows++;
    }
    for (size_t k = 0; k < MLP_CLASSES_MOST; k++) {
        size_t test = (size_t)(test_fraction * (double)classes[k].rows + 0.5);
        classes[k].quota = classes[k].rows - test;
        train += classes[k].quota;
    }
    return train;
}

/* Assign rows in a random order: the first ones of each class are training
 * rows. */
static void assign_splits(rows_of *all, const uint32_t *order, size_t rows,
                          class_count *classes, size_t train, size_t row_bytes)
{
    size_t next[MLP_SPLITS] = {0, train};
    for (size_t i = 0; i < rows; i++) {
        class_count *own = &classes[label_of(all, order[i])];
        mlp_split split =
            own->taken++ < own->quota ? MLP_SPLIT_TRAIN : MLP_SPLIT_TEST;
        copy_row(all, order[i], next[split]++, row_bytes);
    }
}

/* @param order    [rows], overwritten
 * @param classes  [MLP_CLASSES_MOST], zeros */
static mlp_status split_rows(const mlp_tool_options *options,
                             mlp_tool_output *output, rows_of *all,
                             uint32_t *order, class_count *classes)
{
    const mlp_source_info *info = mlp_source_facts(all->source);
    size_t rows = info->rows[MLP_SPLIT_TRAIN] + info->rows[MLP_SPLIT_TEST];
    size_t row_bytes = info->features * mlp_element_bytes(info->element);
    const mlp_rng_key key = {options->seed, MLP_RNG_SPLIT, 0};
    size_t train = set_quotas(all, rows, options->test_fraction, classes);
    if (train == 0) {
        return mlp_fail(MLP_ERROR_DATA,
                        "%s: has %zu rows, and with --test-fraction %g none is "
                        "left for training",
                        info->name, rows, options->test_fraction);
    }
    mlp_rng_permutation(key, 0, rows, order);
    assign_splits(all, order, rows, classes, train, row_bytes);
    mlp_data_set set = form_of(info);
    const size_t first[MLP_SPLITS] = {0, train};
    set.rows[MLP_SPLIT_TRAIN] = train;
    set.rows[MLP_SPLIT_TEST] = rows - train;
    for (size_t s = 0; s < MLP_SPLITS; s++) {
        set.values[s] = all->values + first[s] * row_bytes;
        set.labels[s] = all->labels + first[s];
    }
    return write_set(options, output, info, &set);
}

static mlp_status split(const mlp_tool_options *options,
                        mlp_tool_output *output, rows_of *all)
{
    MLP_TRY(load(options, all));
    const mlp_source_info *info = mlp_source_facts(all->source);
    size_t rows = info->rows[MLP_SPLIT_TRAIN] + info->rows[MLP_SPLIT_TEST];
    if (rows > UINT32_MAX) {
        return mlp_fail(MLP_ERROR_DATA,
                        "%s: has %zu rows, at most %u can be "
                        "split",
                        info->name, rows, UINT32_MAX);
    }
    uint32_t *order = calloc(rows, sizeof *order);
    class_count *classes = calloc(MLP_CLASSES_MOST, sizeof *classes);
    all->values = reallocarray(
        NULL, rows, info->features * mlp_element_bytes(info->element));
    all->labels = calloc(rows, sizeof *all->labels);
    mlp_status status = order == NULL || classes == NULL ||
                                all->values == NULL || all->labels == NULL
                            ? mlp_fail_memory("the rows")
                            : split_rows(options, output, all, order, classes);
    free(order);
    free(classes);
    return status;
}

/* ---- the verbs --------------------------------------------------------- */

static mlp_status make(const mlp_tool_options *options, mlp_tool_output *output,
                       mlp_status (*by)(const mlp_tool_options *options,
                                        mlp_tool_output *output, rows_of *all))
{
    rows_of all = {0};
    if (options->output == NULL) {
        return mlp_fail(MLP_ERROR_USAGE, "data %s needs --output FILE",
                        options->operands[0]);
    }
    mlp_status status = by(options, output, &all);
    drop(&all);
    return status;
}

mlp_status mlp_data_convert(const mlp_tool_options *options,
                            mlp_tool_output *output)
{
    return make(options, output, convert);
}

mlp_status mlp_data_split(const mlp_tool_options *options,
                          mlp_tool_output *output)
{
    return make(options, output, split);
}
