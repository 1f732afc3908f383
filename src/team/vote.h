/** @file
 *  Comparison of values over all ranks: the most common value, and the odd
 *  ranks that have another one.
 */
#ifndef MLP_VOTE_H
#define MLP_VOTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "comm.h"

typedef struct {
    uint64_t *words;     /**< [ranks, count]: value of each rank */
    size_t ranks, count; /**< count: words of a value */
    size_t common; /**< lowest rank with the most common value; in a tie, of
                        the value of the lowest rank */
    size_t votes;  /**< ranks with that value; all: there is no odd rank */
} mlp_vote;

/** Allocate memory for values of `count` words. Not collective.
 *  MLP_ERROR_INTERNAL. */
mlp_status mlp_vote_create(const mlp_comm *comm, size_t count, mlp_vote *vote);
void mlp_vote_destroy(mlp_vote *vote);

/** Gather the values of all ranks, and count. Every rank gets the same vote.
 *  @param mine  [count]
 *  Collective. */
mlp_status mlp_vote_take(mlp_comm *comm, const uint64_t *mine, mlp_vote *vote);

/** Set common and votes from the words. */
void mlp_vote_count(mlp_vote *vote);

/** A rank's value, [count], and whether it differs from the common one. */
const uint64_t *mlp_vote_of(const mlp_vote *vote, size_t rank);
bool mlp_vote_is_odd(const mlp_vote *vote, size_t rank);

/** The odd ranks, as "rank 2" or "ranks 0-2,5". */
void mlp_vote_name_odd(const mlp_vote *vote, char *text, size_t size);

#endif
