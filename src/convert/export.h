/** @file
 *  A trained model in the formats of other programs. Private to the tool.
 */
#ifndef MLP_EXPORT_H
#define MLP_EXPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/status.h"
#include "checkpoint/checkpoint.h"
#include "onnx_graph.h"

/** One dense layer: z = x W + b, a = f(z). Arrays belong to the checkpoint. */
typedef struct {
    size_t in, out;
    const float *weights; /**< [in, out] */
    const float *bias;    /**< [out] */
    const float *slopes;  /**< [out] for PReLU, else NULL */
    mlp_activation activation;
    bool is_softmax; /**< softmax follows, as in a classifier's last layer */
    bool is_exponential; /**< exp follows, as under poisson */
} mlp_export_layer;

/** A checkpoint's model as a list of layers: (x - shift) * scale, then the
 *  layers. */
typedef struct {
    const mlp_checkpoint *checkpoint;
    size_t layers;
    mlp_export_layer layer[MLP_MAX_HIDDEN + 2];
    size_t inputs, outputs;
    bool is_binary; /**< one output for two classes: class 1 if >= 0.5 */
    size_t widest;  /**< largest in or out */
    mlp_scaler scaler;
    bool is_clipped; /**< outputs are kept from clip[0] to clip[1] */
    float clip[2];
    float unit[2]; /**< weight and bias of a final linear layer, which scales
                           positive outputs to the targets' unit */
} mlp_export_model;

/** @param checkpoint  must outlive the model
 *  @param model       overwritten; points into the checkpoint and itself */
void mlp_export_take(const mlp_checkpoint *checkpoint, mlp_export_model *model);

/** Set checkpoint->parameters to the weights to export: the result of the run,
 *  with the target scaling of a regression folded into the last layer. With
 *  positive outputs, mlp_export_take adds a layer for the scaling instead. */
void mlp_export_settle(mlp_checkpoint *checkpoint);

/** The name of a layer's activation in the options --activation and
 *  --output-activation. */
const char *mlp_export_activation_name(const mlp_export_layer *layer);

/** A writer of one format. Write errors are left to the stream's error
 *  indicator. MLP_ERROR_USAGE when the format cannot express the model;
 *  MLP_ERROR_INTERNAL without memory. */
typedef mlp_status mlp_export_write(FILE *out, const mlp_export_model *model);

/** Keras's HDF5 model: architecture and weights, with the input scaling as its
 *  first layer. */
mlp_export_write mlp_export_keras;

/** Keras's .weights.h5, for a model of the same layers. */
mlp_export_write mlp_export_keras_weights;

/** Tensors with PyTorch's names: layers.0.weight [out, in], layers.0.bias. */
mlp_export_write mlp_export_safetensors;

/** ONNX, opset 13, from `input` [batch, inputs] to `output`; of a table's model
 *  from an input [batch, 1] for each column, of its name. Classes with names
 * are a second output, `class`. */
mlp_export_write mlp_export_onnx;

/** Add an input for each column of a table, and what encodes them.
 *  @return  the features' value, [batch, features] */
const char *mlp_export_onnx_table(mlp_onnx_graph *graph,
                                  const mlp_schema *schema);

/** A C header without dependencies: weights and a function mlp_predict; of a
 *  table's model also the names of columns and classes, and a function
 *  mlp_encode from a row's cells to inputs. */
mlp_export_write mlp_export_c;

/** The part of the C header that is of a table, and its class names. */
void mlp_export_c_table(FILE *out, const mlp_checkpoint *checkpoint);

/** A float literal that reads back to the same bits. */
void mlp_export_c_number(FILE *out, float value);

/** A page to play with the model, in one file without network: a sheet to draw
 *  on for a model of pictures, else a form with the columns. MLP_ERROR_USAGE
 *  when the model is too large for a page. */
mlp_export_write mlp_export_html;

#endif
