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

/* Where a shard sits at the table: the shards with one row more come first,
 * each kind in order of its number. Then the last round, which only the longer
 * shards play, goes on where every round begins, and dealing is cyclic to its
 * end. */
static size_t seat(size_t rows, size_t shards, size_t shard)
{
    size_t shortest = rows / shards;
    size_t longer = rows % shards;
    mlp_range own = mlp_range_part(rows, shards, shard);
    size_t longer_before = own.first - shard * shortest;
    return own.count > shortest ? longer_before
                                : longer + shard - longer_before;
}

/* How many of the first `dealt` positions went to this seat. */
static size_t dealt_to(size_t seat, size_t shards, size_t dealt)
{
    return dealt / shards + (dealt % shards > seat);
}

mlp_range mlp_shard_microbatch(size_t rows, size_t shards, size_t batch,
                               size_t step, size_t shard)
{
    assert(shard < shards);
    size_t place = seat(rows, shards, shard);
    if (step >= mlp_epoch_steps(rows, batch)) {
        return (mlp_range){dealt_to(place, shards, rows), 0};
    }
    size_t begin = step * batch;
    size_t end = batch < rows - begin ? begin + batch : rows;
    size_t first = dealt_to(place, shards, begin);
    return (mlp_range){first, dealt_to(place, shards, end) - first};
}
