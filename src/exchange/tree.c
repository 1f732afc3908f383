/** @file
 *  Gradients between nodes, in the summation tree.
 *
 *  A node team computes sums of a layer for the largest subtrees within the
 *  node's shards. The ranks that have the same range of the layer, one on each
 *  node, divide it among the nodes. In the reduce-scatter each rank receives
 *  all nodes' subtrees of its node's range and completes the tree; in the
 *  all-gather it sends the sum to all. A rank thus sends about two ranges,
 *  however many nodes there are, which is the minimum (Thakur, Rabenseifner and
 *  Gropp 2005, "Optimization of Collective Communication Operations in MPICH",
 *  section 4.5). For two nodes and for short ranges, where two transfers take
 *  longer than one of more bytes, every node receives and sums all.
 *
 *  On a single node, and of a layer by columns, the node team's sum is already
 *  that of all ranks, unless leaves are rounded; then each rank sums its range
 *  of them.
 */
#include "base/bfloat16.h"
#include "team/place.h"

#include "internal.h"

/* A tree of one operand, for a sum that is complete. */
static const mlp_subtree only_operand = {0, 1};

static bool is_rounded(const mlp_exchange *x)
{
    return x->shape.precision == MLP_PRECISION_BF16;
}

/* A node's range of this rank's range: the floats that the node sums. */
static mlp_range node_range(const mlp_exchange *x, const mlp_exchange_layer *p,
                            size_t node)
{
    return p->is_direct
               ? p->range
               : mlp_exchange_subrange(p->range, x->place->nodes, node);
}

/* Number i of an array in the format that is sent. */
static void *number_at(const mlp_exchange *x, void *array, size_t i)
{
    return (char *)array + i * x->number;
}

/* Where this node's exchanged subtree k of a node's range is sent from. */
static void *send_buffer(const mlp_exchange *x, const mlp_exchange_layer *p,
                         mlp_range range, size_t k)
{
    size_t before = x->plan.own.count * (range.first - p->range.first);
    return p->to_send != NULL
               ? number_at(x, p->to_send, before + k * range.count)
               : (float *)x->sources[0] + range.first;
}

/* ---- sums -------------------------------------------------------------- */

/* This node's exchanged subtree k, from the gradients of the node team. */
static mlp_exchange_addition local_sum(const mlp_exchange *x, size_t k)
{
    mlp_range terms = mlp_exchange_plan_terms(&x->plan, k);
    return (mlp_exchange_addition){
        x->plan.local + terms.first, x->sources + terms.first, terms.count,
        is_rounded(x) ? MLP_OPERAND_TO_ROUND : MLP_OPERAND_FLOAT, 0};
}

/* The root, over this node's range. */
static mlp_exchange_addition root(const mlp_exchange *x,
                                  const mlp_exchange_layer *p)
{
    return (mlp_exchange_addition){
        x->plan.exchanged, p->operands, x->plan.exchanged_count,
        is_rounded(x) ? MLP_OPERAND_BFLOAT16 : MLP_OPERAND_FLOAT, p->own.first};
}

/* Where sums are written for sending: float `first` of the vector to `to`. */
typedef struct {
    void *to;
    size_t first;
} destination;

static void put_floats(void *context, size_t first, size_t count,
                       const float *sum)
{
    const destination *d = context;
    memcpy((float *)d->to + (first - d->first), sum, count * sizeof *sum);
}

static void put_halves(void *context, size_t first, size_t count,
                       const float *sum)
{
    const destination *d = context;
    uint16_t *to = (uint16_t *)d->to + (first - d->first);
    for (size_t i = 0; i < count; i++) {
        to[i] = mlp_bfloat16_pack(sum[i]);
    }
}

static void put_sum(const mlp_exchange *x, const mlp_exchange_addition *sum,
                    mlp_range range, destination to)
{
    mlp_exchange_add_up(sum, range, is_rounded(x) ? put_halves : put_floats,
                        &to);
}

/* This node's exchanged subtrees over all nodes' ranges; then the root over
 * this node's. */
void mlp_exchange_tree_sum(const mlp_exchange *x, size_t layer, size_t stage)
{
    const mlp_exchange_layer *p = &x->layers[layer];
    if (stage > 0) {
        const mlp_exchange_addition sum = root(x, p);
        put_sum(x, &sum, p->own, (destination){p->sums, p->range.first});
        return;
    }
    size_t parts = p->is_direct ? 1 : x->place->nodes;
    for (size_t node = 0; p->to_send != NULL && node < parts; node++) {
        mlp_range range = node_range(x, p, node);
        for (size_t k = 0; k < x->plan.own.count; k++) {
            const mlp_exchange_addition sum = local_sum(x, k);
            put_sum(x, &sum, range,
                    (destination){send_buffer(x, p, range, k), range.first});
        }
    }
}

/* ---- memory ------------------------------------------------------------ */

/* Whether the gradient can be sent from where it is: it is one subtree, summed
 * already, and floats are sent unchanged. */
static bool is_summed_already(const mlp_exchange *x)
{
    return x->plan.own.count == 1 && x->plan.local_count == 1 && !is_rounded(x);
}

static mlp_status prepare_layer(const mlp_exchange *x, mlp_exchange_layer *p)
{
    size_t count = x->plan.exchanged_count;
    size_t numbers = x->plan.own.count * p->range.count;
    p->is_direct =
        mlp_exchange_goes_directly(x->place->nodes, p->range.count * x->number);
    p->own = node_range(x, p, x->place->node);
    p->to_send =
        is_summed_already(x) ? NULL : mlp_arena_allocate(numbers * x->number);
    p->received = mlp_arena_allocate(count * p->own.count * x->number);
    p->sums =
        p->is_direct ? NULL : mlp_arena_allocate(p->range.count * x->number);
    p->operands = mlp_arena_allocate(count * sizeof(const void *));
    return p->received == NULL || p->operands == NULL ||
                   (p->to_send == NULL && !is_summed_already(x)) ||
                   (p->sums == NULL && !p->is_direct)
               ? mlp_fail_memory("the exchange between nodes")
               : MLP_OK;
}

mlp_status mlp_exchange_tree_prepare(mlp_exchange *x)
{
    MLP_TRY(mlp_exchange_plan_create(x->shape.shards, x->place, is_rounded(x),
                                     &x->plan));
    x->number = is_rounded(x) ? sizeof(uint16_t) : sizeof(float);
    for (size_t i = 0; i < x->shape.layers; i++) {
        x->layers[i].range = mlp_exchange_rank_range(x, i);
        if (!mlp_exchange_is_local(x, i)) {
            MLP_TRY(prepare_layer(x, &x->layers[i]));
        }
    }
    return MLP_OK;
}

/* ---- transfers --------------------------------------------------------- */

/* Subtrees of this node are read from where they are sent, those of others from
 * the receive buffer. */
static void find_operands(const mlp_exchange *x, mlp_exchange_layer *p)
{
    mlp_range mine = x->plan.own;
    for (size_t k = 0; k < x->plan.exchanged_count; k++) {
        bool is_mine = k >= mine.first && k - mine.first < mine.count;
        p->operands[k] = is_mine ? send_buffer(x, p, p->own, k - mine.first)
                                 : number_at(x, p->received, k * p->own.count);
    }
    p->whole = p->sums;
    p->last = root(x, p);
    if (!p->is_direct) {
        p->last.subtrees = &only_operand;
        p->last.operands = &p->whole;
        p->last.count = 1;
        p->last.origin = p->range.first;
    }
}

static void fill_reduce_scatter(const mlp_exchange *x,
                                const mlp_exchange_layer *p, mlp_lane *lanes)
{
    for (size_t node = 0; node < x->place->nodes; node++) {
        mlp_range range = node_range(x, p, node);
        mlp_range theirs = x->plan.by_node[node];
        lanes[node] = (mlp_lane){
            .from = send_buffer(x, p, range, 0),
            .to = number_at(x, p->received, theirs.first * p->own.count),
            .sent = x->plan.own.count * range.count * x->number,
            .received = theirs.count * p->own.count * x->number};
    }
}

static void fill_all_gather(const mlp_exchange *x, const mlp_exchange_layer *p,
                            mlp_lane *lanes)
{
    for (size_t node = 0; node < x->place->nodes; node++) {
        mlp_range range = node_range(x, p, node);
        lanes[node] = (mlp_lane){
            .from = number_at(x, p->sums, p->own.first - p->range.first),
            .to = number_at(x, p->sums, range.first - p->range.first),
            .sent = p->own.count * x->number,
            .received = range.count * x->number};
    }
}

/* Each node sends the rows of its shards in the table. */
static void fill_shard_metrics(const mlp_exchange *x, uint32_t step,
                               mlp_lane *lanes)
{
    size_t size = x->shape.metrics_per_shard;
    double *table = mlp_exchange_metrics_table(x, step);
    for (size_t node = 0; node < x->place->nodes; node++) {
        mlp_range theirs =
            mlp_place_node_shards(x->place, node, x->shape.shards);
        lanes[node] =
            (mlp_lane){.from = table + x->shards.first * size,
                       .to = table + theirs.first * size,
                       .sent = x->shards.count * size * sizeof *table,
                       .received = theirs.count * size * sizeof *table};
    }
}

static mlp_status plan_layer(mlp_exchange *x, size_t layer, mlp_lane *lanes)
{
    mlp_exchange_layer *p = &x->layers[layer];
    mlp_flow *flow = &x->flows[layer];
    if (mlp_exchange_is_local(x, layer)) {
        p->last = local_sum(x, 0);
        return MLP_OK;
    }
    if (p->range.count == 0) {
        return MLP_OK;
    }
    flow->stages = p->is_direct ? 1 : 2;
    find_operands(x, p);
    fill_reduce_scatter(x, p, lanes);
    MLP_TRY(mlp_exchange_plan_transfer(x, flow->first, lanes));
    if (p->is_direct) {
        return MLP_OK;
    }
    fill_all_gather(x, p, lanes);
    return mlp_exchange_plan_transfer(x, flow->first + 1, lanes);
}

mlp_status mlp_exchange_tree_connect(mlp_exchange *x)
{
    mlp_lane *lanes = x->lanes;
    mlp_flow *metrics = mlp_exchange_metrics_flow(x);
    for (size_t i = 0; i < x->shape.layers; i++) {
        MLP_TRY(plan_layer(x, i, lanes));
    }
    metrics->is_of_node = x->is_far;
    metrics->stages = x->is_far && x->place->rank == 0 ? 1 : 0;
    for (uint32_t step = 0; step < 2 * metrics->stages; step++) {
        fill_shard_metrics(x, step, lanes);
        MLP_TRY(mlp_exchange_plan_transfer(
            x, mlp_flow_transfer(metrics, 0, step), lanes));
    }
    return MLP_OK;
}
