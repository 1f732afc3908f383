/** @file
 *  One pass of a batch through the model: forward, loss, backward and
 *  gradient, layer by layer. All functions of a running pass are called by
 *  every thread of the crew, which owns part of their outputs; between them
 *  the caller puts barriers, as said. The crew may be of several processes that
 *  share the pass's memory.
 */
#ifndef MLP_PASS_H
#define MLP_PASS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernels/kernels.h"
#include "model.h"
#include "system/threads.h"

typedef struct mlp_pass mlp_pass;

/** Bytes of memory that batches of up to `rows` rows and a crew of `threads`
 *  take; 0 without memory to find out. */
size_t mlp_pass_bytes(const mlp_model *model, size_t rows, size_t threads);

/** The model must outlive it.
 *  @param rows, threads  at most, as of mlp_pass_bytes
 *  @param memory  [mlp_pass_bytes], zeroed and 64-byte aligned, maybe shared,
 *                 kept by the caller; NULL: the pass's own */
mlp_status mlp_pass_create(const mlp_model *model, const mlp_kernels *kernels,
                           size_t rows, size_t threads, void *memory,
                           mlp_pass **pass);
void mlp_pass_destroy(mlp_pass **pass);

/** What the training loss wants beside the labels; evaluation goes without.
 *  @param label_smoothing  share of the wanted 1 that goes to all classes
 *                          alike. Source: Szegedy et al. 2016, "Rethinking the
 *                          Inception architecture", section 7
 *  @param class_weights    [classes], kept: factors of a row's loss; NULL: 1 */
void mlp_pass_adjust(mlp_pass *pass, double label_smoothing,
                     const float *class_weights);

/** Let one thread call this between pieces of a gradient, which may take long;
 *  no bit depends on it. */
void mlp_pass_set_pause(mlp_pass *pass, void (*pause)(void *context),
                        void *context);

/** Which thread of the crew does; 0 at first. Before its next gradient. */
void mlp_pass_set_pauser(mlp_pass *pass, size_t thread);

/** Begin with another batch and its truth. Call from one thread.
 *  @param vector   the model's parameters, [vector_size]; read until the end
 *  @param labels   [batch rows]; NULL with targets
 *  @param targets  [batch rows, mlp_stride(outputs)], of regression; or NULL */
void mlp_pass_begin(mlp_pass *pass, const float *vector, const mlp_batch *batch,
                    const uint16_t *labels, const float *targets);

/** Leave out units in this pass, which mlp_pass_begin began: the share of each
 *  layer is the model's, the rest is as given; its rows are read until the
 *  end. Call from one thread. */
void mlp_pass_drop(mlp_pass *pass, const mlp_dropout *dropout);

/** Whether a thread's part in forward and backward of layer l are the rows of
 *  mlp_thread_share, as in the loss: between two such parts no barrier is
 *  needed. Small layers are cut so; large ones by columns, so that a thread's
 *  share of the weights stays in its core's cache. */
bool mlp_pass_is_by_rows(const mlp_pass *pass, size_t l, mlp_thread self);

/** Activations of layer l, from those of layer l - 1 (barrier before). */
void mlp_pass_forward(mlp_pass *pass, size_t l, mlp_thread self);

/** Losses and predictions of all rows, after the last forward (barrier
 *  before); with is_training also the last layer's dz. */
void mlp_pass_loss(mlp_pass *pass, bool is_training, mlp_thread self);

/** dz of layer l - 1 from that of layer l > 0 (barrier before). */
void mlp_pass_backward(mlp_pass *pass, size_t l, mlp_thread self);

/** Gradient sums of layer l from its dz (barrier before).
 *  @param nodes  [count]; sum is the beginning of a whole gradient vector
 *  @param begun  [batch leaves, vector_size], what each leaf's sums came to in
 *                earlier pieces of the batch, to go on from; NULL: nothing yet.
 *                A thread owns the same part of layer l in every piece
 *  @return whether this thread's sums are safe to add up over all ranks: see
 *          mlp_kernels.gradient */
bool mlp_pass_gradient(mlp_pass *pass, size_t l, const mlp_gradient_node *nodes,
                       size_t count, const float *begun, mlp_thread self);

/** Of the last mlp_pass_loss, [batch rows]. */
const double *mlp_pass_losses(const mlp_pass *pass);
const uint32_t *mlp_pass_predictions(const mlp_pass *pass);

/** Outputs: probabilities under softmax, else activations.
 *  [batch rows, mlp_stride(outputs)] */
const float *mlp_pass_outputs(const mlp_pass *pass);

/** Of any layer: activations, and dz of the last backward.
 *  [batch rows, mlp_stride(out)] */
const float *mlp_pass_activations(const mlp_pass *pass, size_t l);
const float *mlp_pass_dz(const mlp_pass *pass, size_t l);

#endif
