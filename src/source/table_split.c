/** @file
 *  Which rows of a table are for training and which for testing.
 */
#include "table_split.h"

#include <stdlib.h>

#include "base/rng.h"

static mlp_status allocate(size_t train, size_t test, mlp_table_split *split)
{
    const size_t counts[MLP_SPLITS] = {train, test};
    for (size_t s = 0; s < MLP_SPLITS; s++) {
        split->count[s] = 0;
        split->rows[s] = calloc(counts[s] + 1, sizeof *split->rows[s]);
        if (split->rows[s] == NULL) {
            return mlp_fail_memory("the choice of test rows");
        }
    }
    return MLP_OK;
}

static void add(mlp_table_split *split, mlp_split to, size_t row)
{
    split->rows[to][split->count[to]++] = (uint32_t)row;
}

mlp_status mlp_table_split_random(size_t rows, double fraction, uint64_t seed,
                                  mlp_table_split *split)
{
    const mlp_rng_key key = {seed, MLP_RNG_SPLIT, 0};
    size_t wanted = (size_t)(fraction * (double)rows + 0.5);
    MLP_TRY(allocate(rows - wanted, wanted, split));
    for (size_t row = 0; row < rows; row++) {
        mlp_rng_block draw = mlp_rng_draw(key, row, 0);
        uint64_t word = (uint64_t)draw.word[0] << 32 | draw.word[1];
        size_t left = rows - row;
        size_t among = (size_t)((unsigned __int128)word * left >> 64);
        bool is_test = among < wanted - split->count[MLP_SPLIT_TEST];
        add(split, is_test ? MLP_SPLIT_TEST : MLP_SPLIT_TRAIN, row);
    }
    return MLP_OK;
}

mlp_status mlp_table_split_none(size_t rows, mlp_table_split *split)
{
    MLP_TRY(allocate(rows, rows, split));
    for (size_t row = 0; row < rows; row++) {
        add(split, MLP_SPLIT_TRAIN, row);
        add(split, MLP_SPLIT_TEST, row);
    }
    return MLP_OK;
}

void mlp_table_split_destroy(mlp_table_split *split)
{
    free(split->rows[MLP_SPLIT_TRAIN]);
    free(split->rows[MLP_SPLIT_TEST]);
    *split = (mlp_table_split){0};
}
