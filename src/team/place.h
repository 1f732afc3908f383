/** @file
 *  Which shards a rank and a node own: the only place where shards are dealt.
 *
 *  Ranks are put in order of nodes, and within a node in order of local ranks.
 *  The rank at position r of P owns the run of shards floor(r V / P) to
 *  floor((r + 1) V / P). A node's shards are then one run, too, wherever the
 *  launcher put consecutive ranks, and runs go up with the nodes' numbers.
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
