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

/** The shard batch: which positions of a shard's shuffled order belong to
 *  global batch `step` (from 0 in each epoch).
 *
 *  Rows are taken from the shards in turn: position j of every shard before
 *  position j + 1 of any. In each turn the shards with one row more than the
 *  others come first, both kinds in order of their numbers, so the last turn,
 *  which only they have, continues the same order. A global batch is the next
 *  `batch` rows. Shard batches of one global batch therefore differ by at most
 *  one row, and an epoch uses every row exactly once. Past the last step:
 *  count 0.
 */
mlp_range mlp_shard_batch(size_t rows, size_t shards, size_t batch, size_t step,
                          size_t shard);

#endif
