/** @file
 *  Which rows of a data set are held out: for testing, then, of the others, for
 *  validation. The choice is a function of the rows' numbers in the input, of
 *  what is known of them, and of a seed; no rank needs another one for it.
 */
#ifndef MLP_HOLDOUT_H
#define MLP_HOLDOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "config/config.h"

/** Rows of a data set by their purpose. Files have the first two. */
typedef enum {
    MLP_SPLIT_TRAIN,
    MLP_SPLIT_TEST,
    MLP_SPLIT_VALIDATION
} mlp_split;
enum { MLP_SPLITS = 3 };

/** What to hold out. With n rows, or n of each class:
 *
 *  random      the round(test n) rows with the smallest hash of seed and number
 *  stratified  the same of each class
 *  last        the last round(test n)
 *  time        the same in the order of a column, rows of one time in theirs
 *  group       groups in the order of their first rows' hashes, each if that
 *              brings the number of rows nearer to round(test n)
 *  seed        round(test n) rows, all sets of so many equally likely; source:
 *              Knuth 1997, The Art of Computer Programming vol. 2, Algorithm S
 *
 *  and then in the same order `validation` of the rows that are left; with
 *  seed, floor(validation n) of them, the last ones.
 *
 *  With `folds` the test rows are those of one fold: in that order, class after
 *  class, rows are dealt to the folds in turn; the last ones are contiguous
 *  parts; of groups the larger first goes to the fold with fewest rows. */
typedef struct {
    mlp_holdout_kind kind;
    const char *column; /**< of a group or time; "": none */
    uint64_t seed;
    double test, validation; /**< fractions */
    size_t fold, folds;      /**< fold, from 0; folds 0: none */
} mlp_holdout;

/** Whether any rows are held out. */
static inline bool mlp_holdout_is_on(const mlp_holdout *holdout)
{
    return holdout->test > 0.0 || holdout->validation > 0.0 ||
           holdout->folds > 0;
}

/** The kind that MLP_HOLDOUT_AUTO stands for; others as they are. */
static inline mlp_holdout_kind mlp_holdout_resolve(mlp_holdout_kind kind,
                                                   bool is_regression)
{
    return kind != MLP_HOLDOUT_AUTO ? kind
           : is_regression          ? MLP_HOLDOUT_RANDOM
                                    : MLP_HOLDOUT_STRATIFIED;
}

/** What is known of the rows. */
typedef struct {
    const char *name; /**< of the data, for messages */
    size_t rows;
    /** [rows], of the input, ascending; NULL: 0, 1, 2 ... */
    const uint32_t *numbers;
    const uint32_t *classes; /**< [rows], below 65536; if stratified */
    /** [rows, 2]: two words of a number that is the same for rows of a group,
     *  or ordered as time is, the lower first; of groups and times */
    const uint32_t *keys;
} mlp_holdout_facts;

/** Indices of the rows of each split, ascending. Zero-initialize; destroy
 *  frees. */
typedef struct {
    uint32_t *rows[MLP_SPLITS]; /**< [count] */
    size_t count[MLP_SPLITS];
} mlp_split_rows;

/** Choose. MLP_ERROR_USAGE when no row would be held out; MLP_ERROR_DATA when
 *  none is left for training; MLP_ERROR_INTERNAL without memory. */
mlp_status mlp_holdout_choose(const mlp_holdout *holdout,
                              const mlp_holdout_facts *facts,
                              mlp_split_rows *split);

/** Make all rows those of split `s`, too. MLP_ERROR_INTERNAL without memory. */
mlp_status mlp_holdout_all(size_t rows, mlp_split s, mlp_split_rows *split);

void mlp_split_rows_destroy(mlp_split_rows *split);

#endif
