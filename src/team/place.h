/** @file
 *  Which shards a rank and a node own. Only here are shards assigned to ranks.
 *
 *  Ranks are ordered by node, then by local rank. The rank at position r of P
 *  owns shards floor(r V / P) to floor((r + 1) V / P) - 1. So a node's shards
 *  are one range, in the order of the nodes' numbers, wherever the launcher
 *  places consecutive ranks.
 */
#ifndef MLP_PLACE_H
#define MLP_PLACE_H

#include <stddef.h>

#include "base/range.h"
#include "comm.h"

/** The shards, of `shards` in all, that a rank owns. */
mlp_range mlp_place_rank_shards(const mlp_comm_place *place, size_t rank,
                                size_t shards);

/** The shards that all ranks of a node own together. */
mlp_range mlp_place_node_shards(const mlp_comm_place *place, size_t node,
                                size_t shards);

#endif
