/** @file
 *  The arithmetic of sharding: which of a shard's rows belong to a global
 *  batch. Pure functions of extents; nothing here depends on who computes it.
 *  Which shards a rank owns is in team/place.h.
 */
#ifndef MLP_SHARD_H
#define MLP_SHARD_H

#include <stddef.h>

#include "base/range.h"

/** How many global batches an epoch has: ceil(rows / batch). */
size_t mlp_epoch_steps(size_t rows, size_t batch);

/** The microbatch of a shard: which positions of its shuffled order belong to
 *  global batch `step` (from 0 in each epoch).
 *
 *  Positions of all shards are dealt round the table, position j of every
 *  shard before position j + 1 of any. The shards that have one row more than
 *  the others come first in each round, else they go by number; so the last,
 *  short round is theirs and breaks no rhythm. A global batch is the next
 *  `batch` positions dealt. So microbatches of a batch differ by at most one
 *  row, and every row is used exactly once an epoch. Past the last step:
 *  count 0.
 */
mlp_range mlp_shard_microbatch(size_t rows, size_t shards, size_t batch,
                               size_t step, size_t shard);

#endif
