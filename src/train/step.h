/** @file
 *  A step under way, for step.c, which begins and ends it, and
 *  stages.c, which computes it.
 */
#ifndef MLP_TRAINER_STEP_H
#define MLP_TRAINER_STEP_H

#include "internal.h"

/** A step as this rank sees it. */
typedef struct {
    mlp_trainer *trainer;
    size_t micro_batch,
        micro_batches; /* of the batch; one without --accumulate */
    mlp_shard_batches shard_batches; /* this rank's, of this micro-batch */
    mlp_feed_whole whole;            /* the node team's, of this micro-batch */
    size_t rows;    /* the node's, of all micro-batches so far */
    bool is_unsafe; /* some rank's gradient, as in facts */
    bool wants_stop;
    mlp_step_result *result;
    /* Two words, both written by thread 0 alone: the decision of all ranks on
     * loss and gradients, which its threads read after a barrier; and how the
     * step ended, which no other thread reads before they are joined. */
    mlp_status decision, status;
    uint64_t epoch; /* where in the training it is, from 0 */
    size_t index;
    uint64_t global; /* step of the optimizer, from 0 */
    double lr;
} mlp_one_step;

/** One thread's part in a step. */
typedef struct {
    mlp_one_step *step;
    mlp_trainer *trainer;
    mlp_thread self;  /* in this rank */
    mlp_thread me;    /* in the node team */
    bool was_by_rows; /* of the stage before */
    double waited;    /* seconds, for other threads */
} mlp_worker;

/** Seconds, for the thread tuner; 0 where it has no choice, since a step may be
 *  shorter than all that reading of the clock. */
double mlp_worker_clock(const mlp_worker *w);

/** The time since the last lap went into this phase. */
void mlp_worker_lap(const mlp_worker *w, mlp_phase phase);

/** Wait until all threads of the node team are here; or of this rank. */
void mlp_worker_meet(mlp_worker *w);
void mlp_worker_meet_in_rank(mlp_worker *w);

/* In this order, for each micro-batch of the batch. */

/** This rank's rows. */
void mlp_stage_gather(mlp_worker *w);

/** The node team's turn, when all its ranks have gathered their rows. */
void mlp_stage_join(mlp_worker *w);

/** All layers, and the loss. */
void mlp_stage_forward(mlp_worker *w);

/** Of the last micro-batch, one of the two. Backward, then gradients, which
 *  begin with a meeting; last layer first, so that its exchange begins while
 * the others are computed. With columns dz of the first layer is sent by
 * backward; its gradient is left to mlp_trainer_finish. */
void mlp_stage_backward(mlp_worker *w);
void mlp_stage_begin_gradients(mlp_worker *w);
void mlp_stage_gradients(mlp_worker *w);

/** With columns: wait for dz of all rows, and meet. */
void mlp_stage_receive_dz(mlp_worker *w);

/** Backward and gradients, layer by layer: between nodes a gradient has a long
 *  way to go, and what the layers before it take is time to hide that in. */
void mlp_stage_back_by_layers(mlp_worker *w);

/** Of the micro-batches before it, after backward: the leaves' sums go on over
 * this micro-batch. */
void mlp_stage_accumulate(mlp_worker *w);

/** Wait until no rank of the node reads the batch any more, which it does until
 *  it has published the first layer: then the next one may be gathered. */
void mlp_stage_leave_batch(mlp_worker *w);

/** With columns: update the layers but the first, by the step before, and end
 *  that. Every thread of the node team calls. Collective. */
void mlp_stage_finish_pending(mlp_worker *w);

/** Sum the gradients of all ranks, and update. With columns layers but the
 *  first may be left pending. Every thread of the node team
 *  calls and gets the same status; MLP_DIVERGED, on all ranks, when the
 *  gradient is not finite: parameters are as before. Collective. */
mlp_status mlp_trainer_finish(mlp_worker *w, const mlp_step_facts *facts);

/* Gradient and update in one (fused.c), in place of mlp_stage_gradients and
 * mlp_trainer_finish. */

/** Measure what this thread wrote of a micro-batch. After its backward. */
void mlp_fused_measure(const mlp_worker *w);

/** Whether the step may be finished so: the same on all threads of the node,
 *  which meet here if it may at all. After the last micro-batch's measures. */
bool mlp_fused_is_safe(mlp_worker *w);

/** Whether no sum of a layer's gradient can overflow.
 *  @param bounds  [threads]
 *  @param rows    of the global batch */
bool mlp_fused_is_bounded(const mlp_thread_bounds *bounds, size_t threads,
                          size_t layers, size_t rows);

/** Whether all that the threads of this node have measured is within the bound,
 *  and no rank of it has a fault. After a meeting that follows the last
 *  measures. With columns the same must hold on all nodes. */
bool mlp_fused_is_well(const mlp_worker *w);

/** Compute the gradients, and update. */
void mlp_fused_update(mlp_worker *w);

#endif
