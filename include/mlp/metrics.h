/** @file
 *  What a classifier got right, from exact counts: accuracy, the confusion
 *  matrix, and the report of precision, recall and F1.
 */
#ifndef MLP_METRICS_H
#define MLP_METRICS_H

#include <stddef.h>
#include <stdint.h>

/** Sums over rows; ratios are formed at the very end. */
typedef struct {
    double loss_sum; /**< over rows, float64, in tree order */
    uint64_t hits;   /**< rows whose largest output is the label's */
    uint64_t rows;
} mlp_tally;

/** Add the counts and the loss of more rows. */
void mlp_tally_add(mlp_tally *sum, const mlp_tally *more);

double mlp_tally_loss(const mlp_tally *tally);     /**< mean; NAN for 0 rows */
double mlp_tally_accuracy(const mlp_tally *tally); /**< in [0, 1]; NAN for 0 */

/** Precision, recall and F1 of one class, or their averages. A ratio with
 *  denominator 0 is 0, as in scikit-learn. */
typedef struct {
    double precision, recall, f1;
    uint64_t support; /**< rows of this true class */
} mlp_class_score;

/** Scores of every class.
 *  @param confusion  [classes, classes]: row = truth, column = prediction
 *  @param scores     [classes], overwritten
 */
void mlp_metrics_scores(const uint64_t *confusion, size_t classes,
                        mlp_class_score *scores);

/** Averages over classes: macro counts each class alike, weighted by support.
 *  @param scores  [classes] */
void mlp_metrics_averages(const mlp_class_score *scores, size_t classes,
                          mlp_class_score *macro, mlp_class_score *weighted);

#endif
