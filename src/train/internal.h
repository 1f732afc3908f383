/** @file
 *  The trainer's insides, for the files of this room.
 */
#ifndef MLP_TRAINER_INTERNAL_H
#define MLP_TRAINER_INTERNAL_H

#include "exchange/exchange.h"
#include "model/columns.h"
#include "model/pass.h"
#include "optim/optimizer.h"
#include "rows/feed.h"
#include "rows/sampler.h"
#include "team/node_team.h"
#include "team/vote.h"
#include "trainer.h"

#include "infer/forward_rows.h"
#include "thread_tuner.h"
#include "weights.h"

enum { MLP_SHARD_METRICS = 13 }; /* doubles of a shard; see shard_metrics.c */

enum { MLP_VIEW_SIZE = 3 }; /* words of the sentinel for each rank */

/* What this rank's threads find out about a layer's gradient in a step. */
typedef struct {
    _Atomic bool is_unsafe;   /* this rank's sums, by mlp_kernels.gradient */
    _Atomic bool is_infinite; /* the sum of all ranks, in this rank's range: has
                                 a value that is not finite */
} mlp_gradient_alarm;

/* What a rank tells its node team before it hands in its rows. */
typedef struct {
    _Alignas(64) bool wants_stop;
    bool has_fault; /* could not read its rows */
} mlp_rank_report;

/* What the node team of a node writes for all its ranks in a step. */
typedef struct {
    _Atomic bool is_unsafe;  /* some of the node team's sums are */
    bool is_spoiled;         /* the loss of a micro-batch is not finite */
    _Atomic bool is_refused; /* some thread's sums are not finite */
    /* How the step ended, for idle ranks. */
    mlp_status status;
    mlp_step_result result;
    bool has_fault;
    mlp_rank_report ranks[]; /* [ranks of the node team] */
} mlp_trainer_board;

/* What a thread has seen of a batch, on cache lines of its own. */
typedef struct {
    _Alignas(64) mlp_pass_extent extent;
    bool has_finite_losses;
} mlp_thread_bounds;

/* The part of a batch that this rank's node computes: what its node team works
 * on, in memory that the ranks of the node share. */
typedef struct {
    mlp_node_team *team;
    mlp_trainer_board *board;
    mlp_range shards;   /* the node's */
    mlp_range fed;      /* whose rows are in the feed: the node's; with columns
                           those of all nodes */
    mlp_range gathered; /* of these, those whose rows this rank gathers, */
    const mlp_dataset *dataset; /* from here */
    size_t *fed_start;          /* [fed.count + 1], in the batch under way */
    double *fed_weights; /* [fed.count], sums of the rows' weights in the batch
                            so far: each rank's of what it gathers, before it
                            hands in its rows */
    size_t *leaf_start;  /* [shards.count + 1], in the node's part of it, */
    size_t *leaf_word;   /* and the mask words of the same */
    size_t first_row;    /* the node's in the feed's batch, */
    mlp_batch batch;     /* and its rows; without inputs where it has columns */
    mlp_deformer *deformer; /* of its batches' images, or NULL */
    mlp_feed *feed;
    mlp_pass *pass;
    float *leaf_sums; /* [shards.count, vector_size], with --accumulate */
    mlp_thread_bounds *bounds; /* [threads of the node team] */
    bool may_fuse;             /* gradient and update in one (fused.c) */
    bool is_careful;           /* a test wants no step to be bounded */
} mlp_trainer_node;

/* The order in which the rows of some shards are taken. */
typedef struct {
    mlp_sampler *sampler;
    uint64_t epoch;   /* that it is shuffled for; UINT64_MAX: none */
    bool is_expected; /* what is taken next is read ahead, if it is in a file */
} mlp_row_order;

/* Rows that are sent ahead of their micro-batches (row_stream.c). */
typedef struct {
    uint64_t epoch;
    size_t index; /* of the micro-batch in it */
} mlp_batch_number;

typedef struct {
    mlp_row_order order;   /* of this rank's shards; all zero: none are sent */
    mlp_batch_number next; /* to be sent, */
    mlp_batch_number due;  /* and to be taken */
    uint32_t turn;         /* of the exchange, that was taken */
    size_t *shard_start;   /* [shards + 1], of what is being sent */
} mlp_row_stream;

/* The first layer by columns (columns.c); all zero where each node holds all of
 * it. */
typedef struct {
    mlp_range *of_node; /* [nodes] */
    mlp_model *held;    /* what this node holds */
    mlp_model first;    /* its first layer, which is not owned */
    mlp_pass *pass;     /* of that layer, over the rows of all nodes */
    mlp_dataset rows;   /* that this rank gathers, in the node's memory: of all
                           data, or of the micro-batch under way */
    bool sends_rows;    /* the latter */
    mlp_row_stream stream;
    float *layer; /* columns of another node, while they are gathered */
    mlp_gradient_node sum;     /* the gradient's, over all shards */
    mlp_gradient_node *leaves; /* [shards], with --accumulate */
    float *leaf_sums;          /* [shards, first.vector_size], of these */
} mlp_trainer_columns;

/* Layers that are exchanged together, as one layer of the exchange. */
typedef struct {
    size_t count;
    size_t of[MLP_MAX_HIDDEN + 1]; /* [layers], the bundle of each */
} mlp_trainer_bundles;

/* Which rows come next, and at what learning rate. */
typedef struct {
    mlp_row_order order;    /* of the rows that this rank gathers */
    uint64_t expected_step; /* global, after the last; UINT64_MAX: none yet */
    double rate_scale;      /* of the schedule's learning rate */
} mlp_trainer_position;

/* For evaluations, in which each rank is by itself. */
typedef struct {
    mlp_feed *feed;
    mlp_pass *pass;
    mlp_tally *tallies; /* [shards] */
} mlp_trainer_evaluation;

/* For comparisons of the ranks. */
typedef struct {
    uint64_t *prints; /* [threads] */
    mlp_vote vote;    /* on MLP_VIEW_SIZE words */
} mlp_trainer_sentinel;

/* What the update has to know of a step. */
typedef struct {
    double lr;
    double weight;    /* of the rows of the global batch; 0: no update */
    uint64_t step;    /* global, from 0 */
    bool is_given_up; /* no update */
    bool is_unsafe;   /* some rank's sums are: look before the update */
} mlp_step_facts;

struct mlp_trainer {
    mlp_trainer_parts parts;
    mlp_trainer_node node;
    mlp_trainer_columns columns;
    const char *by_tree; /* why not by columns, or NULL */
    mlp_trainer_bundles bundles;
    /* With columns: a step whose other layers are not updated yet, as their
     * sums may be under way until the next step's forward reads them. */
    mlp_step_facts pending;
    bool is_pending;
    mlp_exchange *exchange;
    mlp_weights weights;
    mlp_optimizer optimizer;
    mlp_trainer_position position;
    bool has_fault;             /* some rank could not read its rows */
    mlp_gradient_alarm *alarms; /* [layers] */
    mlp_trainer_evaluation evaluation;
    mlp_trainer_sentinel sentinel;
    mlp_threads *threads; /* that are kept, or NULL */
    mlp_thread_tuner tuner;
    double *busy; /* [threads], seconds in the last step */
};

/** Whether steps are too short for more than one thread. */
bool mlp_trainer_is_short(const mlp_trainer_parts *parts);

/** Make the node team, and all that lies in its memory: board, feed, pass, the
 *  leaves' sums. Collective. */
mlp_status mlp_trainer_create_node_team(mlp_trainer *trainer);
void mlp_trainer_destroy_node_team(mlp_trainer *trainer); /**< Collective. */

/** Whether the first layer's columns belong to nodes. */
static inline bool mlp_trainer_has_columns(const mlp_trainer *trainer)
{
    return trainer->columns.held != NULL;
}

/** The model whose vectors this node holds. */
static inline const mlp_model *mlp_trainer_held(const mlp_trainer *trainer)
{
    return mlp_trainer_has_columns(trainer) ? trainer->columns.held
                                            : trainer->parts.model;
}

/** Find them.
 *  @param sizes  [MLP_MAX_HIDDEN + 1], set to the floats of each bundle */
void mlp_trainer_bundle_layers(const mlp_model *model, bool has_columns,
                               mlp_trainer_bundles *bundles, size_t *sizes);

/** Why the first layer goes by the tree on so many nodes, as far as
 *  configuration and model say; NULL: by columns, if memory allows. */
const char *mlp_trainer_why_tree(const mlp_config *config,
                                 const mlp_model *model, size_t nodes);

/** The layer of the exchange in which a layer of the model is. */
static inline size_t mlp_trainer_bundle(const mlp_trainer *trainer, size_t l)
{
    return trainer->bundles.of[l];
}

/** Whether it is the first layer there: the last whose gradient is computed. */
static inline bool mlp_trainer_ends_bundle(const mlp_trainer *trainer, size_t l)
{
    return l == 0 || trainer->bundles.of[l - 1] < trainer->bundles.of[l];
}

/** Choose how the first layer is exchanged, and with columns find those of this
 *  node. MLP_ERROR_USAGE when the configuration asks for columns that cannot
 *  be. Collective. */
mlp_status mlp_trainer_choose_columns(mlp_trainer *trainer);

/** Copy all training rows to each node, in memory that its ranks share.
 *  Collective. MLP_ERROR_INTERNAL on all ranks without memory.
 *  @param rows  set to those of some shards; not to be destroyed */
mlp_status mlp_trainer_copy_rows(mlp_trainer *trainer, mlp_range shards,
                                 mlp_dataset *rows);
uint64_t mlp_trainer_copy_bytes(const mlp_trainer *trainer); /**< Of them. */

/** The training rows of a run of shards. */
mlp_range mlp_trainer_rows_of(const mlp_trainer *trainer, mlp_range shards);

/** Whether nodes send each other rows for each micro-batch, as they have no
 *  copy. */
static inline bool mlp_trainer_sends_rows(const mlp_trainer *trainer)
{
    return trainer->columns.sends_rows;
}

/** The order of some shards' rows, as the configuration has it. */
mlp_status mlp_trainer_create_order(const mlp_trainer *trainer,
                                    mlp_range shards, mlp_row_order *order);

/** Shuffle for another epoch, counted from the training's start; and have rows
 *  from a micro-batch of it on read ahead, if they are in a file. */
void mlp_trainer_expect_rows(const mlp_trainer *trainer, mlp_row_order *order,
                             const mlp_dataset *rows, uint64_t epoch,
                             size_t index);

/** Prepare it, when the exchange is there. Not collective. */
mlp_status mlp_trainer_create_stream(mlp_trainer *trainer);
void mlp_trainer_destroy_stream(mlp_trainer *trainer); /**< Collective. */

/** Send rows of micro-batches to come, wait for those of this one, and let
 *  this rank gather from them. The epoch counts from the training's start.
 *  Collective. */
void mlp_trainer_take_rows(mlp_trainer *trainer, uint64_t epoch, size_t index);

/** Bytes of the node's memory for the columns' pass, and for sums over leaves.
 *  @param rows  of a micro-batch on all nodes, at most */
size_t mlp_trainer_columns_bytes(const mlp_trainer *trainer, size_t rows);
size_t mlp_trainer_columns_sums_bytes(const mlp_trainer *trainer);

/** With columns: create the pass, and find the rows that this rank gathers, of
 *  a copy of all nodes' rows that the node shares. Collective.
 *  @param rows    as above
 *  @param memory  [mlp_trainer_columns_bytes] */
mlp_status mlp_trainer_create_columns(mlp_trainer *trainer, size_t rows,
                                      void *memory);

/** The lists of gradient sums, when the exchange is there. Not collective. */
mlp_status mlp_trainer_create_column_sums(mlp_trainer *trainer);
void mlp_trainer_destroy_columns(mlp_trainer *trainer);

/** State vector i (0: parameters) of the whole model, on every rank, when all
 *  updates are done: valid until the next step or call. Collective. */
const float *mlp_trainer_gather(mlp_trainer *trainer, size_t i);

/** Targets of the node's rows, or NULL. */
static inline const float *mlp_trainer_targets(const mlp_trainer *trainer)
{
    const float *all = mlp_feed_targets(trainer->node.feed);
    return all == NULL ? NULL : all + trainer->node.first_row * MLP_ALIGN;
}

/** Weights of the node's rows, or NULL. */
static inline const float *mlp_trainer_weights(const mlp_trainer *trainer)
{
    const float *all = mlp_feed_weights(trainer->node.feed);
    return all == NULL ? NULL : all + trainer->node.first_row;
}

/** Sums of the weights of the node's shards, in the batch so far. */
static inline const double *mlp_trainer_leaf_weights(const mlp_trainer *trainer)
{
    const mlp_trainer_node *node = &trainer->node;
    return node->fed_weights + (node->shards.first - node->fed.first);
}

/** The rows of this rank's shards, counted in the node's batch. */
mlp_range mlp_trainer_rows_here(const mlp_trainer *trainer);

/** Rows that so many shards have in a micro-batch of a batch, at most. */
size_t mlp_trainer_batch_rows(const mlp_config *config, size_t shards);

/** Where batch `index` (of those that the sampler deals) has its rows; and,
 *  when the feed has begun it, the node's rows of it. */
void mlp_trainer_lay_batch(mlp_trainer *trainer, size_t index);
void mlp_trainer_take_batch(mlp_trainer *trainer);

/** Whether gradient and update may be one, if the numbers of a step allow. */
bool mlp_trainer_may_fuse(const mlp_trainer *trainer);

/** Whether an update takes norms of the gradient or of weights. */
bool mlp_trainer_needs_norms(const mlp_config *config);

/** Numbers that the ranks of a node share for them. */
size_t mlp_trainer_measures(const mlp_trainer_parts *parts);

/** Add what feed and pass have of some rows to the metrics of the node team's
 *  shards, in the order of the rows. From the node team's thread 0, like the
 * two below.
 *  @param is_first  nothing was added in this step yet */
void mlp_trainer_add_metrics(const mlp_trainer *trainer, bool is_first);

/** Complete the node team's shard metrics with what is known of its gradient
 * now. */
void mlp_trainer_close_metrics(const mlp_trainer *trainer);

/** Whether the losses in the node team's shard metrics are finite; they are not
 *  published yet. */
bool mlp_trainer_has_finite_losses(const mlp_trainer *trainer);

/** The whole batch's tally, from the metrics of all shards, and whether some
 *  rank's gradient is unsafe. Every rank comes to the same decision:
 *  MLP_DIVERGED when its loss is not finite, or when the trainer then
 *  has_fault. From thread 0 of a working rank. Collective. */
mlp_status mlp_trainer_read_metrics(mlp_trainer *trainer,
                                    mlp_step_result *result, bool *is_unsafe);

/** What evaluates rows with the trainer's parameters, on this rank alone, when
 *  all updates are done; no stop ends it. Collective. */
mlp_evaluator mlp_trainer_evaluator(mlp_trainer *trainer);

/** This rank's rows of a split, to be evaluated now, when no rows of a step are
 *  expected any more. */
mlp_evaluation_order mlp_trainer_order(mlp_trainer *trainer,
                                       const mlp_sharded *split);

/** Whether all of values [count] are. */
bool mlp_trainer_are_finite(const float *values, size_t count);

/** After a step that was given up: say which quantity of which layer and rank
 *  was the first not to be finite. The same line on all ranks. MLP_DIVERGED,
 *  or what the transport says. Collective. */
mlp_status mlp_trainer_diagnose(mlp_trainer *trainer, uint64_t epoch,
                                size_t step);

/** Wait until all ranks have finished updating all layers: between steps the
 *  weights may then be read. Collective. */
void mlp_trainer_wait(mlp_trainer *trainer);

/** Update what is pending. Collective. */
void mlp_trainer_finish_pending(mlp_trainer *trainer);

#endif
