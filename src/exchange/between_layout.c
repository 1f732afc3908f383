/** @file
 *  The lay-out of an exchange between nodes: who sums what, in which memory,
 *  and the transfers that repeat in each step.
 */
#include "between_layout.h"

#include "team/place.h"

/* Bytes that take about as long as the start of another transfer: some 10 us at
 * 10 Gbit/s. */
enum { DIRECT_BYTES = 16 * 1024 };

/* Where a single sum needs no adding: any tree of one operand. */
static const mlp_subtree only_operand = {0, 1};

mlp_range mlp_between_node_range(const mlp_exchange *x,
                                 const mlp_between_layer *p, size_t node)
{
    return p->is_direct
               ? p->range
               : mlp_exchange_subrange(p->range, x->place->nodes, node);
}

/* Number i of an array of what travels. */
static void *number_at(const mlp_exchange *x, void *array, size_t i)
{
    return (char *)array + i * x->between->number;
}

void *mlp_between_handed(const mlp_exchange *x, const mlp_between_layer *p,
                         mlp_range cut, size_t k)
{
    size_t before = x->plan.own.count * (cut.first - p->range.first);
    return number_at(x, p->handed, before + k * cut.count);
}

mlp_exchange_operand mlp_between_operand(const mlp_exchange *x)
{
    return x->shape.precision == MLP_PRECISION_BF16 ? MLP_OPERAND_BFLOAT16
                                                    : MLP_OPERAND_FLOAT;
}

/* Of n bytes a node sends (N - 1) n directly, 2 (N - 1) n / N otherwise. */
static bool is_direct(const mlp_exchange *x, mlp_range range)
{
    size_t nodes = x->place->nodes;
    size_t bytes = range.count * x->between->number;
    return (nodes - 1) * (nodes - 2) * bytes / nodes <= DIRECT_BYTES;
}

mlp_exchange_addition mlp_between_root(const mlp_exchange *x,
                                       const mlp_between_layer *p)
{
    return (mlp_exchange_addition){x->plan.outer, p->operands,
                                   x->plan.outer_count, mlp_between_operand(x),
                                   p->own.first};
}

/* A node of one rank whose shards are one subtree has nothing to add, and
 * floats travel as they are. */
static bool is_summed_already(const mlp_exchange *x)
{
    return x->plan.own.count == 1 && x->plan.left_count == 1 &&
           x->between->number == sizeof(float);
}

/* ---- memory ------------------------------------------------------------ */

static mlp_status prepare_layer(const mlp_exchange *x, size_t layer,
                                mlp_between_layer *p)
{
    p->range = mlp_exchange_rank_range(x, layer);
    p->is_direct = is_direct(x, p->range);
    p->own = mlp_between_node_range(x, p, x->place->node);
    size_t number = x->between->number;
    size_t handed = x->plan.own.count * p->range.count;
    p->handed =
        is_summed_already(x) ? NULL : mlp_exchange_allocate(handed, number);
    p->gathered =
        mlp_exchange_allocate(x->plan.outer_count * p->own.count, number);
    p->sums =
        p->is_direct ? NULL : mlp_exchange_allocate(p->range.count, number);
    p->operands =
        mlp_exchange_allocate(x->plan.outer_count, sizeof(const void *));
    return p->gathered == NULL || p->operands == NULL ||
                   (p->handed == NULL && !is_summed_already(x)) ||
                   (p->sums == NULL && !p->is_direct)
               ? mlp_fail_memory("the exchange between nodes")
               : MLP_OK;
}

mlp_status mlp_between_prepare(mlp_exchange *x)
{
    MLP_TRY(mlp_exchange_tree_prepare(x));
    mlp_exchange_between *b = calloc(1, sizeof *b);
    if (b == NULL) {
        return mlp_fail_memory("the exchange between nodes");
    }
    x->between = b;
    b->number = x->shape.precision == MLP_PRECISION_BF16 ? sizeof(uint16_t)
                                                         : sizeof(float);
    b->layers = mlp_exchange_allocate(x->shape.layers, sizeof *b->layers);
    size_t transfers = 2 * x->shape.layers + 2;
    b->sent_bytes = mlp_exchange_allocate(transfers, sizeof *b->sent_bytes);
    if (b->layers == NULL || b->sent_bytes == NULL) {
        return mlp_fail_memory("the exchange between nodes");
    }
    b->count = x->shape.layers;
    for (size_t i = 0; i < b->count; i++) {
        MLP_TRY(prepare_layer(x, i, &b->layers[i]));
    }
    return mlp_transfers_create(x->comm, transfers, &b->transfers);
}

void mlp_exchange_between_destroy(mlp_exchange_between **between)
{
    mlp_exchange_between *b = *between;
    if (b == NULL) {
        return;
    }
    mlp_transfers_destroy(&b->transfers);
    for (size_t i = 0; i < b->count; i++) {
        free(b->layers[i].handed);
        free(b->layers[i].gathered);
        free(b->layers[i].sums);
        free((void *)b->layers[i].operands);
    }
    free(b->layers);
    free(b->sent_bytes);
    free(b);
    *between = NULL;
}

/* ---- transfers --------------------------------------------------------- */

/* Subtree k that this node hands on of a cut, wherever it lies. */
static const void *handed_on(const mlp_exchange *x, const mlp_between_layer *p,
                             mlp_range cut, size_t k)
{
    return p->handed != NULL ? mlp_between_handed(x, p, cut, k)
                             : (const float *)x->sources[0] + cut.first;
}

/* This node's own subtrees are where they are, the others' among those
 * gathered. */
static void find_operands(const mlp_exchange *x, mlp_between_layer *p)
{
    mlp_range mine = x->plan.own;
    for (size_t k = 0; k < x->plan.outer_count; k++) {
        bool is_mine = k >= mine.first && k - mine.first < mine.count;
        p->operands[k] = is_mine ? handed_on(x, p, p->own, k - mine.first)
                                 : number_at(x, p->gathered, k * p->own.count);
    }
    p->whole = p->sums;
    p->last = p->is_direct ? mlp_between_root(x, p)
                           : (mlp_exchange_addition){&only_operand, &p->whole,
                                                     1, mlp_between_operand(x),
                                                     p->range.first};
}

static void fill_reduce_scatter(const mlp_exchange *x,
                                const mlp_between_layer *p, mlp_lane *lanes)
{
    size_t number = x->between->number;
    for (size_t node = 0; node < x->place->nodes; node++) {
        mlp_range cut = mlp_between_node_range(x, p, node);
        mlp_range handed = x->plan.handed[node];
        lanes[node] = (mlp_lane){
            .from = handed_on(x, p, cut, 0),
            .to = number_at(x, p->gathered, handed.first * p->own.count),
            .sent = x->plan.own.count * cut.count * number,
            .received = handed.count * p->own.count * number};
    }
}

static void fill_all_gather(const mlp_exchange *x, const mlp_between_layer *p,
                            mlp_lane *lanes)
{
    size_t number = x->between->number;
    for (size_t node = 0; node < x->place->nodes; node++) {
        mlp_range cut = mlp_between_node_range(x, p, node);
        lanes[node] = (mlp_lane){
            .from = number_at(x, p->sums, p->own.first - p->range.first),
            .to = number_at(x, p->sums, cut.first - p->range.first),
            .sent = p->own.count * number,
            .received = cut.count * number};
    }
}

/* Nodes' runs of shards make up the table. */
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

static mlp_status plan(mlp_exchange *x, size_t transfer, const mlp_lane *lanes)
{
    for (size_t node = 0; node < x->place->nodes; node++) {
        x->between->sent_bytes[transfer] +=
            node != x->place->node ? lanes[node].sent : 0;
    }
    return mlp_transfers_plan(x->between->transfers, transfer, lanes);
}

static mlp_status plan_all(mlp_exchange *x, mlp_lane *lanes)
{
    for (size_t i = 0; i < x->shape.layers; i++) {
        mlp_between_layer *p = &x->between->layers[i];
        if (p->range.count == 0) {
            continue;
        }
        find_operands(x, p);
        fill_reduce_scatter(x, p, lanes);
        MLP_TRY(plan(x, mlp_between_reduce_scatter(i), lanes));
        if (!p->is_direct) {
            fill_all_gather(x, p, lanes);
            MLP_TRY(plan(x, mlp_between_all_gather(i), lanes));
        }
    }
    if (x->place->rank > 0) {
        return MLP_OK;
    }
    for (uint32_t step = 0; step < 2; step++) {
        fill_shard_metrics(x, step, lanes);
        MLP_TRY(plan(x, mlp_between_shard_metrics(x, step), lanes));
    }
    return MLP_OK;
}

mlp_status mlp_between_connect(mlp_exchange *x)
{
    MLP_TRY(mlp_exchange_tree_connect(x));
    mlp_lane *lanes = calloc(x->place->nodes, sizeof *lanes);
    if (lanes == NULL) {
        return mlp_fail_memory("the exchange between nodes");
    }
    mlp_status status = plan_all(x, lanes);
    free(lanes);
    return status;
}
