/** @file
 *  A source of rows in the caller's memory.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

static const char NAME[] = "the rows"; /* in messages */

/* ---- names of columns and classes -------------------------------------- */

static mlp_status copy_names(const mlp_samples *samples, mlp_names *names)
{
    for (size_t k = 0; k < samples->classes; k++) {
        MLP_TRY(
            mlp_names_add(names, samples->class_names[k], MLP_CLASSES_MOST));
    }
    for (size_t k = 0; k < names->count; k++) {
        if (strcmp(names->items[k], samples->class_names[k]) != 0) {
            return mlp_fail(MLP_ERROR_USAGE,
                            "class_names: \"%s\" is number %zu, expected in "
                            "order \"%s\"",
                            samples->class_names[k], k, names->items[k]);
        }
    }
    return names->count == samples->classes
               ? MLP_OK
               : mlp_fail(MLP_ERROR_USAGE, "class_names: one is there twice");
}

static mlp_status name_column(mlp_column *column, size_t number)
{
    char name[32];
    snprintf(name, sizeof name, "x%zu", number);
    column->kind = MLP_COLUMN_NUMBER;
    column->name = strdup(number > 0 ? name : "y");
    return column->name != NULL ? MLP_OK : mlp_fail_memory("a schema");
}

/* For a regression, a schema with numbers x1, x2 ... and the target y. */
static mlp_status make_schema(size_t features, mlp_schema *schema)
{
    schema->columns = calloc(features + 1, sizeof *schema->columns);
    if (schema->columns == NULL) {
        return mlp_fail_memory("a schema");
    }
    schema->count = features + 1;
    schema->label = features;
    schema->is_regression = true;
    for (size_t i = 0; i < features; i++) {
        MLP_TRY(name_column(&schema->columns[i], i + 1));
    }
    return name_column(&schema->columns[features], 0);
}

/* ---- checks ------------------------------------------------------------ */

static mlp_status check(const mlp_samples *samples, const char *which)
{
    const char *fault =
        samples->rows > 0 && samples->values == NULL ? "have no values"
        : samples->type != MLP_FLOAT32 && samples->type != MLP_UINT8
            ? "are of an unknown type"
        : samples->labels != NULL && samples->targets != NULL
            ? "have labels and targets"
        : samples->labels == NULL && samples->targets == NULL
            ? "have neither labels nor targets"
            : NULL;
    return fault == NULL
               ? MLP_OK
               : mlp_fail(MLP_ERROR_USAGE, "the %s rows %s", which, fault);
}

/* Weights that all are 0 are refused when the rows are divided. */
static mlp_status check_weights(const mlp_samples *samples, const char *which)
{
    for (size_t r = 0; samples->weights != NULL && r < samples->rows; r++) {
        if (!isfinite(samples->weights[r]) || samples->weights[r] < 0.0F) {
            return mlp_fail(MLP_ERROR_DATA,
                            "weights: that of %s row %zu is %g, expected a "
                            "finite number from 0 on",
                            which, r, (double)samples->weights[r]);
        }
    }
    return MLP_OK;
}

static mlp_status check_pair(const mlp_samples *train, const mlp_samples *test)
{
    MLP_TRY(check(train, "training"));
    MLP_TRY(check_weights(train, "training"));
    if (test == NULL) {
        return MLP_OK;
    }
    MLP_TRY(check(test, "test"));
    MLP_TRY(check_weights(test, "test"));
    const char *what = test->features != train->features ? "number of features"
                       : test->type != train->type       ? "type"
                       : (test->targets == NULL) != (train->targets == NULL)
                           ? "kind (labels or targets)"
                           : NULL;
    return what == NULL ? MLP_OK
                        : mlp_fail(MLP_ERROR_USAGE,
                                   "the test rows have another %s than the "
                                   "training rows",
                                   what);
}

static mlp_status check_known(const mlp_samples *train,
                              const mlp_checkpoint *known)
{
    bool was_regression = known->schema.is_regression;
    return was_regression == (train->targets != NULL)
               ? MLP_OK
               : mlp_fail(MLP_ERROR_USAGE,
                          "the network is of a %s: its rows have %s",
                          was_regression ? "regression" : "classifier",
                          was_regression ? "targets" : "labels");
}

/* ---- open -------------------------------------------------------------- */

static mlp_status describe(const mlp_samples *train,
                           const mlp_checkpoint *known,
                           mlp_samples_source *opened)
{
    if (known != NULL) {
        MLP_TRY(check_known(train, known));
        MLP_TRY(mlp_names_copy(&known->class_names, &opened->names));
        return known->schema.count > 0
                   ? mlp_schema_copy(&known->schema, &opened->schema)
                   : MLP_OK;
    }
    if (train->targets != NULL) {
        return make_schema(train->features, &opened->schema);
    }
    return train->class_names != NULL ? copy_names(train, &opened->names)
                                      : MLP_OK;
}

static void put(const mlp_samples *samples, mlp_split split,
                mlp_source_arrays *arrays)
{
    if (samples != NULL) {
        arrays->rows[split] = samples->rows;
        arrays->values[split] = samples->values;
        arrays->labels[split] = samples->labels;
        arrays->targets[split] = samples->targets;
        arrays->weights[split] = samples->weights;
    }
}

static mlp_status open_source(const mlp_samples *train, const mlp_samples *test,
                              const mlp_checkpoint *known,
                              mlp_samples_source *opened)
{
    mlp_source_arrays arrays = {.name = NAME,
                                .height = 1,
                                .width = train->features,
                                .element = train->type == MLP_FLOAT32
                                               ? MLP_ELEMENT_F32
                                               : MLP_ELEMENT_U8};
    MLP_TRY(check_pair(train, test));
    MLP_TRY(describe(train, known, opened));
    put(train, MLP_SPLIT_TRAIN, &arrays);
    put(test, MLP_SPLIT_TEST, &arrays);
    arrays.schema = opened->schema.count > 0 ? &opened->schema : NULL;
    arrays.class_names = opened->names.count > 0 ? &opened->names : NULL;
    return mlp_source_open_arrays(&arrays, &opened->source);
}

mlp_status mlp_samples_open(const mlp_samples *train, const mlp_samples *test,
                            const mlp_checkpoint *known,
                            mlp_samples_source *opened)
{
    *opened = (mlp_samples_source){0};
    mlp_status status = open_source(train, test, known, opened);
    if (status != MLP_OK) {
        mlp_samples_close(opened);
    }
    return status;
}

void mlp_samples_close(mlp_samples_source *opened)
{
    mlp_source_close(&opened->source);
    mlp_schema_destroy(&opened->schema);
    mlp_names_destroy(&opened->names);
}
