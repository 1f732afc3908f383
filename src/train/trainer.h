/** @file
 *  Synchronized data-parallel training: where the data, the model and the
 *  team meet. One step is: gather, forward, loss, backward and gradient on the
 *  node team of threads, then the tree sum over ranks and the update.
 */
#ifndef MLP_TRAINER_H
#define MLP_TRAINER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/metrics.h"
#include "config/config.h"
#include "exchange/exchange.h"
#include "kernels/kernels.h"
#include "model/model.h"
#include "rows/dataset.h"
#include "rows/scaler.h"
#include "source/source.h"
#include "system/profile.h"
#include "system/stop.h"
#include "system/threads.h"
#include "team/comm.h"

typedef struct mlp_trainer mlp_trainer;

/** Rows of a split, cut into shards of which this rank holds a run. */
typedef struct {
    mlp_dataset here; /**< the rows of this rank's shards */
    size_t rows;      /**< of all ranks together */
    mlp_range shards; /**< this rank's; the config has how many there are */
    /* of all ranks together, if the rows have weights: */
    size_t counted;    /**< rows whose weight is not 0 */
    double weight_sum; /**< of the weights, in the order of shards and tree */
} mlp_sharded;

/** Rows of all ranks that count, and the sum of their weights. */
static inline size_t mlp_sharded_counted(const mlp_sharded *split)
{
    return split->here.weights != NULL ? split->counted : split->rows;
}

static inline double mlp_sharded_weight(const mlp_sharded *split)
{
    return split->here.weights != NULL ? split->weight_sum
                                       : (double)split->rows;
}

/** Rows of shard `shard` (one of split->shards), counted in split->here.
 *  @param shards  how many there are in all */
mlp_range mlp_sharded_rows(const mlp_sharded *split, size_t shards,
                           size_t shard);

/** What a trainer works with; all of it must outlive the trainer. */
typedef struct {
    mlp_comm *comm;
    const mlp_config *config; /**< shards and threads resolved */
    const mlp_model *model;
    const mlp_kernels *kernels;
    const mlp_sharded *train;
    const mlp_source_info *info; /**< of the source; of images, with --augment;
                                      NULL: without --augment */
    mlp_scaler scaler;
    bool is_sparse;             /**< the data has enough zeros to skip them */
    const float *class_weights; /**< [model->classes], or NULL: all 1 */
    mlp_profile *profile;       /**< of config->threads threads, or NULL */
    mlp_target_scaler target_scaler; /**< of a regression */
    mlp_stop *stop;                  /**< of this rank; may be NULL */
    uint64_t first_epoch; /**< counted on from here: what draws shuffles */
    uint64_t first_step;  /**< and dropout; and what the optimizer's
                               moments have seen. The schedule is of the
                               epochs and steps from 0 on */
} mlp_trainer_parts;

/** Rows that a trainer asks a data set for at once, at most.
 *  @param owned  shards of its rank */
size_t mlp_trainer_rows_at_most(const mlp_config *config, size_t owned);

/** Collective. MLP_ERROR_INTERNAL on all ranks when one has no memory. */
mlp_status mlp_trainer_create(const mlp_trainer_parts *parts,
                              mlp_trainer **trainer);
void mlp_trainer_destroy(mlp_trainer **trainer); /**< Collective. */

/** Set parameters and moments, from the same canonical arrays on every rank.
 *  @param moments  [mlp_optimizer_moments], NULL entries mean zeros
 *  Collective. */
mlp_status mlp_trainer_load(mlp_trainer *trainer, const float *parameters,
                            float *const *moments);

/** Copy parameters and moments out on every rank, in canonical order, between
 *  steps. Arrays as for load; NULL entries, the same on all ranks, are left
 *  out. Collective. */
mlp_status mlp_trainer_store(mlp_trainer *trainer, float *parameters,
                             float *const *moments);

/** Which floats of a layer this rank is to digest: those that it updates, as a
 *  range of the model's vectors. The same vectors for any team. Not collective.
 */
mlp_range mlp_trainer_rank_range(const mlp_trainer *trainer, size_t layer);

/** The first eight bytes of the SHA-256 of some floats of the parameters and
 *  of each moment, between steps. Collective; the floats are each rank's own.
 */
mlp_status mlp_trainer_digest(mlp_trainer *trainer, mlp_range floats,
                              uint64_t *value);

/** Whether all ranks hold the same parameters and moments and are at the same
 *  place; on all ranks MLP_ERROR_INTERNAL when not, naming those that differ
 *  from the most. Between steps.
 *  @param step  global steps done
 *  Collective. */
mlp_status mlp_trainer_compare(mlp_trainer *trainer, uint64_t step);

/** From the next step on multiply the schedule's learning rate by `scale`, on
 *  every rank. */
void mlp_trainer_scale_rate(mlp_trainer *trainer, double scale);

/** Run steps and evaluations on threads that are kept, until NULL takes their
 *  place (system/threads.h). */
void mlp_trainer_use_threads(mlp_trainer *trainer, mlp_threads *threads);

/** Learning rate of a global step (from 0). */
double mlp_trainer_rate(const mlp_trainer *trainer, uint64_t step);

/** What one step came to, the same on every rank. */
typedef struct {
    mlp_tally tally; /**< of this global batch, before the update */
    double weight;   /**< sum of its rows' weights; 0: nothing was updated */
    bool wants_stop; /**< some rank was asked to stop */
} mlp_step_result;

/** Global batch `step` (from 0) of an epoch (from 0), in config->accumulate
 *  micro-batches of config->batch rows: train on it.
 *  @param wants_stop  this rank was asked to stop, which all ranks then know
 *  MLP_DIVERGED when the loss is not finite, MLP_ERROR_IO when a rank cannot
 *  read its rows: parameters are as before.
 *  Collective. */
mlp_status mlp_trainer_step(mlp_trainer *trainer, uint64_t epoch, size_t step,
                            bool wants_stop, mlp_step_result *result);

/** This rank's share of what all ranks compute in training: it works on the
 *  rows of its node, on any rank; 0 of a rank that only hands in its own
 *  (team/node_team.h). */
double mlp_trainer_work_share(const mlp_trainer *trainer);

/** How the first layer goes between nodes, "columns" or "tree, as ", and what
 *  there is to say about it; to be printed one after the other. */
typedef struct {
    const char *way, *about;
    bool sends_rows; /**< with columns: rows for each micro-batch */
} mlp_first_layer_way;
mlp_first_layer_way mlp_trainer_first_layer_way(const mlp_trainer *trainer);

/** The same of any team.
 *  @param by_tree  why not by columns; NULL: by columns */
mlp_first_layer_way mlp_first_layer_way_of(const char *by_tree,
                                           bool sends_rows);

/** What steps sent between nodes, and how much of that time they computed.
 *  Between steps. Collective. */
mlp_exchange_traffic mlp_trainer_traffic(mlp_trainer *trainer);

/** What the current parameters make of this rank's rows of a split: [rows,
 *  outputs], without padding. Between steps. Collective.
 *  @param outputs  [rows of split->here, outputs], overwritten */
void mlp_trainer_outputs(mlp_trainer *trainer, const mlp_sharded *split,
                         float *outputs);

/** Tally and confusion over a sharded split with the current parameters. Rows
 *  of classes are ranked if that takes at most 64 MiB and an eighth of
 *  --memory-limit, or if the configuration monitors what it gives. MLP_STOPPED
 *  on all ranks when a stop is wanted on one, which does not evaluate the rest
 *  of its rows: the tally is then worth nothing. MLP_ERROR_IO when a rank
 *  cannot read its rows.
 *  @param confusion  [classes, classes], row = truth, zeroed by
 *  the caller; or NULL
 *  Collective. */
mlp_status mlp_trainer_evaluate(mlp_trainer *trainer, const mlp_sharded *split,
                                mlp_tally *tally, uint64_t *confusion);

/** ReLU units that are 0 for each of some training rows: no gradient gets
 *  through these. Of the hidden layer that has most of them for its size. */
typedef struct {
    size_t layer;       /**< from 0 */
    size_t units, dead; /**< of the layer; 0 when there is no ReLU */
    size_t rows;        /**< of the sample: the first of each shard */
} mlp_dead_units;

/** Count them, between steps: the same numbers for any team.
 *  MLP_ERROR_IO when a rank cannot read its rows; MLP_ERROR_INTERNAL without
 *  memory. Collective. */
mlp_status mlp_trainer_count_dead(mlp_trainer *trainer, mlp_dead_units *found);

#endif
