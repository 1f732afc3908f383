/** @file
 *  The rows of a table one after the other.
 */
#include "table_stream.h"

#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "csv.h"
#include "na_words.h"
#include "number.h"
#include "table_columns.h"
#include "table_encode.h"

struct mlp_table_stream {
    mlp_table_stream_how how;
    const mlp_schema *schema;
    size_t *fields; /* [columns], of a record's cells; SIZE_MAX: not read */
    size_t id;      /* field; SIZE_MAX: none */
    size_t header;  /* cells of a record */
    size_t features;
    size_t most; /* records of a batch */
    size_t number;
    bool is_ended;
    bool is_left_out; /* the record, for a missing cell, which is no error */
    locale_t c_locale;
    mlp_na_words na;
    mlp_csv csv;
    mlp_csv_block block;
    mlp_csv_records records;
    mlp_table_batch batch;
    mlp_status pending; /* a failure behind the records of the batch, */
    char failure[MLP_FAILURE_MAX]; /* and its text */
};

/* ---- the header -------------------------------------------------------- */

static mlp_status match_columns(mlp_table_stream *s)
{
    const mlp_schema *schema = s->schema;
    for (size_t i = 0; i < schema->count; i++) {
        const mlp_column *column = &schema->columns[i];
        bool is_read = i != schema->label &&
                       column->kind != MLP_COLUMN_IGNORED &&
                       column->kind != MLP_COLUMN_WEIGHT;
        s->fields[i] = is_read ? mlp_table_find_field(&s->records, column->name)
                               : SIZE_MAX;
        if (is_read && s->fields[i] == SIZE_MAX) {
            return mlp_fail(MLP_ERROR_DATA,
                            "%s:1: expected a column \"%s\", found none of "
                            "this name among %zu",
                            s->records.path, column->name, s->records.count);
        }
    }
    s->id = s->how.id != NULL ? mlp_table_find_field(&s->records, s->how.id)
                              : SIZE_MAX;
    s->header = s->records.count;
    return s->how.id == NULL || s->id != SIZE_MAX
               ? MLP_OK
               : mlp_table_refuse_column(&s->records, "id", s->how.id);
}

/* ---- a cell ------------------------------------------------------------ */

/* Why a record has no row. */
static void describe(const mlp_table_stream *s, size_t i, const char *expected,
                     char reason[256])
{
    const mlp_csv_cell *cell = &s->records.cells[s->fields[i]];
    /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference) */
    int length = cell->length < 60 ? (int)cell->length : 60;
    const char *quote = length == 0 ? "" : "\"";
    snprintf(reason, 256, "column %zu (%.60s): expected %s, found %s%.*s%s",
             s->fields[i] + 1, s->schema->columns[i].name, expected,
             length == 0 ? "nothing" : quote, length, cell->text, quote);
}

/* @param cell  NULL: missing */
static void encode_number(const mlp_table_stream *s, size_t i,
                          const mlp_csv_cell *cell, float *values,
                          char reason[256])
{
    float number = (float)NAN;
    if (cell != NULL &&
        !mlp_number_parse(cell->text, cell->length, s->c_locale, &number)) {
        describe(s, i, "a number", reason);
        return;
    }
    mlp_encode_number(&s->schema->columns[i], number, values);
}

/* @param cell  NULL: missing */
static void encode_text(const mlp_table_stream *s, size_t i,
                        const mlp_csv_cell *cell, float *values,
                        char reason[256])
{
    const mlp_column *column = &s->schema->columns[i];
    char text[MLP_NAME_BYTES_MOST + 2]; /* a longer one is no category */
    if (cell != NULL) {
        snprintf(text, sizeof text, "%.*s", (int)cell->length, cell->text);
    }
    uint32_t category = mlp_encode_category(column, cell != NULL ? text : NULL);
    if (cell != NULL && category == MLP_CELL_MISSING &&
        s->schema->unseen != MLP_UNSEEN_OTHER) {
        describe(s, i, "a category that training knew", reason);
        return;
    }
    mlp_encode_text(column, category, values);
}

/* A missing cell, where the schema has none. */
static void refuse_gap(mlp_table_stream *s, size_t i, char reason[256])
{
    bool is_number = s->schema->columns[i].kind == MLP_COLUMN_NUMBER;
    describe(s, i, is_number ? "a number" : "a text", reason);
    s->is_left_out = s->schema->missing == MLP_MISSING_DROP;
}

/* ---- a record ---------------------------------------------------------- */

static void encode_record(mlp_table_stream *s, float *values, char reason[256])
{
    reason[0] = '\0';
    s->is_left_out = false;
    if (s->records.count != s->header) {
        snprintf(reason, 256, "expected %zu cells, found %zu", s->header,
                 s->records.count);
    }
    memset(values, 0, s->features * sizeof *values);
    for (size_t i = 0; i < s->schema->count && reason[0] == '\0'; i++) {
        const mlp_column *column = &s->schema->columns[i];
        if (s->fields[i] == SIZE_MAX) {
            continue;
        }
        const mlp_csv_cell *cell = &s->records.cells[s->fields[i]];
        cell = mlp_na_words_have(&s->na, cell) ? NULL : cell;
        if (cell == NULL && s->schema->missing != MLP_MISSING_IMPUTE) {
            refuse_gap(s, i, reason);
        } else if (column->kind == MLP_COLUMN_NUMBER) {
            encode_number(s, i, cell, values, reason);
        } else {
            encode_text(s, i, cell, values, reason);
        }
        values += mlp_column_features(column);
    }
}

/* The record's id, for the caller to free; NULL without memory. */
static char *copy_id(const mlp_table_stream *s)
{
    if (s->id >= s->records.count) {
        return strdup("");
    }
    const mlp_csv_cell *cell = &s->records.cells[s->id];
    return strndup(cell->text, cell->length);
}

static mlp_status take_record(mlp_table_stream *s)
{
    mlp_table_batch *batch = &s->batch;
    mlp_table_record *record = &batch->records[batch->count];
    encode_record(s, batch->values + batch->rows * s->features, record->reason);
    bool is_row = record->reason[0] == '\0';
    if (!is_row && !s->how.skips_bad && !s->is_left_out) {
        return mlp_fail(MLP_ERROR_DATA, "%s:%zu: %s", s->records.path,
                        s->records.record_line, record->reason);
    }
    record->number = s->number++;
    record->id = s->id != SIZE_MAX ? copy_id(s) : NULL;
    batch->rows += is_row;
    batch->count++;
    return s->id == SIZE_MAX || record->id != NULL
               ? MLP_OK
               : mlp_fail_memory("the rows of a table");
}

static void empty_batch(mlp_table_batch *batch)
{
    for (size_t i = 0; i < batch->count; i++) {
        free(batch->records[i].id);
    }
    batch->count = batch->rows = 0;
}

/* The next record, of this block or the next one. */
static mlp_status next_record(mlp_table_stream *s, bool *is_there)
{
    *is_there = false;
    if (s->is_ended) {
        return MLP_OK;
    }
    MLP_TRY(mlp_csv_record(&s->records, is_there));
    while (!*is_there) {
        MLP_TRY(mlp_csv_next(&s->csv, &s->block));
        if (s->block.size == 0) {
            s->is_ended = true;
            return MLP_OK;
        }
        mlp_csv_records_begin(&s->records, &s->block);
        MLP_TRY(mlp_csv_record(&s->records, is_there));
    }
    return MLP_OK;
}

mlp_status mlp_table_stream_next(mlp_table_stream *s, mlp_table_batch *batch)
{
    bool is_there = true;
    empty_batch(&s->batch);
    while (s->pending == MLP_OK && is_there && s->batch.count < s->most) {
        s->pending = next_record(s, &is_there);
        if (s->pending == MLP_OK && is_there) {
            s->pending = take_record(s);
        }
        if (s->pending != MLP_OK) {
            snprintf(s->failure, sizeof s->failure, "%s", mlp_failure());
        }
    }
    *batch = s->batch;
    return s->pending == MLP_OK || s->batch.count > 0
               ? MLP_OK
               : mlp_fail(s->pending, "%s", s->failure);
}

/* ---- open and close ---------------------------------------------------- */

static mlp_status read_header(mlp_table_stream *s)
{
    bool is_there = true;
    MLP_TRY(mlp_csv_next(&s->csv, &s->block));
    MLP_TRY(mlp_csv_records_create(&s->csv, &s->records));
    mlp_csv_records_begin(&s->records, &s->block);
    s->is_ended = s->block.size == 0;
    if (s->how.columns[0] != '\0') {
        mlp_table_list_columns(s->how.columns, &s->records);
    } else {
        MLP_TRY(next_record(s, &is_there));
    }
    return is_there ? match_columns(s)
                    : mlp_fail(MLP_ERROR_DATA,
                               "%s: expected a header with names of columns, "
                               "found nothing",
                               s->records.path);
}

static mlp_status allocate(mlp_table_stream *s)
{
    size_t bytes = s->most * s->features * sizeof(float);
    s->c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    s->fields = calloc(s->schema->count, sizeof *s->fields);
    s->batch.records = calloc(s->most, sizeof *s->batch.records);
    s->batch.values = aligned_alloc(64, (bytes + 63) / 64 * 64);
    return s->c_locale == (locale_t)0 || s->fields == NULL ||
                   s->batch.records == NULL || s->batch.values == NULL
               ? mlp_fail_memory("the rows of a table")
               : MLP_OK;
}

mlp_status mlp_table_stream_open(const mlp_table_stream_how *how,
                                 const mlp_schema *schema, size_t most,
                                 mlp_table_stream **stream)
{
    mlp_table_stream *made = calloc(1, sizeof *made);
    *stream = made;
    if (made == NULL) {
        return mlp_fail_memory("a table");
    }
    made->how = *how;
    made->schema = schema;
    made->most = most;
    made->features = mlp_schema_features(schema);
    mlp_na_words_list(schema->na, &made->na);
    mlp_status status = allocate(made);
    if (status == MLP_OK) {
        status = mlp_csv_open(how->path, NULL, &made->csv);
    }
    if (status == MLP_OK) {
        status = read_header(made);
    }
    if (status != MLP_OK) {
        mlp_table_stream_close(stream);
    }
    return status;
}

void mlp_table_stream_close(mlp_table_stream **stream)
{
    mlp_table_stream *old = *stream;
    if (old == NULL) {
        return;
    }
    empty_batch(&old->batch);
    mlp_csv_records_destroy(&old->records);
    free(old->block.bytes);
    mlp_csv_close(&old->csv);
    if (old->c_locale != (locale_t)0) {
        freelocale(old->c_locale);
    }
    free(old->fields);
    free(old->batch.records);
    free(old->batch.values);
    free(old);
    *stream = NULL;
}
