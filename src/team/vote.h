/** @file
 *  The one comparison of what all ranks have: which of them have the same as
 *  the most, and which are odd.
 */
#ifndef MLP_VOTE_H
#define MLP_VOTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "comm.h"

typedef struct {
    uint64_t *words;     /**< [ranks, count]: what each rank has */
    size_t ranks, count; /**< count: words of a rank */
    size_t common; /**< the first rank of those, the most, that have the same;
                        of equally many the ones with the lowest rank */
    size_t votes;  /**< how many these are; ranks: there is no odd one */
} mlp_vote;

/** Memory for votes on `count` words. Not collective. MLP_ERROR_INTERNAL. */
mlp_status mlp_vote_create(const mlp_comm *comm, size_t count, mlp_vote *vote);
void mlp_vote_destroy(mlp_vote *vote);

/** Show all ranks what each has, and count. The same vote on every rank.
 *  @param mine  [count]
 *  Collective. */
mlp_status mlp_vote_take(mlp_comm *comm, const uint64_t *mine, mlp_vote *vote);

/** Set common and votes, from the words. */
void mlp_vote_count(mlp_vote *vote);

/** What a rank has, [count]; and whether it is not the common. */
const uint64_t *mlp_vote_of(const mlp_vote *vote, size_t rank);
bool mlp_vote_is_odd(const mlp_vote *vote, size_t rank);

/** The odd ranks, as "rank 2" or "ranks 0-2,5". */
void mlp_vote_name_odd(const mlp_vote *vote, char *text, size_t size);

#endif
