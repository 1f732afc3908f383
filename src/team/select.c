/** @file
 *  Order statistics of columns over the rows of all ranks.
 */
#include "select.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/float_key.h"

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

void mlp_selection_begin(mlp_selection *of, size_t columns)
{
    of->columns = columns;
    of->pass = 0;
    memset(of->counts, 0, counts_size(of) * sizeof *of->counts);
    memset(of->values, 0, columns * of->wanted * sizeof *of->values);
}

void mlp_selection_want(mlp_selection *of, size_t column, size_t wanted,
                        uint64_t before)
{
    of->values[column * of->wanted + wanted] = (mlp_selected){.before = before};
}

/* ---- counting ---------------------------------------------------------- */

static void count_first(uint64_t *counts, const float *values, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!isnan(values[i])) {
            counts[mlp_float_key(values[i]) >> (KEY_BITS - digit_end[0])]++;
        }
    }
}

/* The keys between the lowest and the highest one that may be wanted. Without a
 * branch, which nobody could foretell.
 * @param keys  [count], overwritten
 * @return  how many */
static size_t find_near(uint32_t lowest, uint32_t highest, const float *values,
                        size_t count, uint32_t *keys)
{
    size_t near = 0;
    for (size_t i = 0; i < count; i++) {
        keys[near] = mlp_float_key(values[i]);
        near += keys[near] - lowest <= highest - lowest;
    }
    return near;
}

/* Values that share a prefix share the counts of the first of them. */
static void count_key(mlp_selection *of, size_t column, uint32_t key)
{
    const unsigned digit_bits = digit_end[of->pass] - known_bits(of);
    uint32_t prefix = key >> (KEY_BITS - known_bits(of));
    uint32_t digit = key >> (KEY_BITS - digit_end[of->pass]) &
                     ((UINT32_C(1) << digit_bits) - 1);
    size_t at = column * of->wanted;
    for (size_t end = at + of->wanted; at < end; at++) {
        if (of->values[at].prefix == prefix) {
            of->counts[at * MLP_SELECT_BINS + digit]++;
            return;
        }
    }
}

void mlp_selection_count(mlp_selection *of, size_t column, const float *values,
                         size_t count)
{
    const mlp_selected *wanted = &of->values[column * of->wanted];
    uint32_t keys[MLP_SELECT_VALUES];
    if (of->pass == 0) {
        count_first(of->counts + column * of->wanted * MLP_SELECT_BINS, values,
                    count);
        return;
    }
    unsigned unknown = KEY_BITS - known_bits(of);
    uint32_t below = (UINT32_C(1) << unknown) - 1;
    size_t near = find_near(wanted[0].prefix << unknown,
                            wanted[of->wanted - 1].prefix << unknown | below,
                            values, count, keys);
    for (size_t i = 0; i < near; i++) {
        count_key(of, column, keys[i]);
    }
}

/* ---- narrowing --------------------------------------------------------- */

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
    return ++of->pass < PASSES;
}

float mlp_selection_value(const mlp_selection *of, size_t column, size_t wanted)
{
    return mlp_key_float(of->values[column * of->wanted + wanted].prefix);
}
