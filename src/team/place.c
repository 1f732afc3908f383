/** @file
 *  Shards assigned node by node.
 */
#include "place.h"

/* The positions that the ranks of a node have. */
static mlp_range positions_of(const mlp_comm_place *place, size_t node)
{
    mlp_range positions = {0, 0};
    for (size_t r = 0; r < place->ranks; r++) {
        positions.first += place->node_of[r] < node;
        positions.count += place->node_of[r] == node;
    }
    return positions;
}

mlp_range mlp_place_rank_shards(const mlp_comm_place *place, size_t rank,
                                size_t shards)
{
    mlp_range node = positions_of(place, place->node_of[rank]);
    return mlp_range_part(shards, place->ranks,
                          node.first + place->local_rank[rank]);
}

mlp_range mlp_place_node_shards(const mlp_comm_place *place, size_t node,
                                size_t shards)
{
    return mlp_range_parts(shards, place->ranks, positions_of(place, node));
}
