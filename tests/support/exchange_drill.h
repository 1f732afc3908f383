/** @file
 *  A training run of exchanges only. Its synthetic gradients depend on the
 *  parameters, so that a rank or thread that reads too early or writes too late
 *  changes the result. For tests with one rank and several.
 */
#ifndef MLP_TEST_EXCHANGE_DRILL_H
#define MLP_TEST_EXCHANGE_DRILL_H

#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bfloat16.h"
#include "base/range.h"
#include "exchange/exchange.h"

/* The layer of one cache line leaves ranks without a range. */
static const size_t drill_layers[] = {1600, 16, 5008};
enum { DRILL_LAYERS = 3, DRILL_TOTAL = 1600 + 16 + 5008, DRILL_METRICS = 3 };

typedef struct {
    size_t shards, threads, steps;
    int has_naps; /* ranks and threads sleep at times */
    mlp_exchange_kind kind;
    float tolerance; /* relative to 1 + |value|; 0: bitwise equal */
    mlp_exchange_precision precision;
} drill;

/* Mix numbers to a number (the finalizer of MurmurHash3). */
static uint32_t drill_hash(size_t a, size_t b, size_t c)
{
    uint32_t h = (uint32_t)(a * 73856093U ^ b * 19349663U ^ c * 83492791U);
    h = (h ^ h >> 16) * 0x85ebca6bU;
    h = (h ^ h >> 13) * 0xc2b2ae35U;
    return h ^ h >> 16;
}

/* Gradient of one shard for float i: sizes differ widely, so order matters. */
static float drill_leaf(size_t shard, size_t i, size_t step, float parameter)
{
    uint32_t h = drill_hash(shard, i, step);
    float scale = (float)(1U << (h % 24));
    return (float)(int32_t)h * 1e-16F * scale + 0.01F * parameter;
}

/* A value of the tree. */
static float drill_value(const drill *d, float x)
{
    return d->precision == MLP_PRECISION_BF16 ? mlp_bfloat16_round(x) : x;
}

static float drill_subtree(const drill *d, mlp_subtree node, size_t i,
                           size_t step, float parameter)
{
    if (node.count == 1) {
        return drill_value(d, drill_leaf(node.first, i, step, parameter));
    }
    size_t left = 1;
    while (2 * left < node.count) {
        left *= 2;
    }
    mlp_subtree low = {node.first, left};
    mlp_subtree high = {node.first + left, node.count - left};
    return drill_value(d, drill_subtree(d, low, i, step, parameter) +
                              drill_subtree(d, high, i, step, parameter));
}

static double drill_metric(size_t shard, size_t k, size_t step)
{
    return (double)drill_hash(shard, k, step);
}

/* Momentum: the second state vector. */
static void drill_update(float *parameter, float *moment, float sum)
{
    *moment = 0.75F * *moment + sum;
    *parameter -= 0.125F * *moment;
}

/* The result of a run, computed without an exchange: [2, DRILL_TOTAL]. */
static void drill_expect(const drill *d, float *states)
{
    memset(states, 0, 2 * DRILL_TOTAL * sizeof *states);
    for (size_t step = 0; step < d->steps; step++) {
        for (size_t i = 0; i < DRILL_TOTAL; i++) {
            mlp_subtree root = {0, d->shards};
            drill_update(&states[i], &states[DRILL_TOTAL + i],
                         drill_subtree(d, root, i, step, states[i]));
        }
    }
}

/* A run in progress. */
typedef struct {
    const drill *d;
    mlp_comm *comm;
    mlp_node_team *node_team;
    mlp_exchange *exchange;
    float *parameters, *moments;
    atomic_size_t mistakes; /* wrong calls, ranges or metrics */
} drill_run;

static void drill_apply(void *context, size_t first, size_t count,
                        const float *sum)
{
    drill_run *run = context;
    run->mistakes += first % 16 != 0 || count % 16 != 0 || count == 0;
    for (size_t i = 0; i < count; i++) {
        drill_update(&run->parameters[first + i], &run->moments[first + i],
                     sum[i]);
    }
}

static void drill_nap(const drill_run *run, mlp_thread self, size_t moment)
{
    size_t who = mlp_comm_rank(run->comm) * 16 + self.index;
    uint32_t h = drill_hash(who, moment, 7);
    if (run->d->has_naps && h % 8 == 0) {
        usleep(h / 8 % 400);
    }
}

/* A node team's sum of a subtree; a leaf is not rounded yet. */
static float drill_sum(drill_run *run, mlp_subtree node, size_t i, size_t step)
{
    float parameter = run->parameters[i];
    bool is_leaf = node.count == 1;
    run->mistakes += run->d->precision == MLP_PRECISION_BF16 && !is_leaf;
    return is_leaf ? drill_leaf(node.first, i, step, parameter)
                   : drill_subtree(run->d, node, i, step, parameter);
}

/* This thread's range of the sums of the node team's subtrees for one layer. */
static void drill_backward(drill_run *run, mlp_thread self, size_t first,
                           size_t size, size_t step)
{
    size_t count;
    const mlp_subtree *subtrees = mlp_exchange_subtrees(run->exchange, &count);
    mlp_range mine = mlp_range_part(size, mlp_node_team_workers(run->node_team),
                                    mlp_node_team_worker(run->node_team));
    mlp_range range = mlp_thread_share(self, mine.count);
    range.first += mine.first;
    for (size_t n = 0; n < count; n++) {
        float *sums = mlp_exchange_gradient(run->exchange, n);
        for (size_t k = 0; k < range.count; k++) {
            size_t i = first + range.first + k;
            sums[i] = drill_sum(run, subtrees[n], i, step);
        }
    }
}

/* By the node team's thread 0: write and publish its shard metrics. */
static void drill_publish_shard_metrics(drill_run *run, size_t step)
{
    double *mine = mlp_exchange_shard_metrics(run->exchange);
    mlp_range owned = mlp_node_team_shards(run->node_team, run->d->shards);
    for (size_t i = 0; i < owned.count * DRILL_METRICS; i++) {
        mine[i] = drill_metric(owned.first + i / DRILL_METRICS,
                               i % DRILL_METRICS, step);
    }
    mlp_exchange_publish_shard_metrics(run->exchange);
}

/* Metrics of all shards must be those of this step. */
static void drill_check_shard_metrics(drill_run *run, const double *all,
                                      size_t step)
{
    for (size_t i = 0; i < run->d->shards * DRILL_METRICS; i++) {
        run->mistakes +=
            all[i] != drill_metric(i / DRILL_METRICS, i % DRILL_METRICS, step);
    }
}

static void drill_publish_layers(drill_run *run, mlp_thread self, mlp_thread me,
                                 size_t step)
{
    size_t first = DRILL_TOTAL;
    for (size_t layer = DRILL_LAYERS; layer-- > 0;) {
        first -= drill_layers[layer];
        drill_nap(run, self, step * 8 + layer);
        drill_backward(run, self, first, drill_layers[layer], step);
        mlp_exchange_publish(run->exchange, layer, me);
        mlp_exchange_progress(run->exchange, self);
    }
}

/* A thread in the node team, whose ranks have the same number of threads. */
static mlp_thread drill_in_team(const drill_run *run, mlp_thread self)
{
    size_t worker = mlp_node_team_worker(run->node_team);
    return (mlp_thread){worker * self.count + self.index,
                        mlp_node_team_workers(run->node_team) * self.count,
                        NULL};
}

static void drill_step(drill_run *run, mlp_thread self, size_t step)
{
    for (size_t layer = 0; layer < DRILL_LAYERS; layer++) {
        mlp_exchange_wait(run->exchange, layer);
    }
    const mlp_thread me = drill_in_team(run, self);
    drill_publish_layers(run, self, me, step);
    mlp_thread_barrier(self);
    const double *metrics = NULL;
    if (self.index == 0) {
        if (mlp_node_team_worker(run->node_team) == 0) {
            drill_publish_shard_metrics(run, step);
        }
        metrics = mlp_exchange_collect_shard_metrics(run->exchange);
    }
    for (size_t layer = DRILL_LAYERS; layer-- > 0;) {
        drill_nap(run, self, step * 8 + layer + 2000);
        mlp_exchange_sum(run->exchange, layer, self, drill_apply, run);
        mlp_exchange_release(run->exchange, layer, me);
    }
    if (metrics != NULL) {
        drill_nap(run, self, step * 8 + 3000);
        drill_check_shard_metrics(run, metrics, step);
    }
}

static void drill_body(void *context, mlp_thread self)
{
    drill_run *run = context;
    bool is_idle = mlp_node_team_is_idle(run->node_team);
    for (size_t step = 0; step < run->d->steps; step++) {
        if (!is_idle) {
            drill_step(run, self, step);
        }
        mlp_thread_barrier(self);
        if (self.index == 0) {
            mlp_exchange_end_step(run->exchange);
        }
        mlp_thread_barrier(self);
    }
    for (size_t layer = 0; layer < DRILL_LAYERS; layer++) {
        mlp_exchange_wait(run->exchange, layer);
    }
}

static size_t drill_differs(const drill *d, float found, float expected)
{
    return d->tolerance > 0 ? !(fabsf(found - expected) <=
                                d->tolerance * (1 + fabsf(expected)))
                            : found != expected;
}

/* How many state vectors differ from rank 0's. */
static size_t drill_disagreements(drill_run *run, float *scratch)
{
    size_t bytes = DRILL_TOTAL * sizeof *scratch;
    memcpy(scratch, run->parameters, bytes);
    memcpy(scratch + DRILL_TOTAL, run->moments, bytes);
    if (mlp_comm_broadcast(run->comm, scratch, 2 * bytes) != MLP_OK) {
        return 1;
    }
    return (memcmp(scratch, run->parameters, bytes) != 0) +
           (memcmp(scratch + DRILL_TOTAL, run->moments, bytes) != 0);
}

/** Run it. Collective. Returns the number of floats that are not as expected
 *  plus that of other mistakes, 0 if all is right. */
static size_t drill_mistakes(mlp_comm *comm, const drill *d)
{
    drill_run run = {.d = d, .comm = comm};
    mlp_exchange_shape shape = {.shards = d->shards,
                                .layers = DRILL_LAYERS,
                                .layer_sizes = drill_layers,
                                .states = 2,
                                .metrics_per_shard = DRILL_METRICS,
                                .kind = d->kind,
                                .precision = d->precision};
    const mlp_node_team_wish wish = {.threads = d->threads,
                                     .is_alone = d->kind == MLP_EXCHANGE_MPI};
    if (mlp_node_team_create(comm, &wish, &run.node_team) != MLP_OK ||
        mlp_exchange_create(comm, run.node_team, &shape, &run.exchange) !=
            MLP_OK) {
        return SIZE_MAX;
    }
    run.parameters = mlp_exchange_state(run.exchange, 0);
    run.moments = mlp_exchange_state(run.exchange, 1);
    mlp_threads_run(NULL, d->threads, drill_body, &run);
    float *expected = malloc(2 * DRILL_TOTAL * sizeof *expected);
    size_t mistakes = run.mistakes + (expected == NULL);
    if (expected != NULL) {
        mistakes += drill_disagreements(&run, expected);
        drill_expect(d, expected);
        for (size_t i = 0; i < DRILL_TOTAL; i++) {
            mistakes += drill_differs(d, run.parameters[i], expected[i]);
            mistakes +=
                drill_differs(d, run.moments[i], expected[DRILL_TOTAL + i]);
        }
    }
    free(expected);
    mlp_exchange_destroy(&run.exchange);
    mlp_node_team_destroy(&run.node_team);
    return mistakes;
}

#endif
