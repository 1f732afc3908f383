/** @file
 *  Forward, loss, backward and gradient of a batch, layer by layer. Each
 *  function of a running pass is called by every thread of the team, which owns
 *  some of its outputs, with barriers where stated. The threads may belong to
 *  several processes that share the pass's memory.
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

/** Bytes of memory for batches of up to `rows` rows and `threads` threads; 0
 *  without memory to compute it. */
size_t mlp_pass_bytes(const mlp_model *model, size_t rows, size_t threads);

/** The model and the kernels must outlive the pass.
 *  @param rows, threads  maximum, as for mlp_pass_bytes
 *  @param memory  [mlp_pass_bytes], zeroed, 64-byte aligned, owned by the
 *                 caller, may be shared; NULL: the pass allocates its own */
mlp_status mlp_pass_create(const mlp_model *model, const mlp_kernels *kernels,
                           size_t rows, size_t threads, void *memory,
                           mlp_pass **pass);
void mlp_pass_destroy(mlp_pass **pass);

/** After begin: weights of the batch's rows, factors of their losses.
 *  @param weights  [batch rows], not copied; NULL: all 1 */
void mlp_pass_weigh(mlp_pass *pass, const float *weights);

/** In evaluations, keep what the last layer hands to the loss within limits: a
 *  smaller output becomes the first, a larger one the second. */
void mlp_pass_clip(mlp_pass *pass, const float limits[2]);

/** Options of the training loss; evaluation ignores them.
 *  @param label_smoothing  probability that is spread evenly over all classes.
 *                          Source: Szegedy et al. 2016, "Rethinking the
 *                          Inception architecture", section 7
 *  @param class_weights    [classes], not copied: factors of a row's loss;
 * NULL: 1 */
void mlp_pass_adjust(mlp_pass *pass, double label_smoothing,
                     const float *class_weights);

/** Set a function that one thread calls between tiles of a gradient, which
 *  takes long, so that it can progress communication. Results don't depend on
 *  it. */
void mlp_pass_set_pause(mlp_pass *pass, void (*pause)(void *context),
                        void *context);

/** Set the thread that calls it; 0 at first. Applies from the next gradient. */
void mlp_pass_set_pauser(mlp_pass *pass, size_t thread);

/** From now on the parameters are those of `held`, which must outlive the pass:
 *  the same model with fewer columns in the first layer, whose sums come from
 *  all nodes (columns.h). */
void mlp_pass_hold(mlp_pass *pass, const mlp_model *held);

/** Start a pass over a batch. Call from one thread.
 *  @param vector   the model's parameters, [vector_size]; read until the pass
 * ends
 *  @param labels   [batch rows]; NULL with targets
 *  @param targets  [batch rows, mlp_stride(outputs)], for regression; or NULL
 */
void mlp_pass_begin(mlp_pass *pass, const float *vector, const mlp_batch *batch,
                    const uint16_t *labels, const float *targets);

/** Enable dropout in the current pass, with each layer's probability from the
 *  model. The dropout's rows are read until the pass ends. Call from one
 *  thread. */
void mlp_pass_drop(mlp_pass *pass, const mlp_dropout *dropout);

/** Whether the threads split layer l by rows (mlp_thread_share), as the loss
 *  does: no barrier is needed between two such stages. Small layers are split
 *  by rows; large ones by columns, so that a thread's weights stay in its
 *  core's cache. */
bool mlp_pass_is_by_rows(const mlp_pass *pass, size_t l, mlp_thread self);

/** Rows (of a gradient: groups of MLP_GROUP inputs), and panels of columns. */
typedef struct {
    mlp_range rows, columns;
} mlp_tile;

/** A thread's outputs of layer l in forward, of `columns` panels; or in
 *  backward, of the layer's inputs. */
mlp_tile mlp_pass_tile(const mlp_pass *pass, size_t l, size_t columns,
                       mlp_thread self);

/** A thread's gradient sums of layer l: the weights that it updates, too, where
 *  gradient and update are one. */
mlp_tile mlp_pass_gradient_tile(const mlp_pass *pass, size_t l,
                                mlp_thread self);

/** Activations of layer l from those of layer l - 1. Barrier before. */
void mlp_pass_forward(mlp_pass *pass, size_t l, mlp_thread self);

/** Losses and predictions of all rows, after the last forward; with is_training
 *  also dz of the last layer. Barrier before. */
void mlp_pass_loss(mlp_pass *pass, bool is_training, mlp_thread self);

/** Only outputs and predictions of all rows, after the last forward; labels,
 *  targets and weights are not read. Barrier before. */
void mlp_pass_predict(mlp_pass *pass, mlp_thread self);

/** dz of layer l - 1 from dz of layer l > 0. Barrier before. */
void mlp_pass_backward(mlp_pass *pass, size_t l, mlp_thread self);

/** Gradient sums of layer l from its dz. Barrier before.
 *  @param nodes  [count]; each sum is a whole gradient vector
 *  @param begun  [batch leaves, vector_size], each leaf's sums over earlier row
 *                ranges of the batch, to be continued; NULL: none. A thread
 *                owns the same outputs of layer l in every row range
 *  @return whether this thread's sums can be added over all ranks without
 *          overflow: see mlp_kernels.gradient */
bool mlp_pass_gradient(mlp_pass *pass, size_t l, const mlp_gradient_node *nodes,
                       size_t count, const float *begun, mlp_thread self);

/** What is done with sums of gradients.
 *  @param first, count  elements of the parameter vector
 *  @param sum           [count] */
typedef void mlp_pass_take(void *context, size_t first, size_t count,
                           const float *sum);

/** Gradient sums of layer l from its dz, handed to `take` in blocks that are
 *  still in the core's cache. Barrier before.
 *  @param node  one subtree; layers that don't go by blocks are summed there
 *  @param begun, self  as of mlp_pass_gradient */
void mlp_pass_gradient_blocks(mlp_pass *pass, size_t l,
                              const mlp_gradient_node *node, const float *begun,
                              mlp_pass_take *take, void *context,
                              mlp_thread self);

/** The largest magnitudes in a pass, as bits of floats (mlp_kernels.largest):
 *  of each layer's input, and of its dz, if it is not frozen. All zero bytes:
 *  nothing yet. */
typedef struct {
    uint32_t input[MLP_MAX_HIDDEN + 1], dz[MLP_MAX_HIDDEN + 1];
} mlp_pass_extent;

/** Widen `mine` to what this thread has written in this pass. After its last
 *  backward, without a barrier.
 *  @param gathered  rows of the batch that this thread has written */
void mlp_pass_measure(const mlp_pass *pass, mlp_range gathered,
                      mlp_pass_extent *mine, mlp_thread self);

/** Results of the last mlp_pass_loss, and of it or mlp_pass_predict,
 *  [batch rows]. */
const double *mlp_pass_losses(const mlp_pass *pass);
const uint32_t *mlp_pass_predictions(const mlp_pass *pass);

/** Outputs: probabilities for softmax, else activations.
 *  [batch rows, mlp_stride(outputs)] */
const float *mlp_pass_outputs(const mlp_pass *pass);

/** Any layer's activations, and its dz of the last backward,
 *  unless it is frozen.
 *  [batch rows, mlp_stride(out)] */
const float *mlp_pass_activations(const mlp_pass *pass, size_t l);
const float *mlp_pass_dz(const mlp_pass *pass, size_t l);

#endif
