/** @file
 *  The trainer's insides, for trainer.c, trainer_step.c and
 *  trainer_evaluate.c.
 */
#ifndef MLP_TRAINER_INTERNAL_H
#define MLP_TRAINER_INTERNAL_H

#include "mlp/exchange.h"
#include "mlp/feed.h"
#include "mlp/optimizer.h"
#include "mlp/pass.h"
#include "mlp/sampler.h"
#include "mlp/trainer.h"

#include "evaluate.h"
#include "pace.h"

/* What rides along with a shard's gradient. */
enum {
    MLP_RECORD_LOSS,
    MLP_RECORD_HITS,
    MLP_RECORD_ROWS,
    MLP_RECORD_STOP,
    MLP_RECORD_ERROR, /* of a regression, as in mlp_tally: these three */
    MLP_RECORD_TARGETS,
    MLP_RECORD_SQUARES,
    MLP_RECORD_SIZE
};

struct mlp_trainer {
    mlp_trainer_parts parts;
    mlp_exchange *exchange;
    mlp_gradient_node *nodes; /* [node_count], this rank's canonical nodes */
    size_t node_count;
    mlp_sampler *sampler;
    mlp_feed *feed;
    mlp_pass *pass;
    mlp_optimizer optimizer;
    float *sums;       /* [vector_size], gradient of all ranks; of this rank's
                          slices only. NULL where no norms are needed */
    double rate_share; /* of the schedule's learning rate */
    uint64_t shuffled_epoch; /* that the sampler is at */
    double *shard_sums;      /* [MLP_TALLY_SUMS, shards], of an evaluation */
    mlp_pace pace;
    double *busy; /* [threads], seconds in the last step */
};

/** What the update has to know of a step. */
typedef struct {
    double lr;
    size_t rows;      /* of the global batch */
    uint64_t step;    /* global, from 0 */
    bool is_given_up; /* no update */
} mlp_step_facts;

/** Whether an update takes norms of the gradient or of weights. */
bool mlp_trainer_needs_norms(const mlp_config *config);

/** Numbers that the ranks of a node share for them. */
size_t mlp_trainer_measures(const mlp_trainer_parts *parts);

/** Sum the gradients of all ranks, and update. Every thread of the crew calls
 *  and gets the same status; MLP_DIVERGED, on all ranks, when the gradient's
 *  norm was needed and is not finite: parameters are as before. Collective. */
mlp_status mlp_trainer_finish(mlp_trainer *trainer, mlp_thread self,
                              const mlp_step_facts *facts);

/** After a step that was given up: say which quantity of which layer and rank
 *  was the first not to be finite. The same line on all ranks. MLP_DIVERGED,
 *  or what the transport says. Collective. */
mlp_status mlp_trainer_diagnose(mlp_trainer *trainer, uint64_t epoch,
                                size_t step);

/** Wait until all ranks have finished updating all layers. */
void mlp_trainer_wait(mlp_trainer *trainer);

#endif
