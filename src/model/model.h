/** @file
 *  The shape of a multilayer perceptron, and its parameters as one flat vector:
 *  in the kernels' panel layout for computing; in canonical order (layer by
 *  layer, W [in, out] row-major, then b, then PReLU slopes) for files and
 *  digests.
 */
#ifndef MLP_MODEL_H
#define MLP_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/status.h"
#include "config/config.h"

/** One dense layer. */
typedef struct {
    size_t in, out;
    mlp_activation activation; /**< softmax is part of the loss */
    double dropout;            /**< dropout probability of its units */
    size_t offset;   /**< index of its first parameter in the vector */
    size_t size;     /**< floats in the vector, with padding */
    bool has_slopes; /**< has PReLU's slopes, one per unit */
} mlp_layer;

/** Read-only after create. */
typedef struct {
    size_t layers;
    mlp_layer *layer; /**< [layers] */
    mlp_loss loss;
    float huber_delta;  /**< of that loss */
    size_t classes;     /**< label classes: outputs, or 2 for a single output */
    size_t parameters;  /**< number in canonical order, without padding */
    size_t vector_size; /**< floats of the vector: with padding */
    size_t widest;      /**< largest in or out */
    size_t frozen;      /**< first layers whose parameters training keeps */
} mlp_model;

/** @param widths  [layers + 1]: features, hidden ..., outputs
 *  MLP_ERROR_USAGE when a layer is too large. */
mlp_status mlp_model_create(const size_t *widths, size_t layers,
                            const mlp_config *config, mlp_model **model);
void mlp_model_destroy(mlp_model **model);

/** Convert between the two orders. The vector's padding is set to 0.
 *  @param vector     [vector_size]
 *  @param canonical  [parameters] */
void mlp_model_pack(const mlp_model *model, const float *canonical,
                    float *vector);
void mlp_model_unpack(const mlp_model *model, const float *vector,
                      float *canonical);

/** The elementwise activation of an output: identity for softmax, which is not
 *  elementwise. */
mlp_activation mlp_model_output_activation(mlp_output output);

/** Whether a classifier's outputs are probabilities of the classes: of softmax,
 *  or of one sigmoid for two classes. */
bool mlp_model_has_probabilities(const mlp_model *model);

/** The layer, from 0, of parameter i in canonical order. */
size_t mlp_model_layer_of(const mlp_model *model, size_t i);

/** Draw initial weights; biases are 0, PReLU slopes 1/4 (He et al. 2015,
 *  section 2.1). Small: uniform on [-0.05, 0.05], as for the perceptron. Each
 *  weight is a function of (seed, layer, index), so that all ranks draw the
 *  same.
 *
 *  Glorot: variance 2 / (in + out). Source: Glorot and Bengio 2010,
 *  "Understanding the difficulty of training deep feedforward neural
 *  networks", eq. 16. He: variance 2 / in. Source: He et al. 2015, "Delving
 *  Deep into Rectifiers", eq. 10. Uniform: on [-r, r], r = sqrt(3 variance).
 *  @param canonical  [parameters], overwritten */
void mlp_model_initialize(const mlp_model *model, mlp_init init, uint64_t seed,
                          float *canonical);

/** SHA-256 of parameters in canonical order as little-endian float32: the
 *  digest that is the same for every number of ranks and threads.
 *  @param canonical  [parameters] */
mlp_status mlp_model_digest(const float *canonical, size_t parameters,
                            unsigned char value[MLP_DIGEST_BYTES]);

#endif
