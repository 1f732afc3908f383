/** @file
 *  Dense nets from the formats of other programs. Private to the tool. Files
 *  are not trusted: extents are checked against the file's size before memory
 *  is taken.
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

/** One dense layer, z = x W + b. Arrays are the model's. */
typedef struct {
    size_t in, out;
    float *weights;                   /**< [in, out] */
    float *bias;                      /**< [out]; NULL stands for zeros */
    float *slopes;                    /**< [out] of PReLU, else NULL */
    char activation[MLP_IMPORT_NAME]; /**< "": the file does not say */
} mlp_import_layer;

/** Zero-initialize but for the scaler; destroy frees. */
typedef struct {
    size_t layers;
    mlp_import_layer layer[MLP_IMPORT_LAYERS];
    mlp_scaler scaler;
} mlp_import_model;

void mlp_import_destroy(mlp_import_model *model);

/** Add a layer of these extents with room for its weights; both above 0.
 *  MLP_ERROR_DATA when there are too many; MLP_ERROR_INTERNAL. */
mlp_status mlp_import_add(mlp_import_model *model, const char *path, size_t in,
                          size_t out);

/** Keras's .h5, a model or weights alone. MLP_ERROR_MISSING; MLP_ERROR_DATA,
 *  naming file and layer, when it is no net of dense layers. */
mlp_status mlp_import_keras(const char *path, mlp_import_model *model);

/** Pairs NAME.weight [out, in], NAME.bias [out], in the order of their names'
 *  numbers. As mlp_import_keras. */
mlp_status mlp_import_safetensors(const char *path, mlp_import_model *model);

/** Make a checkpoint of it, at step 0.
 *  @param checkpoint  zeros but for its config, whose activation, output and
 *                     loss count where the model does not say, and for height
 *                     and width (0: one row of features); destroy it after
 *                     success and failure alike
 *  MLP_ERROR_DATA when extents or activations contradict each other. */
mlp_status mlp_import_finish(const mlp_import_model *model, const char *path,
                             mlp_checkpoint *checkpoint);

#endif
