/** @file
 *  Tests and intervals for two models on the same rows.
 */
#include "paired.h"

#include <math.h>

static const double NORMAL_QUANTILE = 1.959963984540054; /* of 0.975 */

/* ---- McNemar ----------------------------------------------------------- */

/* The probability of `count` of n, binomial with 1/2. */
static double chance_of(uint64_t count, uint64_t n)
{
    double trials = (double)n;
    double hits = (double)count;
    return exp(lgamma(trials + 1) - lgamma(hits + 1) -
               lgamma(trials - hits + 1) - trials * M_LN2);
}

/* Of `count` or less: each term is made of the one before, until they change
 * nothing. */
static double chance_of_most(uint64_t count, uint64_t n)
{
    double term = chance_of(count, n);
    double sum = 0;
    for (uint64_t k = count; sum + term > sum; k--) {
        sum += term;
        term *= (double)k / (double)(n - k + 1);
    }
    return sum;
}

static void set_p_values(const mlp_paired_counts *counts, mlp_mcnemar *test)
{
    uint64_t first = counts->first_right;
    uint64_t second = counts->second_right;
    uint64_t least = first < second ? first : second;
    double chance = chance_of(least, first + second);
    if (first == second) {
        test->exact = 1;
        test->mid = first > 0 ? 1 - chance / 2 : 1;
        return;
    }
    test->exact = fmin(1, 2 * chance_of_most(least, first + second));
    test->mid = test->exact - chance;
}

mlp_mcnemar mlp_mcnemar_test(const mlp_paired_counts *counts)
{
    double first = (double)counts->first_right;
    double second = (double)counts->second_right;
    double n = (double)counts->both_right + (double)counts->both_wrong + first +
               second;
    if (n == 0) {
        return (mlp_mcnemar){(double)NAN, (double)NAN, (double)NAN, (double)NAN,
                             (double)NAN};
    }
    double only_first_errs = (second + 1) / (n + 2);
    double only_second_errs = (first + 1) / (n + 2);
    double center = only_first_errs - only_second_errs;
    double spread =
        NORMAL_QUANTILE *
        sqrt((only_first_errs + only_second_errs - center * center) / (n + 2));
    mlp_mcnemar test = {.difference = (second - first) / n,
                        .low = fmax(-1, center - spread),
                        .high = fmin(1, center + spread)};
    set_p_values(counts, &test);
    return test;
}

/* ---- Student ----------------------------------------------------------- */

/* Probability that |t| is below `t`. */
static double central_probability(double t, uint64_t freedom)
{
    double angle = atan(t / sqrt((double)freedom));
    double squared = cos(angle) * cos(angle);
    uint64_t first = freedom % 2 == 1 ? 3 : 2; /* of the sum's terms */
    double term = freedom % 2 == 1 ? cos(angle) : 1;
    double sum = freedom > 1 ? term : 0;
    for (uint64_t k = first; k < freedom; k += 2) {
        term *= squared * (double)(k - 1) / (double)k;
        sum += term;
    }
    return freedom % 2 == 1 ? (angle + sin(angle) * sum) * M_2_PI
                            : sin(angle) * sum;
}

static double bisect_quantile(uint64_t freedom)
{
    enum { HALVINGS = 100 };
    double low = 0;
    double high = 16; /* of one degree of freedom it is 12.7 */
    for (int i = 0; i < HALVINGS; i++) {
        double middle = (low + high) / 2;
        if (central_probability(middle, freedom) < 0.95) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return high;
}

double mlp_student_quantile(uint64_t freedom)
{
    const double x = NORMAL_QUANTILE;
    const double x2 = x * x;
    const double n = (double)freedom;
    if (freedom <= 30) {
        return bisect_quantile(freedom);
    }
    double g1 = (x2 + 1) * x / 4;
    double g2 = ((5 * x2 + 16) * x2 + 3) * x / 96;
    double g3 = (((3 * x2 + 19) * x2 + 17) * x2 - 15) * x / 384;
    double g4 =
        ((((79 * x2 + 776) * x2 + 1482) * x2 - 1920) * x2 - 945) * x / 92160;
    return x + (g1 + (g2 + (g3 + g4 / n) / n) / n) / n;
}

mlp_paired_mean mlp_paired_mean_of(const double *differences, size_t count)
{
    double n = (double)count;
    double sum = 0;
    double squares = 0;
    for (size_t i = 0; i < count; i++) {
        sum += differences[i];
    }
    double mean = count > 0 ? sum / n : (double)NAN;
    for (size_t i = 0; i < count; i++) {
        squares += (differences[i] - mean) * (differences[i] - mean);
    }
    if (count < 2) {
        return (mlp_paired_mean){mean, (double)NAN, (double)NAN, (double)NAN};
    }
    double error = sqrt(squares / (n - 1) / n);
    double half = error * mlp_student_quantile(count - 1);
    return (mlp_paired_mean){mean, error, mean - half, mean + half};
}
