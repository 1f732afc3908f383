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
    uint64_t shuffled_epoch; /* that the sampler is at */
    double *shard_sums;      /* [MLP_TALLY_SUMS, shards], of an evaluation */
    mlp_pace pace;
    double *busy; /* [threads], seconds in the last step */
};

/** Wait until all ranks have finished updating all layers. */
void mlp_trainer_wait(mlp_trainer *trainer);

#endif
