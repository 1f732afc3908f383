/** @file
 *  Which rows of a table are for training and which for testing. Private to the
 *  table source.
 */
#ifndef MLP_TABLE_SPLIT_H
#define MLP_TABLE_SPLIT_H

#include <stddef.h>
#include <stdint.h>

#include "source.h"

/** Row numbers of each split, ascending. Zero-initialize; destroy frees. */
typedef struct {
    uint32_t *rows[MLP_SPLITS]; /**< [count] */
    size_t count[MLP_SPLITS];
} mlp_table_split;

/** Choose round(fraction * rows) test rows, all subsets equally likely, as a
 *  function of the seed alone.
 *  Source: Knuth 1997, The Art of Computer Programming vol. 2, Algorithm S.
 *  MLP_ERROR_INTERNAL without memory. */
mlp_status mlp_table_split_random(size_t rows, double fraction, uint64_t seed,
                                  mlp_table_split *split);

/** All rows in both splits. */
mlp_status mlp_table_split_none(size_t rows, mlp_table_split *split);

void mlp_table_split_destroy(mlp_table_split *split);

#endif
