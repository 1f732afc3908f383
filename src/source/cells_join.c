/** @file
 *  Makes one table of the rows that the ranks of a team have read.
 */
#include <stdlib.h>

#include "cells.h"
#include "joint.h"

static bool is_alone(const mlp_cells *cells)
{
    return mlp_joint_size(cells->how.comm) == 1;
}

/* ---- numbers of rows --------------------------------------------------- */

/* A table's rows are those of its sections, one after the other.
 *  @param next  [sections], overwritten: the first row of each */
static mlp_status find_sections(mlp_cells *cells, uint64_t *next)
{
    uint64_t total = 0;
    for (size_t row = 0; row < cells->rows; row++) {
        next[mlp_cells_row(cells, row)[MLP_CELLS_SECTION]]++;
    }
    MLP_TRY(mlp_joint_sum(cells->how.comm, next, cells->section_count));
    for (size_t section = 0; section < cells->section_count; section++) {
        uint64_t rows = next[section];
        next[section] = total;
        total += rows;
    }
    cells->total = total;
    return MLP_OK;
}

static mlp_status number_rows(mlp_cells *cells)
{
    cells->total = cells->rows;
    if (is_alone(cells)) {
        return MLP_OK;
    }
    uint64_t *next = calloc(cells->section_count + 1, sizeof *next);
    free(cells->numbers);
    cells->numbers = calloc(cells->rows + 1, sizeof *cells->numbers);
    mlp_status status = next == NULL || cells->numbers == NULL
                            ? mlp_fail_memory("the rows of a table")
                            : MLP_OK;
    status = mlp_joint_agree(cells->how.comm, status);
    if (status == MLP_OK) {
        status = find_sections(cells, next);
    }
    for (size_t row = 0; row < cells->rows && status == MLP_OK; row++) {
        uint32_t section = mlp_cells_row(cells, row)[MLP_CELLS_SECTION];
        cells->numbers[row] = (uint32_t)next[section]++;
    }
    free(next);
    return status;
}

/* Of the rows in the input, those that were left out counted. */
static mlp_status number_records(mlp_cells *cells)
{
    uint64_t *next = calloc(cells->section_count + 1, sizeof *next);
    mlp_status status =
        next == NULL ? mlp_fail_memory("the rows of a table") : MLP_OK;
    status = mlp_joint_agree(cells->how.comm, status);
    for (size_t i = 0; i < cells->section_count && status == MLP_OK; i++) {
        next[i] = cells->sections[i].records;
    }
    if (status == MLP_OK) {
        status = mlp_joint_sum(cells->how.comm, next, cells->section_count);
    }
    uint64_t total = 0;
    for (size_t i = 0; i < cells->section_count && status == MLP_OK; i++) {
        uint64_t records = next[i];
        next[i] = total;
        total += records;
    }
    for (size_t row = 0; row < cells->rows && status == MLP_OK; row++) {
        uint32_t *words = cells->words + row * cells->width;
        words[MLP_CELLS_INPUT] += (uint32_t)next[words[MLP_CELLS_SECTION]];
    }
    free(next);
    return status;
}

mlp_status mlp_cells_keep(mlp_cells *cells, const uint8_t *keeps)
{
    size_t kept = 0;
    for (size_t row = 0; row < cells->rows; row++) {
        if (keeps[row] != 0) {
            memmove(cells->words + kept * cells->width,
                    mlp_cells_row(cells, row),
                    cells->width * sizeof *cells->words);
            kept++;
        }
    }
    cells->rows = kept;
    return number_rows(cells);
}

/* ---- texts ------------------------------------------------------------- */

/* A text that a rank has found. */
typedef struct {
    const char *text;
    uint32_t section, code; /* where it found it first, and its code there */
} found_text;

/* The texts of all columns of a rank: of each its section and its bytes. */
typedef struct {
    char *bytes;
    uint64_t size;
} parcel;

/* Labels whose numbers are no classes on one rank are none on all. */
static mlp_status join_many(mlp_cells *cells)
{
    uint64_t *many = calloc(cells->count, sizeof *many);
    mlp_status status = many == NULL ? mlp_fail_memory("a table") : MLP_OK;
    status = mlp_joint_agree(cells->how.comm, status);
    for (size_t i = 0; i < cells->count && status == MLP_OK; i++) {
        many[i] = cells->columns[i].has_many;
    }
    if (status == MLP_OK) {
        status = mlp_joint_max(cells->how.comm, many, cells->count);
    }
    for (size_t i = 0; i < cells->count && status == MLP_OK; i++) {
        cells->columns[i].has_many = many[i] != 0;
    }
    free(many);
    return status;
}

static size_t texts_bytes(const mlp_cells *cells)
{
    size_t bytes = 0;
    for (size_t i = 0; i < cells->count; i++) {
        const mlp_cell_column *column = &cells->columns[i];
        bytes += sizeof(uint32_t) + column->texts.used +
                 column->texts.count * sizeof(uint32_t);
    }
    return bytes;
}

static mlp_status pack_texts(const mlp_cells *cells, parcel *packed)
{
    packed->size = texts_bytes(cells);
    packed->bytes = malloc(packed->size + 1);
    if (packed->bytes == NULL) {
        return mlp_fail_memory("the texts of a table");
    }
    char *to = packed->bytes;
    for (size_t i = 0; i < cells->count; i++) {
        const mlp_cell_column *column = &cells->columns[i];
        uint32_t count = (uint32_t)column->texts.count;
        to = mempcpy(to, &count, sizeof count);
        if (count > 0) {
            to = mempcpy(to, column->found, count * sizeof *column->found);
            to = mempcpy(to, column->texts.bytes, column->texts.used);
        }
    }
    return MLP_OK;
}

/* The parcels of all ranks, on all ranks. */
static mlp_status share_texts(const mlp_cells *cells, parcel *parcels)
{
    mlp_comm *comm = cells->how.comm;
    size_t rank = mlp_comm_rank(comm);
    MLP_TRY(mlp_comm_agree(comm, pack_texts(cells, &parcels[rank])));
    for (size_t r = 0; r < mlp_comm_size(comm); r++) {
        MLP_TRY(mlp_comm_broadcast_from(comm, r, &parcels[r].size,
                                        sizeof parcels[r].size));
        if (r != rank) {
            parcels[r].bytes = malloc(parcels[r].size + 1);
        }
        MLP_TRY(mlp_comm_agree(comm, parcels[r].bytes == NULL
                                         ? mlp_fail_memory("a table's texts")
                                         : MLP_OK));
        MLP_TRY(mlp_comm_broadcast_from(comm, r, parcels[r].bytes,
                                        parcels[r].size));
    }
    return MLP_OK;
}

/* By the place in the table; the codes of a section are those of one rank. */
static int by_place(const void *a, const void *b)
{
    const found_text *x = a;
    const found_text *y = b;
    return x->section != y->section ? (x->section < y->section ? -1 : 1)
                                    : (x->code > y->code) - (x->code < y->code);
}

/* The next column's texts of all ranks.
 *  @param at  [ranks], moved on */
static mlp_status unpack_texts(const char **at, size_t ranks,
                               found_text **texts, size_t *count)
{
    *count = 0;
    for (size_t r = 0; r < ranks; r++) {
        uint32_t here;
        /* NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker) */
        memcpy(&here, at[r], sizeof here);
        const char *section = at[r] + sizeof here;
        const char *text = section + here * sizeof here;
        found_text *more =
            reallocarray(*texts, *count + here + 1, sizeof **texts);
        if (more == NULL) {
            return mlp_fail_memory("the texts of a table");
        }
        *texts = more;
        for (uint32_t code = 0; code < here; code++) {
            found_text *to = &more[(*count)++];
            *to = (found_text){.text = text, .code = code};
            memcpy(&to->section, section, sizeof to->section);
            section += sizeof to->section;
            text += strlen(text) + 1;
        }
        at[r] = text;
    }
    if (*count > 0) {
        qsort(*texts, *count, sizeof **texts, by_place);
    }
    return MLP_OK;
}

/* Give the column the texts in the order of the table. */
static mlp_status replace_texts(const mlp_cells *cells, mlp_cell_column *column,
                                const found_text *texts, size_t count,
                                mlp_texts *joined)
{
    for (size_t k = 0; k < count && !column->has_many; k++) {
        size_t code;
        MLP_TRY(
            mlp_texts_add(joined, texts[k].text, strlen(texts[k].text), &code));
        if (column->kind == MLP_COLUMN_NUMBER) {
            column->has_many = code >= MLP_AUTO_CLASSES_MOST;
        } else if (code >= MLP_TEXTS_MOST) {
            return mlp_cells_refuse_texts(cells->name, column);
        }
    }
    return MLP_OK;
}

static mlp_status change_codes(mlp_cells *cells, const mlp_cell_column *column,
                               const mlp_texts *joined)
{
    uint32_t *codes = calloc(column->texts.count + 1, sizeof *codes);
    if (codes == NULL) {
        return mlp_fail_memory("the texts of a table");
    }
    for (size_t k = 0; k < column->texts.count; k++) {
        const char *text = mlp_texts_item(&column->texts, k);
        codes[k] = column->has_many
                       ? MLP_CELL_MISSING
                       : (uint32_t)mlp_texts_find(joined, text, strlen(text));
    }
    for (size_t row = 0; row < cells->rows; row++) {
        uint32_t *word = &cells->words[row * cells->width + column->code];
        *word = *word == MLP_CELL_MISSING ? *word : codes[*word];
    }
    free(codes);
    return MLP_OK;
}

static mlp_status join_column(mlp_cells *cells, mlp_cell_column *column,
                              const char **at)
{
    found_text *texts = NULL;
    mlp_texts joined = {0};
    size_t count;
    mlp_status status =
        unpack_texts(at, mlp_joint_size(cells->how.comm), &texts, &count);
    if (status == MLP_OK) {
        status = replace_texts(cells, column, texts, count, &joined);
    }
    if (status == MLP_OK && count > 0) {
        status = change_codes(cells, column, &joined);
    }
    if (status == MLP_OK && count > 0) {
        mlp_texts_destroy(&column->texts);
        column->texts = joined;
        joined = (mlp_texts){0};
    }
    mlp_texts_destroy(&joined);
    free(texts);
    return status;
}

static mlp_status join_columns(mlp_cells *cells, const parcel *parcels)
{
    size_t ranks = mlp_joint_size(cells->how.comm);
    const char **at = calloc(ranks, sizeof *at);
    mlp_status status = at == NULL ? mlp_fail_memory("a table") : MLP_OK;
    for (size_t r = 0; r < ranks && status == MLP_OK; r++) {
        at[r] = parcels[r].bytes;
    }
    for (size_t i = 0; i < cells->count && status == MLP_OK; i++) {
        status = join_column(cells, &cells->columns[i], at);
    }
    free(at);
    return mlp_joint_agree(cells->how.comm, status);
}

static mlp_status join_texts(mlp_cells *cells)
{
    size_t ranks = mlp_joint_size(cells->how.comm);
    MLP_TRY(join_many(cells));
    parcel *parcels = calloc(ranks, sizeof *parcels);
    mlp_status status = parcels == NULL ? mlp_fail_memory("a table") : MLP_OK;
    status = mlp_joint_agree(cells->how.comm, status);
    if (status == MLP_OK) {
        status = share_texts(cells, parcels);
    }
    if (status == MLP_OK) {
        status = join_columns(cells, parcels);
    }
    for (size_t r = 0; parcels != NULL && r < ranks; r++) {
        free(parcels[r].bytes);
    }
    free(parcels);
    return status;
}

/* ---- counts ------------------------------------------------------------ */

/* Of all rows that were left out, the first is that of the first section. */
static mlp_status join_first_bad(mlp_cells *cells, bool has_bad)
{
    size_t root;
    uint32_t before_end =
        has_bad ? (uint32_t)(cells->section_count - cells->first_bad_section)
                : 0;
    MLP_TRY(mlp_comm_max_rank(cells->how.comm, &before_end, &root));
    return mlp_comm_broadcast_from(cells->how.comm, root, cells->first_bad,
                                   sizeof cells->first_bad);
}

mlp_status mlp_cells_join_counts(mlp_cells *cells)
{
    uint64_t counts[] = {cells->dropped, cells->unlabelled, cells->incomplete};
    if (is_alone(cells)) {
        return MLP_OK;
    }
    MLP_TRY(join_first_bad(cells, cells->dropped > 0));
    MLP_TRY(
        mlp_joint_sum(cells->how.comm, counts, sizeof counts / sizeof *counts));
    cells->dropped = counts[0];
    cells->unlabelled = counts[1];
    cells->incomplete = counts[2];
    return MLP_OK;
}

mlp_status mlp_cells_join(mlp_cells *cells)
{
    if (!is_alone(cells)) {
        MLP_TRY(join_texts(cells));
    }
    MLP_TRY(number_records(cells));
    return number_rows(cells);
}
