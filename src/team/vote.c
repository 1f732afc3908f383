/** @file
 *  Comparison of values over all ranks.
 */
#include "vote.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

mlp_status mlp_vote_create(const mlp_comm *comm, size_t count, mlp_vote *vote)
{
    size_t ranks = mlp_comm_size(comm);
    *vote = (mlp_vote){.words = calloc(ranks * count, sizeof *vote->words),
                       .ranks = ranks,
                       .count = count};
    return vote->words != NULL ? MLP_OK
                               : mlp_fail_memory("what the ranks have");
}

void mlp_vote_destroy(mlp_vote *vote)
{
    free(vote->words);
    *vote = (mlp_vote){0};
}

const uint64_t *mlp_vote_of(const mlp_vote *vote, size_t rank)
{
    return vote->words + rank * vote->count;
}

static bool is_same(const mlp_vote *vote, size_t one, size_t other)
{
    return memcmp(mlp_vote_of(vote, one), mlp_vote_of(vote, other),
                  vote->count * sizeof *vote->words) == 0;
}

bool mlp_vote_is_odd(const mlp_vote *vote, size_t rank)
{
    return !is_same(vote, rank, vote->common);
}

static size_t votes_for(const mlp_vote *vote, size_t rank)
{
    size_t votes = 0;
    for (size_t r = 0; r < vote->ranks; r++) {
        votes += is_same(vote, rank, r);
    }
    return votes;
}

void mlp_vote_count(mlp_vote *vote)
{
    vote->votes = 0;
    for (size_t r = 0; r < vote->ranks && vote->votes < vote->ranks; r++) {
        size_t votes = votes_for(vote, r);
        if (votes > vote->votes) {
            vote->common = r;
            vote->votes = votes;
        }
    }
}

mlp_status mlp_vote_take(mlp_comm *comm, const uint64_t *mine, mlp_vote *vote)
{
    size_t words = vote->ranks * vote->count;
    memset(vote->words, 0, words * sizeof *vote->words);
    memcpy(vote->words + mlp_comm_rank(comm) * vote->count, mine,
           vote->count * sizeof *mine);
    MLP_TRY(mlp_comm_sum(comm, vote->words, words));
    mlp_vote_count(vote);
    return MLP_OK;
}

void mlp_vote_name_odd(const mlp_vote *vote, char *text, size_t size)
{
    bool is_one = vote->votes + 1 == vote->ranks;
    size_t used = (size_t)snprintf(text, size, is_one ? "rank" : "ranks");
    const char *comma = " ";
    for (size_t r = 0; r < vote->ranks && used < size; r++) {
        size_t end = r;
        while (end < vote->ranks && mlp_vote_is_odd(vote, end)) {
            end++;
        }
        if (end > r) {
            used += (size_t)snprintf(text + used, size - used,
                                     end - r > 1 ? "%s%zu-%zu" : "%s%zu", comma,
                                     r, end - 1);
            comma = ",";
            r = end;
        }
    }
}
