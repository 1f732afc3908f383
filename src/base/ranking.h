/** @file
 *  ROC AUC and average precision: how well outputs rank the rows of a class
 *  before all others. Outputs are compared as integers and rows counted, so
 *  that the results don't depend on who has which rows.
 */
#ifndef MLP_RANKING_H
#define MLP_RANKING_H

#include <stddef.h>
#include <stdint.h>

#include "status.h"

/** The outputs and labels of rows; zero-initialize, destroy frees. */
typedef struct {
    size_t rows;     /**< fewer than 2^32 */
    size_t columns;  /**< outputs of a row that are ranked */
    uint32_t *words; /**< [columns + 1, rows], column by column: the outputs as
                          keys, then the labels; 0 of rows that were not put */
} mlp_ranking;

/** Outputs of a row that are ranked: that of class 1 for two classes, else
 *  those of all classes. */
size_t mlp_ranking_columns(size_t classes);

/** MLP_ERROR_INTERNAL without memory: 4 bytes for each output and label. */
mlp_status mlp_ranking_create(size_t rows, size_t classes,
                              mlp_ranking *ranking);
void mlp_ranking_destroy(mlp_ranking *ranking);

/** Put a row, once.
 *  @param outputs  [columns] */
void mlp_ranking_put(mlp_ranking *ranking, size_t row, const float *outputs,
                     uint32_t label);

/** All that was put, as words that may be added to those of other ranks, if
 *  each row was put by one of them.
 *  @param count  overwritten: number of words */
uint64_t *mlp_ranking_words(mlp_ranking *ranking, size_t *count);

typedef struct {
    double roc_auc, average_precision;
} mlp_ranking_scores;

/** Measure all rows, which have been put.
 *
 *  The area under the ROC curve of a class is the probability that a row of the
 *  class has a larger output than one of another class; equal outputs count
 *  one half. Source: Hanley and McNeil 1982, "The meaning and use of the area
 *  under a receiver operating characteristic curve".
 *
 *  Average precision is the sum of (R_n - R_(n-1)) P_n over the thresholds n,
 *  the distinct outputs in descending order, with recall R and precision P of
 *  the rows at or above the threshold; no interpolation. Source: scikit-learn,
 *  average_precision_score.
 *
 *  Two classes: of class 1. Several: the mean over classes, each against the
 *  rest (one-vs-rest, macro average); a class for which a score is undefined is
 *  left out. NAN where undefined for all: the AUC without rows of the class and
 *  rows of others, average precision without rows of the class.
 *
 *  @param weights  [rows], what a row counts, at least 0; NULL: 1
 *
 *  MLP_ERROR_INTERNAL without memory: 16 bytes a row. */
mlp_status mlp_ranking_measure(const mlp_ranking *ranking, const float *weights,
                               mlp_ranking_scores *scores);

#endif
