/** @file
 *  Metrics of a model on rows: accuracy, top-K accuracy, log loss, Brier score,
 *  ROC AUC and average precision; RMSE, MAE and R2 of regression; and from the
 *  confusion matrix precision, recall and F1.
 */
#ifndef MLP_METRICS_H
#define MLP_METRICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ranking.h"

/** Sums over rows, from which ratios are formed last. */
typedef struct {
    double loss_sum; /**< over rows, float64, in tree order */
    uint64_t hits;   /**< rows whose largest output is the label's */
    uint64_t rows;
    /* regression only; else 0 */
    uint64_t targets; /**< predicted numbers */
    double error_sum; /**< |prediction - target|, in the data's unit */
    double target_sum, target_squares; /**< of scaled targets */
    double error_squares;              /**< of scaled errors */
    uint64_t top_hits; /**< rows with the label among the K largest outputs,
                             where the evaluation counts them */
    /* where outputs are probabilities and an evaluation compares them, and in
     * regression; rows that older versions counted are not scored */
    uint64_t scored;   /**< rows */
    double square_sum; /**< squared errors of predictions, in the data's unit;
                            of probabilities: see mlp_tally_probabilities */
    double log_sum;    /**< - log of the label's probability */
    /* of all rows of an evaluation; a sum of tallies has none */
    uint64_t ranked; /**< rows; 0: they were not ranked */
    mlp_ranking_scores ranking;
    /* rows with weights only; else 0. A row adds its weight times what another
     * adds to the sums above, and is ranked by it; one of weight 0 is no hit.
     */
    uint64_t weighted;  /**< rows that have weights: all or none */
    double weight_sum;  /**< of all rows, */
    double hit_sum;     /**< of those that are hits, */
    double top_hit_sum; /**< and of those that are top hits */
} mlp_tally;

double mlp_tally_loss(const mlp_tally *tally); /**< mean; NAN for 0 rows */
/** In [0, 1]; NAN for 0 rows, and for regression. */
double mlp_tally_accuracy(const mlp_tally *tally);
double mlp_tally_top_accuracy(const mlp_tally *tally);

/** Mean absolute error, and the coefficient of determination: 1 - sum of
 *  squared errors / sum of squared distances of the targets from their mean.
 *  NAN where undefined. */
double mlp_tally_mae(const mlp_tally *tally);
double mlp_tally_r2(const mlp_tally *tally);

/** A metric of the rows. */
typedef enum {
    MLP_METRIC_LOSS,     /**< what training minimizes, without penalties */
    MLP_METRIC_ACCURACY, /**< in [0, 1] */
    /** Mean of - log of the label's probability. */
    MLP_METRIC_LOG_LOSS,
    /** Two classes: the mean squared distance of the probability of class 1
     *  from 1 or 0. Several: the mean over rows of the sum of these over all
     *  classes. Source: Brier 1950, "Verification of forecasts expressed in
     *  terms of probability", eq. 2, which is twice as much for two classes;
     *  scikit-learn's brier_score_loss is the same as here. */
    MLP_METRIC_BRIER,
    MLP_METRIC_ROC_AUC,           /**< see mlp_ranking_measure */
    MLP_METRIC_AVERAGE_PRECISION, /**< see mlp_ranking_measure */
    MLP_METRIC_RMSE,              /**< in the data's unit, like the MAE */
    MLP_METRIC_MAE,
    MLP_METRIC_R2,
    MLP_METRICS
} mlp_metric;

typedef struct {
    const char *key;   /**< in logs, after "test_" and the like */
    const char *label; /**< in text */
    bool is_higher_better;
    bool is_of_classes, is_of_numbers; /**< classification, regression */
    bool is_evaluated; /**< classes: only evaluations have it, not training */
    bool is_of_probabilities; /**< the model must give them */
} mlp_metric_facts;
const mlp_metric_facts *mlp_metric_facts_of(mlp_metric metric);

/** NAN where it is undefined, or was not measured. */
double mlp_tally_metric(const mlp_tally *tally, mlp_metric metric);

/** A score of at least 0, larger is better: the accuracy or, for regression, 1
 *  / (1 + loss). NAN for 0 rows. */
double mlp_tally_score(const mlp_tally *tally);

/** Count one target and its prediction, both scaled.
 *  @param unit    size of a scaled difference of 1 in the data's unit
 *  @param weight  of the row */
void mlp_tally_target(mlp_tally *tally, float prediction, float target,
                      double unit, double weight);

/** Count the probabilities of a row.
 *  @param outputs  [count]; one is that of class 1 of two
 *  @param log_loss  - log of the label's probability, times the weight; NAN:
 *                   to be taken from the outputs, which are then clipped to
 *                   [2^-23, 1 - 2^-23], float32's epsilon, as scikit-learn's
 *                   log_loss does
 *  @param weight    of the row */
void mlp_tally_probabilities(mlp_tally *tally, const float *outputs,
                             size_t count, uint32_t label, double log_loss,
                             double weight);

/** Add another tally: integers exactly, float64 sums rounded. */
void mlp_tally_add(mlp_tally *sum, const mlp_tally *more);

/** The tally's float64 sums as an array, for summation in tree order. */
enum { MLP_TALLY_SUMS = 10 };
void mlp_tally_get_sums(const mlp_tally *tally, double sums[MLP_TALLY_SUMS]);
void mlp_tally_set_sums(mlp_tally *tally, const double sums[MLP_TALLY_SUMS]);

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

/** Averages over classes: macro: each class alike; weighted: by support.
 *  @param scores  [classes] */
void mlp_metrics_averages(const mlp_class_score *scores, size_t classes,
                          mlp_class_score *macro, mlp_class_score *weighted);

#endif
