/** @file
 *  The arithmetic of sharding.
 */
#include "shard.h"

#include <assert.h>

size_t mlp_epoch_steps(size_t rows, size_t batch)
{
    assert(batch > 0);
    return rows / batch + (rows % batch != 0);
}

/* Position of a shard in each turn: shards with one row more come first, both
 * kinds in order of their numbers. The last turn, which only the longer shards
 * have, then starts like all others, and the order is cyclic to its end. */
static size_t place_in_turn(size_t rows, size_t shards, size_t shard)
{
    size_t shortest = rows / shards;
    size_t longer = rows % shards;
    mlp_range own = mlp_range_part(rows, shards, shard);
    size_t longer_before = own.first - shard * shortest;
    return own.count > shortest ? longer_before
                                : longer + shard - longer_before;
}

/* How many of the first `taken` rows are from the shard at this place. */
static size_t taken_from(size_t place, size_t shards, size_t taken)
{
    return taken / shards + (taken % shards > place);
}

mlp_range mlp_shard_batch(size_t rows, size_t shards, size_t batch, size_t step,
                          size_t shard)
{
    assert(shard < shards);
    size_t place = place_in_turn(rows, shards, shard);
    if (step >= mlp_epoch_steps(rows, batch)) {
        return (mlp_range){taken_from(place, shards, rows), 0};
    }
    size_t begin = step * batch;
    size_t end = batch < rows - begin ? begin + batch : rows;
    size_t first = taken_from(place, shards, begin);
    return (mlp_range){first, taken_from(place, shards, end) - first};
}
