/** @file
 *  Rows in the caller's memory.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kinds.h"

static mlp_status read_arrays(void *state, mlp_split split, size_t first,
                              size_t rows, void *values, uint16_t *labels)
{
    const mlp_source_arrays *arrays = state;
    size_t row_bytes =
        arrays->height * arrays->width * mlp_element_bytes(arrays->element);
    if (values != NULL) {
        memcpy(values, (const char *)arrays->values[split] + first * row_bytes,
               rows * row_bytes);
    }
    if (labels != NULL && arrays->labels[split] == NULL) {
        memset(labels, 0, rows * sizeof *labels);
    } else if (labels != NULL) {
        memcpy(labels, arrays->labels[split] + first, rows * sizeof *labels);
    }
    return MLP_OK;
}

static mlp_status read_targets(void *state, mlp_split split, size_t first,
                               size_t rows, float *targets)
{
    const mlp_source_arrays *arrays = state;
    memcpy(targets, arrays->targets[split] + first, rows * sizeof *targets);
    return MLP_OK;
}

static mlp_status read_weights(void *state, mlp_split split, size_t first,
                               size_t rows, float *weights)
{
    const mlp_source_arrays *arrays = state;
    const float *from = arrays->weights[split];
    for (size_t r = 0; r < rows; r++) {
        weights[r] = from != NULL ? from[first + r] : 1.0F;
    }
    return MLP_OK;
}

mlp_status mlp_source_open_arrays(const mlp_source_arrays *arrays,
                                  mlp_source **source)
{
    static const mlp_source_ops ops = {.read = read_arrays,
                                       .close = free,
                                       .read_targets = read_targets,
                                       .read_weights = read_weights};
    if (arrays->rows[MLP_SPLIT_TRAIN] == 0 || arrays->height == 0 ||
        arrays->width == 0) {
        return mlp_fail(MLP_ERROR_DATA,
                        "%s: %zu training rows of %zu x %zu features",
                        arrays->name, arrays->rows[MLP_SPLIT_TRAIN],
                        arrays->height, arrays->width);
    }
    mlp_source *made = calloc(1, sizeof *made);
    mlp_source_arrays *state = malloc(sizeof *state);
    if (made == NULL || state == NULL) {
        free(made);
        free(state);
        return mlp_fail_memory("a data source");
    }
    *state = *arrays;
    *made = (mlp_source){
        .info = {.features = arrays->height * arrays->width,
                 .height = arrays->height,
                 .width = arrays->width,
                 .element = arrays->element,
                 .schema = arrays->schema,
                 .class_names = arrays->class_names,
                 .has_weights = arrays->weights[MLP_SPLIT_TRAIN] != NULL ||
                                arrays->weights[MLP_SPLIT_TEST] != NULL,
                 .has_labels = true},
        .ops = &ops,
        .state = state};
    snprintf(made->info.name, sizeof made->info.name, "%s", arrays->name);
    memcpy(made->info.rows, arrays->rows, sizeof made->info.rows);
    *source = made;
    return MLP_OK;
}
