/** @file
 *  Times the kernels in training a net: whole steps in the trainer's order, so
 *  that the caches are in the same state as in training, each call by itself.
 */
#include "bench_net.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench_machine.h"
#include "bench_memory.h"

#include "rows/feed.h"
#include "rows/sampler.h"
#include "rows/shard.h"

enum { ROWS_OF_DATA = 20000 };
static const double PEAK_SECONDS = 0.004;
static const double STEPS_SECONDS = 0.012;

typedef enum { GATHER, FORWARD, BACKWARD, GRADIENT, UPDATE, OPS } operation;
static const char *const op_names[OPS] = {"gather", "forward", "backward",
                                          "gradient", "update"};

typedef struct {
    mlp_dense dense;
    float *parameters, *velocity, *sum;
    float *activations, *dz;
    mlp_gradient_node node;
    double seconds[OPS];
} layer_bench;

typedef struct {
    const bench_net_plan *plan;
    const mlp_kernels *kernels;
    layer_bench layer[BENCH_LAYERS_MAX];
    float *scratch;
    size_t *leaf_start, *leaf_word; /* of made-up rows */
    uint16_t *labels;
    double *losses;
    uint32_t *predicted;
    mlp_batch batch;
    /* of real rows */
    mlp_source *source;
    mlp_dataset dataset;
    mlp_sampler *sampler;
    mlp_feed *feed;
    size_t step;
    double clock_cost;
} net;

static void create_layer(net *n, size_t l)
{
    const bench_net_plan *plan = n->plan;
    layer_bench *layer = &n->layer[l];
    size_t in = plan->widths[l];
    size_t out = plan->widths[l + 1];
    size_t size = mlp_dense_size(in, out, MLP_ACTIVATION_RELU);
    size_t rows = plan->batch + 2 * plan->shards;
    layer->parameters =
        bench_values(size, sqrtf(6.0f / (float)in), (unsigned)l + 2);
    layer->velocity = bench_zeros(size);
    layer->sum = bench_zeros(size);
    layer->activations = bench_zeros(rows * mlp_stride(out));
    layer->dz = bench_zeros(rows * mlp_stride(out));
    layer->dense = (mlp_dense){in, out,
                               l + 1 < plan->layers ? MLP_ACTIVATION_RELU
                                                    : MLP_ACTIVATION_IDENTITY,
                               layer->parameters};
    layer->node =
        (mlp_gradient_node){.leaves = {0, plan->shards}, .sum = layer->sum};
}

static void create_made_up_rows(net *n)
{
    const bench_net_plan *plan = n->plan;
    size_t stride = mlp_stride(plan->widths[0]);
    n->leaf_start = bench_array(plan->shards + 1, sizeof *n->leaf_start);
    n->leaf_word = bench_array(plan->shards + 1, sizeof *n->leaf_word);
    for (size_t i = 0; i < plan->shards; i++) {
        size_t end = (i + 1) * plan->batch / plan->shards;
        size_t rows = end - n->leaf_start[i];
        n->leaf_start[i + 1] = end;
        n->leaf_word[i + 1] = n->leaf_word[i] + mlp_leaf_words(rows);
    }
    n->batch =
        (mlp_batch){.values = bench_values(plan->batch * stride, 1.0f, 1),
                    .rows = plan->batch,
                    .cols = plan->widths[0],
                    .stride = stride,
                    .leaf_start = n->leaf_start,
                    .leaf_word = n->leaf_word,
                    .leaves = plan->shards};
}

static mlp_status open_real_rows(net *n)
{
    const bench_net_plan *plan = n->plan;
    mlp_range all = {0, plan->shards};
    MLP_TRY(mlp_source_open(plan->data, &n->source));
    const mlp_source_info *facts = mlp_source_facts(n->source);
    size_t rows = facts->rows[MLP_SPLIT_TRAIN];
    rows = rows < ROWS_OF_DATA ? rows : ROWS_OF_DATA;
    if (facts->features != plan->widths[0]) {
        return mlp_fail(MLP_ERROR_USAGE, "%s: rows have %zu features, not %zu",
                        facts->name, facts->features, plan->widths[0]);
    }
    MLP_TRY(mlp_dataset_load(n->source, MLP_SPLIT_TRAIN, (mlp_range){0, rows},
                             &n->dataset));
    MLP_TRY(mlp_sampler_create(1, rows, plan->shards, all, plan->batch,
                               &n->sampler));
    mlp_sampler_shuffle(n->sampler, 0);
    const mlp_feed_shape shape = {.features = facts->features,
                                  .rows = plan->batch + 2 * plan->shards,
                                  .leaves = plan->shards,
                                  .is_sparse = true};
    return mlp_feed_create(&shape, NULL, &n->feed);
}

static mlp_status create_net(net *n)
{
    const bench_net_plan *plan = n->plan;
    size_t widest = 0;
    for (size_t l = 0; l < plan->layers; l++) {
        create_layer(n, l);
        widest = plan->widths[l + 1] > widest ? plan->widths[l + 1] : widest;
    }
    n->scratch =
        bench_zeros(mlp_scratch_bytes(widest, plan->batch + 2 * plan->shards) /
                    sizeof(float));
    n->losses = bench_array(plan->batch, sizeof *n->losses);
    n->predicted = bench_array(plan->batch, sizeof *n->predicted);
    n->labels = bench_array(plan->batch, sizeof *n->labels);
    if (plan->data != NULL) {
        return open_real_rows(n);
    }
    create_made_up_rows(n);
    return MLP_OK;
}

static void destroy_net(net *n)
{
    for (size_t l = 0; l < n->plan->layers; l++) {
        layer_bench *layer = &n->layer[l];
        free(layer->parameters);
        free(layer->velocity);
        free(layer->sum);
        free(layer->activations);
        free(layer->dz);
    }
    if (n->plan->data == NULL) {
        free(n->batch.values);
    }
    free(n->scratch);
    free(n->leaf_start);
    free(n->leaf_word);
    free(n->labels);
    free(n->losses);
    free(n->predicted);
    mlp_feed_destroy(&n->feed);
    mlp_sampler_destroy(&n->sampler);
    mlp_dataset_destroy(&n->dataset);
    mlp_source_close(&n->source);
}

/* ---- one step, as in the trainer --------------------------------------- */

static void lap(const net *n, layer_bench *layer, operation op, double *since)
{
    double now = bench_cpu_seconds();
    layer->seconds[op] += now - *since - n->clock_cost;
    *since = now;
}

/* The next full batch: all steps must have the same flops. */
static const uint16_t *gather(net *n)
{
    if (n->feed == NULL) {
        return n->labels;
    }
    if ((n->step + 1) * n->plan->batch > n->dataset.range.count) {
        n->step = 0;
    }
    double since = bench_cpu_seconds();
    mlp_shard_batches rows = mlp_sampler_batch(n->sampler, n->step++);
    mlp_feed_begin(n->feed, &n->dataset, mlp_scaler_max(255.0f), &rows, NULL);
    mlp_feed_fill(n->feed, n->kernels, (mlp_thread){0, 1, NULL});
    n->batch = *mlp_feed_batch(n->feed);
    lap(n, &n->layer[0], GATHER, &since);
    return mlp_feed_labels(n->feed);
}

static mlp_batch input_of(const net *n, size_t l)
{
    mlp_batch input = n->batch;
    if (l > 0) {
        input.values = n->layer[l - 1].activations;
        input.cols = n->layer[l].dense.in;
        input.stride = mlp_stride(input.cols);
        input.nonzeros = NULL;
    }
    return input;
}

static void forward(net *n, const uint16_t *labels)
{
    mlp_range rows = {0, n->batch.rows};
    for (size_t l = 0; l < n->plan->layers; l++) {
        layer_bench *layer = &n->layer[l];
        mlp_batch input = input_of(n, l);
        double since = bench_cpu_seconds();
        const mlp_units units = {.a = layer->activations};
        n->kernels->forward(&layer->dense, &input, &units, rows,
                            (mlp_range){0, mlp_panels(layer->dense.out)});
        lap(n, layer, FORWARD, &since);
    }
    const layer_bench *last = &n->layer[n->plan->layers - 1];
    const mlp_loss_rows loss = {.outputs = last->activations,
                                .dz = last->dz,
                                .labels = labels,
                                .on = 1.0f,
                                .losses = n->losses,
                                .predicted = n->predicted,
                                .cols = last->dense.out,
                                .stride = mlp_stride(last->dense.out)};
    n->kernels->loss(MLP_LOSS_CROSS_ENTROPY, &loss, &last->dense, rows);
}

static void backward(net *n)
{
    mlp_range rows = {0, n->batch.rows};
    for (size_t l = n->plan->layers; l-- > 0;) {
        layer_bench *layer = &n->layer[l];
        const mlp_dense *dense = &layer->dense;
        mlp_batch input = input_of(n, l);
        double since = bench_cpu_seconds();
        if (l > 0) {
            const layer_bench *below = &n->layer[l - 1];
            const mlp_units units = {.a = below->activations};
            n->kernels->backward(
                dense, layer->dz, &below->dense, &units, below->dz, rows,
                (mlp_range){0, mlp_panels(dense->in)}, n->scratch);
            lap(n, layer, BACKWARD, &since);
        }
        mlp_range groups = {0, (dense->in + MLP_GROUP - 1) / MLP_GROUP};
        n->kernels->gradient(dense, &input, layer->dz, NULL, &layer->node,
                             groups, (mlp_range){0, mlp_panels(dense->out)},
                             n->scratch);
        lap(n, layer, GRADIENT, &since);
    }
}

/* With a small rate, so that training on random labels does not diverge. */
static void update(net *n)
{
    const mlp_update rule = {.kind = MLP_OPTIMIZER_SGD,
                             .lr = 1e-6f,
                             .momentum = 0.9f,
                             .gradient_scale = 1.0f / (float)n->plan->batch};
    for (size_t l = n->plan->layers; l-- > 0;) {
        layer_bench *layer = &n->layer[l];
        double since = bench_cpu_seconds();
        float *const moments[] = {layer->velocity, NULL};
        n->kernels->update(&rule,
                           mlp_dense_size(layer->dense.in, layer->dense.out,
                                          layer->dense.activation),
                           layer->sum, layer->parameters, moments);
        lap(n, layer, UPDATE, &since);
    }
}

static void run_step(net *n)
{
    const uint16_t *labels = gather(n);
    forward(n, labels);
    backward(n);
    update(n);
}

/* ---- measuring --------------------------------------------------------- */

static double flops_of(const net *n, size_t l, operation op)
{
    const mlp_dense *dense = &n->layer[l].dense;
    bool multiplies = op == FORWARD || op == BACKWARD || op == GRADIENT;
    return multiplies ? 2.0 * (double)n->plan->batch * (double)dense->in *
                            (double)dense->out
                      : 0.0;
}

static void print_pair(const net *n, double peak, double steps)
{
    const char *comma = "";
    printf("{\"peak_gflops\":%.4f,\"kernels\":[", peak);
    for (size_t l = 0; l < n->plan->layers; l++) {
        const layer_bench *layer = &n->layer[l];
        for (operation op = 0; op < OPS; op++) {
            if (layer->seconds[op] > 0.0) {
                printf("%s{\"op\":\"%s\",\"layer\":%zu,\"in\":%zu,\"out\":%zu,"
                       "\"flops\":%.0f,\"seconds\":%.9f}",
                       comma, op_names[op], l + 1, layer->dense.in,
                       layer->dense.out, flops_of(n, l, op),
                       layer->seconds[op] / steps);
                comma = ",";
            }
        }
    }
    printf("]}\n");
}

static void measure_pair(net *n)
{
    for (size_t l = 0; l < n->plan->layers; l++) {
        for (operation op = 0; op < OPS; op++) {
            n->layer[l].seconds[op] = 0.0;
        }
    }
    double before = bench_peak_gflops(n->kernels, PEAK_SECONDS);
    double start = bench_cpu_seconds();
    double steps = 0.0;
    while (bench_cpu_seconds() - start < STEPS_SECONDS) {
        run_step(n);
        steps += 1.0;
    }
    double after = bench_peak_gflops(n->kernels, PEAK_SECONDS);
    print_pair(n, before > after ? before : after, steps);
}

int bench_net(const bench_net_plan *plan)
{
    net *n = bench_array(1, sizeof *n);
    n->plan = plan;
    n->clock_cost = bench_cpu_clock_cost();
    n->kernels = mlp_kernels_find(NULL);
    mlp_status status = n->kernels == NULL ? mlp_fail(MLP_ERROR_INTERNAL,
                                                      "no kernels for this CPU")
                                           : create_net(n);
    if (status == MLP_OK) {
        run_step(n); /* warm-up: page faults, clock rate */
        for (size_t pair = 0; pair < plan->pairs; pair++) {
            measure_pair(n);
        }
    }
    destroy_net(n);
    free(n);
    return status == MLP_OK ? 0 : 2;
}
