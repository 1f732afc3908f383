/** @file
 *  The network's time in a step. Bytes, messages and rounds are counted; the
 *  time is that of one queue at each node's wire, which takes up transfers when
 *  what they send is computed, in the order of stages.c and finish.c.
 *  Computation is divided among the stages by their multiplications.
 */
#include "forecast.h"

#include "model/columns.h"

#include "internal.h"

typedef struct {
    const mlp_model *model;
    const mlp_exchange_forecast *loads;
    const mlp_wire *wire;
    const mlp_trainer_bundles *bundles;
    size_t nodes;
    double computing;
} timing;

static double weights_of(const mlp_model *model, size_t l)
{
    return (double)model->layer[l].in * (double)model->layer[l].out;
}

/* Seconds of one product of layer l: forward, backward or gradient. */
static double product(const timing *t, size_t l)
{
    double all = -weights_of(t->model, 0); /* whose input has no dz */
    for (size_t k = 0; k < t->model->layers; k++) {
        all += 3.0 * weights_of(t->model, k);
    }
    return t->computing * weights_of(t->model, l) / all;
}

static double wire_seconds(const timing *t, const mlp_exchange_load *load)
{
    return load->bytes * t->wire->seconds_per_byte;
}

static double at_least_0(double seconds)
{
    return seconds > 0.0 ? seconds : 0.0;
}

/* Gradients leave, last layer first, while earlier layers are computed. */
static double exposed_by_tree(const timing *t)
{
    double now = 0.0, wire = 0.0, end = 0.0;
    for (size_t l = 0; l < t->model->layers; l++) {
        now += product(t, l);
    }
    for (size_t l = t->model->layers; l-- > 0;) {
        const mlp_exchange_load *load = &t->loads->sums[l];
        now += product(t, l) * (l > 0 ? 2.0 : 1.0);
        wire = (wire > now ? wire : now) + wire_seconds(t, load);
        end = wire + (double)load->rounds * t->wire->latency;
    }
    double metrics = now + t->wire->latency; /* of which the update waits */
    return at_least_0((end > metrics ? end : metrics) - now);
}

/* z but for the first block has the time in which the rest is computed; dz
 * that of the small layers' gradients; their sums that of the first layer's
 * gradient and the next step's z, and so have rows of later batches. */
static double exposed_by_columns(const timing *t)
{
    const mlp_exchange_load *values = t->loads->values;
    double first = product(t, 0), small = 0.0, rounds = 0.0;
    double sums = wire_seconds(t, &t->loads->rows);
    double blocks = (double)t->nodes;
    for (size_t l = 1; l < t->model->layers; l++) {
        small += product(t, l);
    }
    for (size_t i = 1; i < t->bundles->count; i++) {
        sums += wire_seconds(t, &t->loads->sums[i]);
        rounds = (double)t->loads->sums[i].rounds;
    }
    double z = wire_seconds(t, &values[MLP_COLUMNS_SUMS]) -
               first * (blocks - 1.0) / blocks;
    double dz = wire_seconds(t, &values[MLP_COLUMNS_DZ]) +
                wire_seconds(t, &t->loads->metrics) - small;
    return 2.0 * t->wire->latency + at_least_0(z) + at_least_0(dz) +
           at_least_0(sums + rounds * t->wire->latency - 2.0 * first);
}

static size_t most_rounds(const mlp_exchange_forecast *loads, size_t layers)
{
    size_t most = 0;
    for (size_t i = 0; i < layers; i++) {
        most = loads->sums[i].rounds > most ? loads->sums[i].rounds : most;
    }
    return most;
}

mlp_step_forecast mlp_step_forecast_make(const mlp_config *config,
                                         const mlp_model *model,
                                         const mlp_exchange_team *team,
                                         const mlp_wire *wire, double computing,
                                         const mlp_exchange_columns *rows,
                                         mlp_range *columns)
{
    mlp_exchange_forecast loads;
    size_t nodes = mlp_exchange_team_nodes(team);
    size_t sizes[MLP_MAX_HIDDEN + 1];
    mlp_trainer_bundles bundles;
    mlp_step_forecast step = {.by_tree =
                                  mlp_trainer_why_tree(config, model, nodes)};
    bool has_columns = step.by_tree == NULL;
    for (size_t k = 0; k < nodes && has_columns; k++) {
        columns[k] = mlp_columns_of_node(model, nodes, k);
    }
    mlp_trainer_bundle_layers(model, has_columns, &bundles, sizes);
    mlp_exchange_shape shape = {
        .shards = config->shards > team->ranks ? config->shards : team->ranks,
        .layers = bundles.count,
        .layer_sizes = sizes,
        .metrics_per_shard = MLP_SHARD_METRICS,
        .precision = config->exchange_precision,
        .columns = *rows};
    shape.columns.of_node = has_columns ? columns : NULL;
    mlp_exchange_forecast_loads(&shape, team, config->batch, &loads);
    const timing t = {model, &loads, wire, &bundles, nodes, computing};
    step.sent = mlp_exchange_forecast_total(&loads, bundles.count);
    if (nodes > 1) {
        step.sent.rounds = has_columns ? MLP_COLUMNS_VALUES
                                       : most_rounds(&loads, bundles.count);
        step.exposed_seconds =
            has_columns ? exposed_by_columns(&t) : exposed_by_tree(&t);
    }
    return step;
}
