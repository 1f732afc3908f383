/** @file
 *  Finds a table's rows among those of the ranks, and hands them on.
 */
#include <stdlib.h>

#include "cells.h"
#include "joint.h"

enum {
    WORD_BITS = 64,
    PARCEL_BYTES = 1 << 20 /* of rows, handed on at a time */
};

/* ---- which rows are here ----------------------------------------------- */

/* The first of rows[from .. count) that is not below a number. */
static size_t lower_bound(const uint32_t *rows, size_t from, size_t count,
                          uint32_t number)
{
    while (from < count) {
        size_t middle = from + (count - from) / 2;
        if (rows[middle] < number) {
            from = middle + 1;
        } else {
            count = middle;
        }
    }
    return from;
}

size_t mlp_cells_choose(const mlp_cells *cells, const uint32_t *rows,
                        size_t count, uint32_t *local)
{
    size_t chosen = 0;
    size_t at = 0;
    if (cells->numbers == NULL) {
        memcpy(local, rows, count * sizeof *local);
        return count;
    }
    for (size_t row = 0; row < cells->rows && count > 0; row++) {
        uint32_t number = cells->numbers[row];
        if (at == count || rows[at] > number) { /* a new section may go back */
            at = lower_bound(rows, 0, count, number);
        }
        for (; at < count && rows[at] < number; at++) {
        }
        if (at < count && rows[at] == number) {
            local[chosen++] = (uint32_t)row;
        }
    }
    return chosen;
}

size_t mlp_cells_find(const mlp_cells *cells, uint32_t number, size_t hint)
{
    if (cells->numbers == NULL) {
        return number;
    }
    if (hint < cells->rows && cells->numbers[hint] == number) {
        return hint;
    }
    return lower_bound(cells->numbers, 0, cells->rows, number);
}

mlp_status mlp_cells_gather(const mlp_cells *cells, size_t place, size_t width,
                            uint32_t *words)
{
    size_t most = cells->total * width;
    enum { AT_A_TIME = 1 << 16 };
    uint64_t *sums = calloc(AT_A_TIME, sizeof *sums);
    mlp_status status = sums == NULL ? mlp_fail_memory("a column") : MLP_OK;
    status = mlp_joint_agree(cells->how.comm, status);
    memset(words, 0, most * sizeof *words);
    for (size_t row = 0; row < cells->rows; row++) {
        size_t to = cells->numbers == NULL ? row : cells->numbers[row];
        memcpy(words + to * width, mlp_cells_row(cells, row) + place,
               width * sizeof *words);
    }
    for (size_t first = 0; first < most && status == MLP_OK;
         first += AT_A_TIME) {
        size_t left = most - first;
        size_t count = left < AT_A_TIME ? left : AT_A_TIME;
        for (size_t i = 0; i < count; i++) {
            sums[i] = words[first + i];
        }
        status = mlp_joint_sum(cells->how.comm, sums, count);
        for (size_t i = 0; i < count; i++) {
            words[first + i] = (uint32_t)sums[i];
        }
    }
    free(sums);
    return status;
}

/* ---- handing on -------------------------------------------------------- */

/* What a rank gets. */
typedef struct {
    const mlp_cells *from;
    const uint64_t *wanted;
    mlp_cells to;     /* the same table's, of which only the rows are used */
    uint32_t *before; /* [words of wanted]: wanted rows before each */
    uint32_t *parcel; /* rows of a rank: number, then words */
    size_t parcel_rows;
} fetching;

static mlp_status begin(fetching *of, size_t words)
{
    size_t width = of->from->width;
    uint32_t rows = 0;
    of->parcel_rows = PARCEL_BYTES / ((width + 1) * sizeof *of->parcel) + 1;
    of->before = calloc(words + 1, sizeof *of->before);
    of->parcel = calloc(of->parcel_rows * (width + 1), sizeof *of->parcel);
    if (of->before == NULL || of->parcel == NULL) {
        return mlp_fail_memory("the rows of a table");
    }
    for (size_t i = 0; i < words; i++) {
        of->before[i] = rows;
        rows += (uint32_t)__builtin_popcountll(of->wanted[i]);
    }
    of->to = (mlp_cells){.how = of->from->how, .width = width, .rows = rows};
    of->to.numbers = calloc(rows + 1, sizeof *of->to.numbers);
    return of->to.numbers == NULL ? mlp_fail_memory("the rows of a table")
                                  : mlp_cells_make_room(&of->to, rows);
}

/* Take the wanted ones of some rows. */
static void take_rows(fetching *of, size_t count)
{
    size_t width = of->from->width;
    for (size_t i = 0; i < count; i++) {
        const uint32_t *row = of->parcel + i * (width + 1);
        uint64_t bits = of->wanted[row[0] / WORD_BITS];
        uint64_t bit = UINT64_C(1) << row[0] % WORD_BITS;
        if ((bits & bit) != 0) {
            size_t to = of->before[row[0] / WORD_BITS] +
                        (size_t)__builtin_popcountll(bits & (bit - 1));
            of->to.numbers[to] = row[0];
            memcpy(of->to.words + to * width, row + 1, width * sizeof *row);
        }
    }
}

/* Rows of this rank from `first` on. */
static void fill_parcel(fetching *of, size_t first, size_t count)
{
    size_t width = of->from->width;
    for (size_t i = 0; i < count; i++) {
        uint32_t *row = of->parcel + i * (width + 1);
        row[0] = of->from->numbers[first + i];
        memcpy(row + 1, mlp_cells_row(of->from, first + i),
               width * sizeof *row);
    }
}

/* Hand on the rows of a rank to all. */
static mlp_status hand_on(fetching *of, size_t root)
{
    mlp_comm *comm = of->from->how.comm;
    bool is_root = mlp_comm_rank(comm) == root;
    uint64_t rows = of->from->rows;
    size_t count;
    MLP_TRY(mlp_comm_broadcast_from(comm, root, &rows, sizeof rows));
    for (size_t first = 0; first < rows; first += count) {
        count = rows - first < of->parcel_rows ? rows - first : of->parcel_rows;
        if (is_root) {
            fill_parcel(of, first, count);
        }
        MLP_TRY(mlp_comm_broadcast_from(comm, root, of->parcel,
                                        count * (of->from->width + 1) *
                                            sizeof *of->parcel));
        take_rows(of, count);
    }
    return MLP_OK;
}

mlp_status mlp_cells_fetch(mlp_cells *cells, const uint64_t *wanted)
{
    mlp_comm *comm = cells->how.comm;
    fetching of = {.from = cells, .wanted = wanted};
    if (mlp_joint_size(comm) == 1) {
        return MLP_OK;
    }
    mlp_status status = begin(&of, (cells->total + WORD_BITS - 1) / WORD_BITS);
    status = mlp_comm_agree(comm, status);
    for (size_t root = 0; root < mlp_comm_size(comm) && status == MLP_OK;
         root++) {
        status = hand_on(&of, root);
    }
    if (status == MLP_OK) {
        mlp_cells_swap_rows(cells, &of.to);
    }
    mlp_cells_destroy(&of.to);
    free(of.before);
    free(of.parcel);
    return status;
}
