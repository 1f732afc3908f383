/** @file
 *  Counter-based random numbers: every draw is a function of its key (seed,
 *  purpose, epoch, row, unit), so that there is no generator state to store,
 *  and no dependence on ranks or threads.
 *
 *  Source: Salmon, Moraes, Dror and Shaw 2011, "Parallel random numbers: as
 *  easy as 1, 2, 3", Philox4x32-10.
 */
#ifndef MLP_RNG_H
#define MLP_RNG_H

#include <stddef.h>
#include <stdint.h>

/** The purpose of a draw. The values enter every digest: never renumber. */
typedef enum {
    MLP_RNG_INIT = 1,    /**< initial weights: row = layer, unit = index */
    MLP_RNG_SHUFFLE = 2, /**< order of rows: row = shard, unit = position */
    MLP_RNG_DROPOUT = 3, /**< dropped units: row = layer and row */
    MLP_RNG_DEFORM = 4,  /**< deformed images: row = row */
    MLP_RNG_SPLIT = 9,   /**< test rows of a table: row = row */
    MLP_RNG_TEST = 255   /**< synthetic data in tests */
} mlp_rng_purpose;

/** The key of a family of draws. */
typedef struct {
    uint64_t seed;
    mlp_rng_purpose purpose;
    uint32_t epoch;
} mlp_rng_key;

/** Four independent words, uniform over all 32-bit values. */
typedef struct {
    uint32_t word[4];
} mlp_rng_block;

/** The four words of (key, row, unit). row < 2^56. */
mlp_rng_block mlp_rng_draw(mlp_rng_key key, uint64_t row, uint32_t unit);

/** Map a word to [0, 1): the upper 24 bits times 2^-24, exact. */
float mlp_rng_uniform(uint32_t word);

/** Fill order with a uniformly random permutation of 0 .. n-1.
 *
 *  @param order   [n], overwritten
 *  @param stream  selects the permutation within key, such as the shard
 *
 *  Source: Durstenfeld 1964, Algorithm 235 (Fisher-Yates).
 */
void mlp_rng_permutation(mlp_rng_key key, uint64_t stream, size_t n,
                         uint32_t *order);

#endif
