/** @file
 *  Order statistics of columns over the rows of all ranks.
 */
#include "select.h"

#include <stdlib.h>
#include <string.h>

enum { PASSES = 3, KEY_BITS = 32 };

static const unsigned digit_end[PASSES] = {11, 22, 32}; /* bits up to it */

static unsigned known_bits(const mlp_selection *of)
{
    return of->pass == 0 ? 0 : digit_end[of->pass - 1];
}

mlp_status mlp_selection_create(size_t columns, size_t wanted,
                                mlp_selection *of)
{
    *of =
        (mlp_selection){.columns = columns,
                        .wanted = wanted,
                        .values = calloc(columns * wanted, sizeof *of->values),
                        .counts = calloc(columns * wanted,
                                         MLP_SELECT_BINS * sizeof *of->counts)};
    return of->values == NULL || of->counts == NULL
               ? mlp_fail_memory("the quartiles of the features")
               : MLP_OK;
}

void mlp_selection_destroy(mlp_selection *of)
{
    free(of->values);
    free(of->counts);
    *of = (mlp_selection){0};
}

static size_t counts_size(const mlp_selection *of)
{
    return of->columns * of->wanted * MLP_SELECT_BINS;
}

static void begin_pass(mlp_selection *of, size_t pass)
{
    of->pass = pass;
    if (pass < PASSES) {
        unsigned known = known_bits(of);
        of->prefix_shift = KEY_BITS - known;
        of->digit_shift = KEY_BITS - digit_end[pass];
        of->digit_mask = (UINT32_C(1) << (digit_end[pass] - known)) - 1;
    }
}

void mlp_selection_begin(mlp_selection *of, size_t columns)
{
    of->columns = columns;
    begin_pass(of, 0);
    memset(of->counts, 0, counts_size(of) * sizeof *of->counts);
    memset(of->values, 0, columns * of->wanted * sizeof *of->values);
}

void mlp_selection_want(mlp_selection *of, size_t column, size_t wanted,
                        uint64_t before)
{
    of->values[column * of->wanted + wanted] = (mlp_selected){.before = before};
}

/* The digit whose bin has the wanted value. */
static void take_digit(mlp_selected *value, const uint64_t *counts,
                       unsigned bits)
{
    uint32_t digit = 0;
    while (digit + 1 < MLP_SELECT_BINS && value->before >= counts[digit]) {
        value->before -= counts[digit++];
    }
    value->prefix = value->prefix << bits | digit;
}

static void take_digits(mlp_selection *of, size_t column, unsigned bits)
{
    mlp_selected *values = of->values + column * of->wanted;
    const uint64_t *counts = of->counts + column * of->wanted * MLP_SELECT_BINS;
    uint32_t prefix = values[0].prefix;
    for (size_t w = 0; w < of->wanted; w++) {
        if (values[w].prefix != prefix) {
            prefix = values[w].prefix;
            counts = of->counts + (column * of->wanted + w) * MLP_SELECT_BINS;
        }
        take_digit(&values[w], counts, bits);
    }
}

mlp_status mlp_selection_sum(mlp_selection *of, mlp_comm *comm)
{
    return comm == NULL ? MLP_OK
                        : mlp_comm_sum(comm, of->counts, counts_size(of));
}

uint64_t mlp_selection_total(const mlp_selection *of, size_t column)
{
    const uint64_t *counts = of->counts + column * of->wanted * MLP_SELECT_BINS;
    uint64_t total = 0;
    for (size_t bin = 0; bin < MLP_SELECT_BINS; bin++) {
        total += counts[bin];
    }
    return total;
}

bool mlp_selection_narrow(mlp_selection *of)
{
    unsigned bits = digit_end[of->pass] - known_bits(of);
    for (size_t c = 0; c < of->columns; c++) {
        take_digits(of, c, bits);
    }
    memset(of->counts, 0, counts_size(of) * sizeof *of->counts);
    begin_pass(of, of->pass + 1);
    return of->pass < PASSES;
}

float mlp_selection_value(const mlp_selection *of, size_t column, size_t wanted)
{
    return mlp_key_float(of->values[column * of->wanted + wanted].prefix);
}
