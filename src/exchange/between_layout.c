/** @file
 *  Setup of an exchange between nodes: which node sums which floats, the
 *  buffers, and the transfers that repeat in each step.
 */
#include "between_layout.h"

#include "team/place.h"

/* Bytes whose transfer takes about as long as starting another one: some 10 us
 * at 10 Gbit/s. */
enum { DIRECT_BYTES = 16 * 1024 };

/* A tree of one operand, for a sum that is complete. */
static const mlp_subtree only_operand = {0, 1};

mlp_range mlp_between_node_range(const mlp_exchange *x,
                                 const mlp_between_layer *p, size_t node)
{
    return p->is_direct
               ? p->range
               : mlp_exchange_subrange(p->range, x->place->nodes, node);
}

/* Number i of an array in the format that is sent. */
static void *number_at(const mlp_exchange *x, void *array, size_t i)
{
    return (char *)array + i * x->between->number;
}

void *mlp_between_send_buffer(const mlp_exchange *x, const mlp_between_layer *p,
                              mlp_range range, size_t k)
{
    size_t before = x->plan.own.count * (range.first - p->range.first);
    return number_at(x, p->to_send, before + k * range.count);
}

mlp_exchange_operand mlp_between_operand(const mlp_exchange *x)
{
    return x->shape.precision == MLP_PRECISION_BF16 ? MLP_OPERAND_BFLOAT16
                                                    : MLP_OPERAND_FLOAT;
}

/* Of n bytes, each of N nodes sends (N - 1) n directly, else 2 (N - 1) n / N.
 */
static bool is_direct(const mlp_exchange *x, mlp_range range)
{
    size_t nodes = x->place->nodes;
    size_t bytes = range.count * x->between->number;
    return (nodes - 1) * (nodes - 2) * bytes / nodes <= DIRECT_BYTES;
}

mlp_exchange_addition mlp_between_root(const mlp_exchange *x,
                                       const mlp_between_layer *p)
{
    return (mlp_exchange_addition){x->plan.exchanged, p->operands,
                                   x->plan.exchanged_count,
                                   mlp_between_operand(x), p->own.first};
}

/* Whether the gradient can be sent from where it is: it is one subtree, summed
 * already, and floats are sent unchanged. */
static bool is_summed_already(const mlp_exchange *x)
{
    return x->plan.own.count == 1 && x->plan.local_count == 1 &&
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
    size_t numbers = x->plan.own.count * p->range.count;
    p->to_send =
        is_summed_already(x) ? NULL : mlp_arena_allocate(numbers * number);
    p->received =
        mlp_arena_allocate(x->plan.exchanged_count * p->own.count * number);
    p->sums = p->is_direct ? NULL : mlp_arena_allocate(p->range.count * number);
    p->operands =
        mlp_arena_allocate(x->plan.exchanged_count * sizeof(const void *));
    return p->received == NULL || p->operands == NULL ||
                   (p->to_send == NULL && !is_summed_already(x)) ||
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
    b->layers = mlp_arena_allocate(x->shape.layers * sizeof *b->layers);
    size_t transfers = 2 * x->shape.layers + 2;
    b->sent_bytes = mlp_arena_allocate(transfers * sizeof *b->sent_bytes);
    if (b->layers == NULL || b->sent_bytes == NULL) {
        return mlp_fail_memory("the exchange between nodes");
    }
    b->count = x->shape.layers;
    for (size_t i = 0; i < b->count; i++) {
        b->layers[i].complete.is_crowded =
            mlp_node_team_is_crowded(x->node_team);
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
        free(b->layers[i].to_send);
        free(b->layers[i].received);
        free(b->layers[i].sums);
        free((void *)b->layers[i].operands);
    }
    free(b->layers);
    free(b->sent_bytes);
    free(b);
    *between = NULL;
}

/* ---- transfers --------------------------------------------------------- */

/* Address of this node's exchanged subtree k of a node's range. */
static const void *send_address(const mlp_exchange *x,
                                const mlp_between_layer *p, mlp_range range,
                                size_t k)
{
    return p->to_send != NULL ? mlp_between_send_buffer(x, p, range, k)
                              : (const float *)x->sources[0] + range.first;
}

/* Subtrees of this node are read from where they are sent, those of others from
 * the receive buffer. */
static void find_operands(const mlp_exchange *x, mlp_between_layer *p)
{
    mlp_range mine = x->plan.own;
    for (size_t k = 0; k < x->plan.exchanged_count; k++) {
        bool is_mine = k >= mine.first && k - mine.first < mine.count;
        p->operands[k] = is_mine ? send_address(x, p, p->own, k - mine.first)
                                 : number_at(x, p->received, k * p->own.count);
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
        mlp_range range = mlp_between_node_range(x, p, node);
        mlp_range theirs = x->plan.by_node[node];
        lanes[node] = (mlp_lane){
            .from = send_address(x, p, range, 0),
            .to = number_at(x, p->received, theirs.first * p->own.count),
            .sent = x->plan.own.count * range.count * number,
            .received = theirs.count * p->own.count * number};
    }
}

static void fill_all_gather(const mlp_exchange *x, const mlp_between_layer *p,
                            mlp_lane *lanes)
{
    size_t number = x->between->number;
    for (size_t node = 0; node < x->place->nodes; node++) {
        mlp_range range = mlp_between_node_range(x, p, node);
        lanes[node] = (mlp_lane){
            .from = number_at(x, p->sums, p->own.first - p->range.first),
            .to = number_at(x, p->sums, range.first - p->range.first),
            .sent = p->own.count * number,
            .received = range.count * number};
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
