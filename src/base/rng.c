/** @file
 *  Philox4x32-10, and uniform numbers and permutations from it.
 */
#include "rng.h"

enum { ROUNDS = 10 };

/* Multipliers of the two halves and the key's steps (Salmon et al. 2011,
 * table 2 and section 4.2). */
static const uint32_t multiplier[2] = {0xD2511F53, 0xCD9E8D57};
static const uint32_t key_step[2] = {0x9E3779B9, 0xBB67AE85};

static mlp_rng_block mix(mlp_rng_block x, const uint32_t key[2])
{
    uint64_t a = (uint64_t)multiplier[0] * x.word[0];
    uint64_t b = (uint64_t)multiplier[1] * x.word[2];
    return (mlp_rng_block){
        {(uint32_t)(b >> 32) ^ x.word[1] ^ key[0], (uint32_t)b,
         (uint32_t)(a >> 32) ^ x.word[3] ^ key[1], (uint32_t)a}};
}

mlp_rng_block mlp_rng_draw(mlp_rng_key key, uint64_t row, uint32_t unit)
{
    uint32_t round_key[2] = {(uint32_t)key.seed, (uint32_t)(key.seed >> 32)};
    uint32_t row_high = (uint32_t)(row >> 32);
    mlp_rng_block x = {{unit, (uint32_t)row, key.epoch,
                        (uint32_t)key.purpose | row_high << 8}};
    for (int i = 0; i < ROUNDS; i++) {
        x = mix(x, round_key);
        round_key[0] += key_step[0];
        round_key[1] += key_step[1];
    }
    return x;
}

float mlp_rng_uniform(uint32_t word)
{
    return (float)(word >> 8) * 0x1p-24F;
}

/* The words of blocks (key, row, 0), (key, row, 1), ... one after the other. */
typedef struct {
    mlp_rng_key key;
    uint64_t row;
    uint32_t unit; /* of the next block */
    int used;      /* words of this block */
    mlp_rng_block block;
} word_stream;

static uint32_t next_word(word_stream *stream)
{
    if (stream->used == 4) {
        stream->block = mlp_rng_draw(stream->key, stream->row, stream->unit++);
        stream->used = 0;
    }
    return stream->block.word[stream->used++];
}

/* Uniform over 0 .. bound - 1, bound >= 1. Plain `word % bound` is biased to
 * small values; the few words that cause the bias are rejected.
 * Source: Lemire 2019, "Fast random integer generation in an interval". */
static uint32_t below(word_stream *stream, uint32_t bound)
{
    uint64_t product = (uint64_t)next_word(stream) * bound;
    if ((uint32_t)product < bound) {
        uint32_t rejected = -bound % bound; /* 2^32 mod bound */
        while ((uint32_t)product < rejected) {
            product = (uint64_t)next_word(stream) * bound;
        }
    }
    return (uint32_t)(product >> 32);
}

void mlp_rng_permutation(mlp_rng_key key, uint64_t stream, size_t n,
                         uint32_t *order)
{
    word_stream words = {.key = key, .row = stream, .used = 4};
    for (size_t i = 0; i < n; i++) {
        order[i] = (uint32_t)i;
    }
    for (size_t left = n; left > 1; left--) {
        uint32_t pick = below(&words, (uint32_t)left);
        uint32_t last = order[left - 1];
        order[left - 1] = order[pick];
        order[pick] = last;
    }
}
