/** @file
 *  Dense networks from the formats of other programs. Private to the tool.
 *  Files are not trusted: extents are checked against the file's size before
 *  memory is allocated.
 */
#ifndef MLP_IMPORT_H
#define MLP_IMPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"
#include "checkpoint/checkpoint.h"

enum {
    MLP_IMPORT_LAYERS = MLP_MAX_HIDDEN + 1,
    MLP_IMPORT_NAME = 128 /**< bytes of a name in a file */
};

/** One dense layer, z = x W + b. Arrays are owned by the model. */
typedef struct {
    size_t in, out;
    float *weights;                   /**< [in, out] */
    float *bias;                      /**< [out]; NULL: zeros */
    float *slopes;                    /**< [out] for PReLU, else NULL */
    char activation[MLP_IMPORT_NAME]; /**< "": not in the file */
} mlp_import_layer;

/** Zero-initialize all but the scaler; destroy frees. */
typedef struct {
    size_t layers;
    mlp_import_layer layer[MLP_IMPORT_LAYERS];
    mlp_scaler scaler;
} mlp_import_model;

void mlp_import_destroy(mlp_import_model *model);

/** Append a layer of these extents, both above 0, and allocate its weights.
 *  MLP_ERROR_DATA when there are too many; MLP_ERROR_INTERNAL. */
mlp_status mlp_import_add(mlp_import_model *model, const char *path, size_t in,
                          size_t out);

/** Keras's .h5, a model or weights only. MLP_ERROR_MISSING; MLP_ERROR_DATA with
 *  file and layer when it is not a network of dense layers. */
mlp_status mlp_import_keras(const char *path, mlp_import_model *model);

/** Pairs NAME.weight [out, in], NAME.bias [out], in the order of the numbers in
 *  their names. Errors of mlp_import_keras. */
mlp_status mlp_import_safetensors(const char *path, mlp_import_model *model);

/** Convert to a checkpoint at step 0.
 *  @param checkpoint  zeros except for its config, whose activation, output and
 *                     loss apply where the model has none, and for height and
 *                     width (0: one row of features); to be destroyed after
 *                     success and failure
 *  MLP_ERROR_DATA when extents or activations contradict each other. */
mlp_status mlp_import_finish(const mlp_import_model *model, const char *path,
                             mlp_checkpoint *checkpoint);

#endif
