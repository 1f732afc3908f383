/** @file
 *  ROC AUC and average precision from sorted outputs.
 */
#include "ranking.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "float_key.h"

enum { DIGITS = 3, DIGIT_BITS = 11, BINS = 1 << DIGIT_BITS, KEY_SHIFT = 32 };

size_t mlp_ranking_columns(size_t classes)
{
    return classes > 2 ? classes : 1;
}

/* An even number, to be summed as 64-bit words. */
static size_t word_count(const mlp_ranking *ranking)
{
    return ((ranking->columns + 1) * ranking->rows + 1) / 2 * 2;
}

mlp_status mlp_ranking_create(size_t rows, size_t classes, mlp_ranking *ranking)
{
    *ranking =
        (mlp_ranking){.rows = rows, .columns = mlp_ranking_columns(classes)};
    /* calloc gives memory for any object */
    ranking->words = calloc(word_count(ranking) + 1, sizeof *ranking->words);
    return ranking->words != NULL ? MLP_OK
                                  : mlp_fail_memory("the outputs to rank");
}

void mlp_ranking_destroy(mlp_ranking *ranking)
{
    free(ranking->words);
    *ranking = (mlp_ranking){0};
}

void mlp_ranking_put(mlp_ranking *ranking, size_t row, const float *outputs,
                     uint32_t label)
{
    for (size_t k = 0; k < ranking->columns; k++) {
        /* -0 becomes 0, which it equals */
        ranking->words[k * ranking->rows + row] =
            mlp_float_key(outputs[k] + 0.0F);
    }
    ranking->words[ranking->columns * ranking->rows + row] = label;
}

uint64_t *mlp_ranking_words(mlp_ranking *ranking, size_t *count)
{
    void *words = ranking->words;
    *count = word_count(ranking) / 2;
    return words;
}

/* ---- one class --------------------------------------------------------- */

/* Rows sorted by output, ascending; equal ones by their numbers, so that sums
 * of weights have one order. */
typedef struct {
    uint64_t *rows;    /* [rows]: key, then row */
    uint64_t *scratch; /* [rows] */
} row_order;

/* Move the entries to `to`, in the order of a digit. */
static void sort_digit(const uint64_t *from, uint64_t *to, size_t rows,
                       unsigned shift)
{
    size_t place[BINS] = {0};
    size_t before = 0;
    for (size_t i = 0; i < rows; i++) {
        place[from[i] >> shift & (BINS - 1)]++;
    }
    for (size_t bin = 0; bin < BINS; bin++) {
        size_t count = place[bin];
        place[bin] = before;
        before += count;
    }
    for (size_t i = 0; i < rows; i++) {
        to[place[from[i] >> shift & (BINS - 1)]++] = from[i];
    }
}

static void sort_column(const mlp_ranking *ranking, size_t column,
                        row_order *order)
{
    const uint32_t *keys = ranking->words + column * ranking->rows;
    for (size_t r = 0; r < ranking->rows; r++) {
        order->rows[r] = (uint64_t)keys[r] << KEY_SHIFT | r;
    }
    for (unsigned digit = 0; digit < DIGITS; digit++) {
        sort_digit(order->rows, order->scratch, ranking->rows,
                   KEY_SHIFT + digit * DIGIT_BITS);
        uint64_t *sorted = order->scratch;
        order->scratch = order->rows;
        order->rows = sorted;
    }
}

/* Go through the sorted rows, the largest output first. Without weights all
 * sums are integers, and exact below 2^53. */
static mlp_ranking_scores measure_class(const mlp_ranking *ranking,
                                        uint32_t class, const float *weights,
                                        const uint64_t *sorted)
{
    const uint32_t *labels = ranking->words + ranking->columns * ranking->rows;
    double hits = 0, others = 0; /* rows of the class, and not, so far */
    double wins = 0;             /* twice: pairs in order, a tie is a half */
    double precisions = 0;
    for (size_t i = ranking->rows; i > 0;) {
        uint64_t key = sorted[i - 1] >> KEY_SHIFT;
        double new_hits = 0, new_others = 0;
        for (; i > 0 && sorted[i - 1] >> KEY_SHIFT == key; i--) {
            uint32_t row = (uint32_t)sorted[i - 1];
            double weight = weights != NULL ? (double)weights[row] : 1;
            new_hits += labels[row] == class ? weight : 0;
            new_others += labels[row] == class ? 0 : weight;
        }
        wins += new_others * (2 * hits + new_hits);
        hits += new_hits;
        others += new_others;
        precisions += new_hits > 0 ? new_hits * (hits / (hits + others)) : 0;
    }
    return (mlp_ranking_scores){
        .roc_auc =
            hits > 0 && others > 0 ? wins / (2 * hits * others) : (double)NAN,
        .average_precision = hits > 0 ? precisions / hits : (double)NAN};
}

/* ---- all classes ------------------------------------------------------- */

/* A mean over the classes for which a score is defined. */
typedef struct {
    double sum, count;
} mean;

static void add(mean *of, double score)
{
    of->sum += isnan(score) ? 0 : score;
    of->count += !isnan(score);
}

static double mean_of(mean of)
{
    return of.count > 0 ? of.sum / of.count : (double)NAN;
}

mlp_status mlp_ranking_measure(const mlp_ranking *ranking, const float *weights,
                               mlp_ranking_scores *scores)
{
    mean aucs = {0, 0}, precisions = {0, 0};
    uint64_t *memory = malloc((2 * ranking->rows + 1) * sizeof *memory);
    if (memory == NULL) {
        return mlp_fail_memory("the order of rows by their outputs");
    }
    row_order order = {memory, memory + ranking->rows};
    for (size_t k = 0; k < ranking->columns; k++) {
        uint32_t class = ranking->columns == 1 ? 1 : (uint32_t)k;
        sort_column(ranking, k, &order);
        mlp_ranking_scores one =
            measure_class(ranking, class, weights, order.rows);
        add(&aucs, one.roc_auc);
        add(&precisions, one.average_precision);
    }
    free(memory);
    *scores = (mlp_ranking_scores){mean_of(aucs), mean_of(precisions)};
    return MLP_OK;
}
