/** @file
 *  Two models on the same rows: McNemar's test of their errors, and the mean of
 *  paired differences.
 */
#ifndef MLP_PAIRED_H
#define MLP_PAIRED_H

#include <stddef.h>
#include <stdint.h>

/** Rows by which of two models is right. */
typedef struct {
    uint64_t both_right, first_right, second_right, both_wrong;
} mlp_paired_counts;

/** Whether two error rates differ. */
typedef struct {
    double difference; /**< error rate of the first, less that of the second */
    double low, high;  /**< 95% confidence interval */
    double exact, mid; /**< two-sided p-values */
} mlp_mcnemar;

/** McNemar's test. NAN without rows.
 *
 *  Under the hypothesis of equal error rates, first_right of the n rows for
 *  which one model is right are binomial (n, 1/2). The exact p-value is twice
 *  the probability of the smaller count or less, at most 1; mid-p subtracts the
 *  probability of that count, or half of it if the counts are equal; without
 * such rows both are 1. Sources: McNemar 1947, "Note on the sampling error of
 * the difference between correlated proportions or percentages"; Fagerland,
 * Lydersen and Laake 2013, "The McNemar test for binary matched-pairs data:
 * mid-p and asymptotic are better than exact conditional".
 *
 *  The interval is that of Bonett and Price 2012, "Adjusted Wald confidence
 *  interval for a difference of binomial proportions based on paired data". */
mlp_mcnemar mlp_mcnemar_test(const mlp_paired_counts *counts);

/** The mean of differences. */
typedef struct {
    double mean;
    double error;     /**< standard error: deviation / sqrt(n), with n - 1 */
    double low, high; /**< 95% confidence interval, by Student's t, n - 1 */
} mlp_paired_mean;

/** Paired t interval: mean -+ t standard errors. Two passes in order. NAN where
 *  undefined: for one difference all but the mean. Source: Student 1908, "The
 *  probable error of a mean". */
mlp_paired_mean mlp_paired_mean_of(const double *differences, size_t count);

/** The value below which Student's t is with probability 0.975.
 *
 *  Up to 30 degrees of freedom by bisection of the distribution, a finite sum
 *  (Abramowitz and Stegun 1964, 26.7.3 and 26.7.4); above by the expansion at
 *  the normal quantile (26.7.5), whose error there is below 1e-6.
 *  @param freedom  degrees of freedom, at least 1 */
double mlp_student_quantile(uint64_t freedom);

#endif
