/** @file
 *  The quartiles of each column over the rows of all ranks, exactly: values are
 *  counted by the first 11 bits of their keys (base/float_key.h), those that
 *  share these with a wanted one by the next 11, and these by the last 10. The
 *  counts are integers, so that the result is the same for any ranks.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/float_key.h"

#include "internal.h"

enum {
    WANTED = 6,   /* order statistics: two around each quartile */
    DIGITS = 3,   /* of a key */
    BINS = 2048,  /* values of a digit */
    COLUMNS = 16, /* at a time */
    KEY_BITS = 32
};

static const unsigned digit_end[DIGITS] = {11, 22, 32}; /* bits up to it */

/* A value of a column that is looked for. */
typedef struct {
    uint32_t prefix; /* its first bits, as far as they are known */
    uint64_t before; /* values of the same prefix that are not larger, but for
                        this one */
} wanted;

typedef struct {
    mlp_comm *comm;
    const mlp_sharded *split;
    mlp_range columns;
    wanted (*values)[WANTED];         /* [COLUMNS] */
    uint64_t (*counts)[WANTED][BINS]; /* [COLUMNS] */
} search;

/* Add a value to the counts of the wanted ones that it may be. */
static void count_value(search *of, size_t c, uint32_t key, unsigned known,
                        unsigned bits)
{
    uint32_t digit = key << known >> (KEY_BITS - bits);
    for (size_t w = 0; w < WANTED; w++) {
        uint32_t prefix = known == 0 ? 0 : key >> (KEY_BITS - known);
        of->counts[c][w][digit] += prefix == of->values[c][w].prefix;
    }
}

static void count_values(search *of, unsigned known, unsigned bits)
{
    const mlp_dataset *here = &of->split->here;
    mlp_range rows = {0, here->range.count};
    size_t count;
    for (; rows.count > 0; rows.first += count, rows.count -= count) {
        const void *values = mlp_dataset_read(here, rows, &count);
        for (size_t r = 0; r < count; r++) {
            size_t first = r * here->features + of->columns.first;
            for (size_t c = 0; c < of->columns.count; c++) {
                float value = mlp_dataset_value(here, values, first + c);
                count_value(of, c, mlp_float_key(value), known, bits);
            }
        }
    }
}

/* The digit whose bin has the wanted value. */
static void take_digit(wanted *value, const uint64_t *counts, unsigned bits)
{
    uint32_t digit = 0;
    while (value->before >= counts[digit]) {
        value->before -= counts[digit++];
    }
    value->prefix = value->prefix << bits | digit;
}

/* Search the columns of a block. Collective. */
static mlp_status search_block(search *of)
{
    for (size_t d = 0; d < DIGITS; d++) {
        unsigned known = d == 0 ? 0 : digit_end[d - 1];
        unsigned bits = digit_end[d] - known;
        memset(of->counts, 0, COLUMNS * sizeof *of->counts);
        count_values(of, known, bits);
        MLP_TRY(mlp_comm_sum(of->comm, &of->counts[0][0][0],
                             of->columns.count * WANTED * BINS));
        for (size_t c = 0; c < of->columns.count; c++) {
            for (size_t w = 0; w < WANTED; w++) {
                take_digit(&of->values[c][w], of->counts[c][w], bits);
            }
        }
    }
    return MLP_OK;
}

/* Quartile q (0 to 2) is at position (q + 1) (rows - 1) / 4. */
static void begin_block(search *of)
{
    size_t last = of->split->rows - 1;
    for (size_t c = 0; c < of->columns.count; c++) {
        for (size_t w = 0; w < WANTED; w++) {
            size_t place = (w / 2 + 1) * last / 4 + w % 2;
            of->values[c][w] = (wanted){.before = place < last ? place : last};
        }
    }
}

static void end_block(const search *of, double *quartiles)
{
    size_t last = of->split->rows - 1;
    for (size_t c = 0; c < of->columns.count; c++) {
        for (size_t q = 0; q < WANTED / 2; q++) {
            double part = (double)((q + 1) * last % 4) / 4;
            double low = (double)mlp_key_float(of->values[c][2 * q].prefix);
            double high =
                (double)mlp_key_float(of->values[c][2 * q + 1].prefix);
            quartiles[3 * (of->columns.first + c) + q] =
                low + part * (high - low);
        }
    }
}

static mlp_status search_all(search *of, double *quartiles)
{
    size_t features = of->split->here.features;
    for (size_t first = 0; first < features; first += COLUMNS) {
        size_t left = features - first;
        of->columns = (mlp_range){first, left < COLUMNS ? left : COLUMNS};
        begin_block(of);
        MLP_TRY(search_block(of));
        end_block(of, quartiles);
    }
    return MLP_OK;
}

mlp_status mlp_run_find_quartiles(mlp_comm *comm, const mlp_sharded *split,
                                  double *quartiles)
{
    search of = {.comm = comm,
                 .split = split,
                 .values = calloc(COLUMNS, sizeof *of.values),
                 .counts = calloc(COLUMNS, sizeof *of.counts)};
    mlp_status status = of.values == NULL || of.counts == NULL
                            ? mlp_fail_memory("the quartiles of the features")
                            : MLP_OK;
    status = mlp_comm_agree(comm, status);
    if (status == MLP_OK) {
        status = search_all(&of, quartiles);
    }
    free(of.values);
    free(of.counts);
    return status;
}
