/** @file
 *  A trained model in the formats that other programs read. Private to the
 *  tool; each format is in a file of its own.
 */
#ifndef MLP_EXPORT_H
#define MLP_EXPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/status.h"
#include "checkpoint/checkpoint.h"

/** One dense layer: z = x W + b, a = f(z). Arrays are the checkpoint's. */
typedef struct {
    size_t in, out;
    const float *weights; /**< [in, out] */
    const float *bias;    /**< [out] */
    const float *slopes;  /**< [out] under PReLU, else NULL */
    mlp_activation activation;
    bool is_softmax; /**< after it: the last layer of a classifier */
} mlp_export_layer;

/** A checkpoint's model, taken apart: (x - shift) scale, then the layers. */
typedef struct {
    size_t layers;
    mlp_export_layer layer[MLP_MAX_HIDDEN + 2];
    size_t inputs, outputs;
    bool is_binary; /**< one output tells two classes: from 0.5 on it is 1 */
    size_t widest;  /**< of all in and out */
    mlp_scaler scaler;
    float unit[2]; /**< weight and bias of a last linear layer, which gives
                        softplus outputs the unit of the targets */
} mlp_export_model;

/** @param checkpoint  must outlive the model
 *  @param model       its layers point into the checkpoint, and into itself */
void mlp_export_take(const mlp_checkpoint *checkpoint, mlp_export_model *model);

/** Make checkpoint->parameters those that are used: the result of the run so
 *  far, and a last layer that gives the targets of a regression as they are in
 *  the data, with their scaling folded into its weights; not with softplus
 *  outputs, behind which mlp_export_take puts a layer for it. */
void mlp_export_settle(mlp_checkpoint *checkpoint);

/** The activation's name as --activation has it. */
const char *mlp_export_activation_name(mlp_activation activation);

/** A format: its name, and how to write a model to a stream. A write that
 *  fails is left to the stream's error indicator. MLP_ERROR_USAGE when the
 *  format cannot say what the model does; MLP_ERROR_INTERNAL without memory. */
typedef mlp_status mlp_export_write(FILE *out, const mlp_export_model *model);

/** Keras's HDF5 model: architecture and weights, with the scaling of inputs as
 *  its first layer. */
mlp_export_write mlp_export_keras;

/** Keras's .weights.h5, for a model of the same layers. */
mlp_export_write mlp_export_keras_weights;

/** Tensors named as by PyTorch: layers.0.weight [out, in], layers.0.bias. */
mlp_export_write mlp_export_safetensors;

/** ONNX, opset 13, from `input` [batch, inputs] to `output`. */
mlp_export_write mlp_export_onnx;

/** A C header without dependencies: weights and a function mlp_predict. */
mlp_export_write mlp_export_c;

#endif
