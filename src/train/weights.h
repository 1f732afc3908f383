/** @file
 *  The weights in training, and what is kept for each of them: the one place
 *  that says who owns them, and who may read and write them when.
 *
 *  All vectors are [model->vector_size], layer after layer, as mlp_model_pack
 *  lays them out. Where the first layer's columns belong to nodes (columns.c),
 *  each node has its own of them there, and everything else. The exchange owns
 * the memory of parameters, moments and subtrees' gradients: it is there once
 * for the ranks of a node that compute together, and where MPI sums (--exchange
 * mpi) once for each rank. This struct owns the lists and the kept sum.
 * Everything else, the optimizer, the pass and evaluations, borrows pointers
 * from here.
 *
 *  - Parameters of a layer are read by all threads of the node, from
 *    mlp_exchange_wait until mlp_exchange_publish of the layer; between steps,
 *    after mlp_trainer_wait, by everybody.
 *  - Parameters and moments are written in a step by the update (finish.c),
 *    from the time when a layer's gradients of all ranks are summed until
 *    mlp_exchange_release: each rank its own range of the layer
 *    (mlp_trainer_rank_range), each of its threads a part of that. Where
 * gradient and update are one (fused.c), each thread those whose gradients it
 *    computes, from the meeting after the last backward on. Between steps
 *    mlp_trainer_load alone writes.
 *  - Gradients are written by the node's threads, each those of the outputs
 *    that it computes, until mlp_exchange_publish; then only the exchange reads
 *    and writes them, until mlp_exchange_wait of the next step.
 *  - The kept sum is written and read by the thread that updates a range.
 *
 *  Copies of parameters and moments, in the order of checkpoints, leave and
 *  enter by mlp_trainer_store and mlp_trainer_load; digests and fingerprints
 *  are taken of the vectors where they are.
 */
#ifndef MLP_TRAINER_WEIGHTS_H
#define MLP_TRAINER_WEIGHTS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"
#include "exchange/exchange.h"
#include "kernels/kernels.h"
#include "model/model.h"
#include "optim/optimizer.h"

typedef struct {
    const mlp_model *model; /**< whose vectors these are: with columns, what the
                                 node holds of the whole one */
    mlp_exchange *exchange;
    /** The parameters, then the moments: [count]. */
    float *vectors[1 + MLP_OPTIMIZER_MOMENTS];
    size_t count;
    /** With columns: a vector of the whole model, as read or gathered; else
     *  NULL. */
    float *whole;
    /** Gradients: sums over the subtrees that the node has whole. */
    mlp_gradient_node *subtrees; /**< [subtree_count] */
    size_t subtree_count;
    /** With --accumulate: a leaf for each of the node's shards, whose sums go
     *  on from micro-batch to micro-batch of a batch, in the node's memory
     * (node_team.c). Else NULL. */
    mlp_gradient_node *leaves; /**< [the node's shards] */
    /** The gradient of all ranks, of this rank's ranges only, for an update
     *  that needs norms first. Else NULL. */
    float *kept_sum;
} mlp_weights;

/** Find the vectors, and allocate the kept sum. Lists are added by trainer.c.
 *  Not collective. MLP_ERROR_INTERNAL without memory. */
mlp_status mlp_weights_create(const mlp_model *model, mlp_exchange *exchange,
                              size_t moments, bool keeps_sum,
                              mlp_weights *weights);
void mlp_weights_destroy(mlp_weights *weights);

#endif
