/** @file
 *  What a step sends between the nodes of any team: the counts of tree.c and
 *  columns.c, as closed sums over nodes and ranks.
 */
#include "forecast.h"

#include "internal.h"

/* A team's node under way. */
typedef struct {
    const mlp_exchange_shape *shape;
    size_t nodes, owners; /* owners: ranks of a node that have ranges */
    size_t rows;          /* of the batch */
    size_t number;        /* bytes of a gradient's number as sent */
    size_t node;
    mlp_range shards;
    size_t subtrees; /* that the node sends */
} counted;

/* Shards of a node are those of its ranks (team/place.h). */
static void find_shards(counted *c, const mlp_exchange_team *team)
{
    mlp_subtree cut[MLP_TREE_CUT_MAX];
    const mlp_range ranks =
        mlp_range_overlap((mlp_range){c->node * team->per_node, team->per_node},
                          (mlp_range){0, team->ranks});
    c->shards = mlp_range_parts(c->shape->shards, team->ranks, ranks);
    c->subtrees = mlp_tree_cut(
        c->shape->shards, (mlp_subtree){c->shards.first, c->shards.count}, cut);
}

static void add(mlp_exchange_load *load, double bytes, size_t messages)
{
    load->bytes += bytes;
    load->messages += (double)messages;
}

/* One rank's range of a layer. */
static void count_range(const counted *c, mlp_range range,
                        mlp_exchange_load *load)
{
    size_t others = c->nodes - 1;
    size_t sums = c->subtrees * range.count * c->number;
    if (range.count == 0) {
        return;
    }
    if (mlp_exchange_goes_directly(c->nodes, range.count * c->number)) {
        add(load, (double)(others * sums), others);
        return;
    }
    size_t chunks = (range.count + MLP_EXCHANGE_CHUNK - 1) / MLP_EXCHANGE_CHUNK;
    mlp_range own = mlp_exchange_subrange(range, c->nodes, c->node);
    size_t receivers = chunks < c->nodes ? chunks : c->nodes;
    add(load, (double)(c->subtrees * (range.count - own.count) * c->number),
        receivers - (own.count > 0));
    add(load, (double)(others * own.count * c->number),
        own.count > 0 ? others : 0);
    load->rounds = 2;
}

static void count_sums(const counted *c, size_t layer, mlp_exchange_load *load)
{
    const mlp_range whole = {0, c->shape->layer_sizes[layer]};
    bool is_local = layer == 0 && c->shape->columns.of_node != NULL;
    for (size_t rank = 0; rank < c->owners && !is_local; rank++) {
        load->rounds = load->rounds > 1 ? load->rounds : 1;
        count_range(c, mlp_exchange_subrange(whole, c->owners, rank), load);
    }
}

static void count_values(const counted *c, mlp_exchange_forecast *f)
{
    const mlp_range *columns = c->shape->columns.of_node;
    if (columns == NULL) {
        return;
    }
    size_t all = columns[c->nodes - 1].first + columns[c->nodes - 1].count;
    size_t ours = columns[c->node].count;
    size_t rows = mlp_range_parts(c->rows, c->shape->shards, c->shards).count;
    size_t others = c->nodes - 1;
    add(&f->values[MLP_COLUMNS_SUMS],
        (double)((c->rows - rows) * ours * sizeof(float)), others);
    add(&f->values[MLP_COLUMNS_DZ],
        (double)(rows * (all - ours) * sizeof(float)), rows > 0 ? others : 0);
    for (size_t i = 0; i < MLP_EXCHANGE_ROW_ARRAYS; i++) {
        size_t bytes = c->shape->columns.sends_rows
                           ? rows * c->shape->columns.row_bytes[i]
                           : 0;
        add(&f->rows, (double)(others * bytes), bytes > 0 ? others : 0);
    }
}

static void divide(mlp_exchange_load *load, size_t nodes)
{
    load->bytes /= (double)nodes;
    load->messages /= (double)nodes;
}

void mlp_exchange_forecast_loads(const mlp_exchange_shape *shape,
                                 const mlp_exchange_team *team, size_t rows,
                                 mlp_exchange_forecast *forecast)
{
    bool is_half = shape->precision == MLP_PRECISION_BF16;
    counted c = {.shape = shape,
                 .nodes = mlp_exchange_team_nodes(team),
                 .rows = rows,
                 .number = is_half ? sizeof(uint16_t) : sizeof(float)};
    c.owners = team->ranks - (c.nodes - 1) * team->per_node;
    c.owners = c.owners < team->per_node ? c.owners : team->per_node;
    *forecast = (mlp_exchange_forecast){0};
    for (; c.nodes > 1 && c.node < c.nodes; c.node++) {
        find_shards(&c, team);
        for (size_t i = 0; i < shape->layers; i++) {
            count_sums(&c, i, &forecast->sums[i]);
        }
        count_values(&c, forecast);
        add(&forecast->metrics,
            (double)((c.nodes - 1) * c.shards.count * shape->metrics_per_shard *
                     sizeof(double)),
            c.nodes - 1);
    }
    for (size_t i = 0; i < shape->layers; i++) {
        divide(&forecast->sums[i], c.nodes);
    }
    for (size_t v = 0; v < MLP_COLUMNS_VALUES; v++) {
        divide(&forecast->values[v], c.nodes);
        forecast->values[v].rounds = forecast->values[v].bytes > 0.0;
    }
    divide(&forecast->rows, c.nodes);
    divide(&forecast->metrics, c.nodes);
    forecast->metrics.rounds = c.nodes > 1;
}

mlp_exchange_load mlp_exchange_forecast_total(const mlp_exchange_forecast *f,
                                              size_t layers)
{
    mlp_exchange_load all = f->metrics;
    all.bytes += f->rows.bytes;
    all.messages += f->rows.messages;
    for (size_t v = 0; v < MLP_COLUMNS_VALUES; v++) {
        all.bytes += f->values[v].bytes;
        all.messages += f->values[v].messages;
    }
    for (size_t i = 0; i < layers; i++) {
        all.bytes += f->sums[i].bytes;
        all.messages += f->sums[i].messages;
    }
    return all;
}
