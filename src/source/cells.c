/** @file
 *  The rows of a table as typed cells: where they are kept.
 */
#include "cells.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum { THREADS_MOST = 64, ROWS_FIRST = 256 };

/* ---- memory of the rows ------------------------------------------------ */

static size_t words_bytes(const mlp_cells *cells, size_t rows)
{
    return rows * cells->width * sizeof *cells->words;
}

/* Map an unnamed file of so many rows. */
static mlp_status map_words(mlp_cells *cells, size_t room)
{
    const char *folder = getenv("TMPDIR");
    size_t bytes = words_bytes(cells, room);
    folder = folder != NULL && folder[0] != '\0' ? folder : "/var/tmp";
    if (cells->room == 0) {
        cells->file = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    }
    int error =
        cells->file < 0 ? errno : posix_fallocate(cells->file, 0, (off_t)bytes);
    if (error != 0) {
        return mlp_fail(MLP_ERROR_IO,
                        "%s: no file of %zu bytes for the rows of a table: %s",
                        folder, bytes, strerror(error));
    }
    void *words = cells->room == 0
                      ? mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED,
                             cells->file, 0)
                      : mremap(cells->words, words_bytes(cells, cells->room),
                               bytes, MREMAP_MAYMOVE);
    if (words == MAP_FAILED) {
        return mlp_fail_memory("the rows of a table");
    }
    cells->words = words;
    cells->room = room;
    return MLP_OK;
}

static void free_words(mlp_cells *cells)
{
    if (!cells->how.is_large) {
        free(cells->words);
    } else if (cells->words != NULL) {
        munmap(cells->words, words_bytes(cells, cells->room));
    }
    if (cells->how.is_large && cells->file > 0) {
        close(cells->file);
    }
}

void mlp_cells_destroy(mlp_cells *cells)
{
    for (size_t i = 0; i < cells->count; i++) {
        free(cells->columns[i].name);
        mlp_texts_destroy(&cells->columns[i].texts);
        free(cells->columns[i].found);
    }
    for (size_t i = 0; i < cells->files; i++) {
        free(cells->paths[i]);
    }
    free_words(cells);
    free(cells->name);
    free(cells->columns);
    free(cells->paths);
    free(cells->sections);
    free(cells->numbers);
    *cells = (mlp_cells){0};
}

/* Where the cells of a column go; a label of an unknown kind has two. */
static void place_column(mlp_cells *cells, size_t i)
{
    mlp_cell_column *column = &cells->columns[i];
    column->number = column->code = SIZE_MAX;
    if (column->kind == MLP_COLUMN_IGNORED || column->field == SIZE_MAX) {
        return;
    }
    if (column->kind != MLP_COLUMN_TEXT) {
        column->number = cells->width++;
    }
    if (column->kind == MLP_COLUMN_TEXT || i == cells->how.label) {
        column->code = cells->width++;
    }
    if (column->kind == MLP_COLUMN_UNKNOWN && column->code == SIZE_MAX) {
        column->code = column->number;
    }
}

static void place_key(mlp_cells *cells)
{
    cells->key_place = SIZE_MAX;
    if (cells->how.key < cells->count) {
        cells->key_place = cells->width;
        cells->width += 2;
    }
}

void mlp_cells_plan(mlp_cells *cells, const mlp_cells_how *how)
{
    cells->how = *how;
    cells->how.threads = how->threads < 1              ? 1
                         : how->threads > THREADS_MOST ? THREADS_MOST
                                                       : how->threads;
    cells->width = MLP_CELLS_FIRST;
    for (size_t i = 0; i < cells->count; i++) {
        place_column(cells, i);
    }
    place_key(cells);
}

size_t mlp_cells_weight(const mlp_cells *cells)
{
    for (size_t i = 0; i < cells->count; i++) {
        if (cells->columns[i].kind == MLP_COLUMN_WEIGHT) {
            return cells->columns[i].number;
        }
    }
    return SIZE_MAX;
}

mlp_status mlp_cells_make_room(mlp_cells *cells, size_t rows)
{
    size_t room = cells->room;
    while (room < rows) {
        room = room == 0 ? ROWS_FIRST : room + room / 2;
    }
    if (room == cells->room) {
        return MLP_OK;
    }
    if (cells->how.is_large) {
        return map_words(cells, room);
    }
    uint32_t *words =
        reallocarray(cells->words, room, cells->width * sizeof *words);
    if (words == NULL) {
        return mlp_fail_memory("the rows of a table");
    }
    cells->words = words;
    cells->room = room;
    return MLP_OK;
}

void mlp_cells_swap_rows(mlp_cells *a, mlp_cells *b)
{
    const mlp_cells other = *a;
    a->words = b->words;
    a->numbers = b->numbers;
    a->rows = b->rows;
    a->room = b->room;
    a->file = b->file;
    b->words = other.words;
    b->numbers = other.numbers;
    b->rows = other.rows;
    b->room = other.room;
    b->file = other.file;
}

/* ---- rows -------------------------------------------------------------- */

mlp_status mlp_cells_refuse(const mlp_cells *cells, size_t row, size_t column,
                            const char *expected)
{
    const mlp_cell_column *of = &cells->columns[column];
    const uint32_t *words = mlp_cells_row(cells, row);
    size_t file = cells->sections[words[MLP_CELLS_SECTION]].file;
    const char *text =
        of->kind == MLP_COLUMN_TEXT && words[of->code] != MLP_CELL_MISSING
            ? mlp_texts_item(&of->texts, words[of->code])
            : "";
    const char *quote = *text == '\0' ? "" : "\"";
    return mlp_fail(MLP_ERROR_DATA,
                    "%s:%u: column %zu (%.60s): expected %s, found %s%.60s%s",
                    cells->paths[file], words[MLP_CELLS_LINE], of->field + 1,
                    of->name, expected, *text == '\0' ? "nothing" : quote, text,
                    quote);
}

mlp_status mlp_cells_add_section(mlp_cells *cells)
{
    if (cells->section_count == cells->sections_room) {
        size_t room = 2 * cells->sections_room + ROWS_FIRST;
        mlp_cells_section *sections =
            reallocarray(cells->sections, room, sizeof *sections);
        if (sections == NULL) {
            return mlp_fail_memory("the rows of a table");
        }
        cells->sections = sections;
        cells->sections_room = room;
    }
    cells->sections[cells->section_count++] =
        (mlp_cells_section){.file = (uint32_t)cells->files - 1};
    return MLP_OK;
}

mlp_status mlp_cells_refuse_texts(const char *name,
                                  const mlp_cell_column *column)
{
    return mlp_fail(MLP_ERROR_DATA,
                    "%s: column %zu (%.100s): has more than %d different "
                    "texts: is it no category? Leave it out by --ignore",
                    name, column->field + 1, column->name, MLP_TEXTS_MOST);
}
