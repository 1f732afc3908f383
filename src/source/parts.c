/** @file
 *  Splits of a source that are some of the rows of its file: a range or a list.
 */
#include "parts.h"

#include <stdlib.h>
#include <string.h>

enum { SPAN_BYTES = 1 << 20 /* of rows that are read together */ };

mlp_split_part mlp_source_part_of(const mlp_source *source, mlp_split split)
{
    return source->is_split ? source->parts[split]
                            : (mlp_split_part){.from = split};
}

void mlp_source_set_part(mlp_source *source, mlp_split split, mlp_split from,
                         mlp_split_rows *lists, mlp_split s)
{
    uint32_t *rows = lists->rows[s];
    size_t count = lists->count[s];
    mlp_split_part *part = &source->parts[split];
    lists->rows[s] = NULL;
    free(part->rows);
    *part = (mlp_split_part){from, count > 0 ? rows[0] : 0, rows};
    if (count == 0 || rows[count - 1] - rows[0] == count - 1) {
        free(rows); /* a range */
        part->rows = NULL;
    }
    source->info.rows[split] = count;
    source->is_split = true;
}

size_t mlp_source_row_number(const mlp_source *source, mlp_split split,
                             size_t row)
{
    const mlp_split_part part = mlp_source_part_of(source, split);
    size_t of_file = part.rows != NULL ? part.rows[row] : part.first + row;
    return source->ops->number != NULL
               ? source->ops->number(source->state, part.from, of_file)
               : of_file;
}

/* ---- reading ----------------------------------------------------------- */

/* Read contiguous rows of the file. */
static mlp_status read_range(mlp_source *source, mlp_split from,
                             mlp_range which, const mlp_row_arrays *to)
{
    if (to->targets != NULL) {
        return source->ops->read_targets(source->state, from, which.first,
                                         which.count, to->targets);
    }
    if (to->weights != NULL) {
        return source->ops->read_weights(source->state, from, which.first,
                                         which.count, to->weights);
    }
    return source->ops->read(source->state, from, which.first, which.count,
                             to->values, to->labels);
}

/* The destinations of row `row` on. */
static mlp_row_arrays from_row(const mlp_source *source,
                               const mlp_row_arrays *to, size_t row)
{
    size_t row_bytes =
        source->info.features * mlp_element_bytes(source->info.element);
    return (mlp_row_arrays){
        to->values != NULL ? (char *)to->values + row * row_bytes : NULL,
        to->labels != NULL ? to->labels + row : NULL,
        to->targets != NULL ? to->targets + row : NULL,
        to->weights != NULL ? to->weights + row : NULL};
}

/* Read listed rows, those together that are contiguous in the file. */
static mlp_status read_runs(mlp_source *source, mlp_split from,
                            const uint32_t *list, size_t rows,
                            const mlp_row_arrays *to)
{
    size_t count = 0;
    for (size_t done = 0; done < rows; done += count) {
        const mlp_row_arrays here = from_row(source, to, done);
        count = 1;
        while (done + count < rows &&
               list[done + count] == list[done] + count) {
            count++;
        }
        MLP_TRY(
            read_range(source, from, (mlp_range){list[done], count}, &here));
    }
    return MLP_OK;
}

/* Rows of the file that are read together, and those that are wanted of
 * them. */
typedef struct {
    size_t room, chunk; /* rows: at most, and those that a file stores as one */
    mlp_row_arrays rows;
} span;

/* Read the span that begins with the chunk of list[0].
 * @return  through *taken how many listed rows are in it */
static mlp_status read_span(mlp_source *source, mlp_split from,
                            const uint32_t *list, size_t rows, span *in,
                            const mlp_row_arrays *to, size_t *taken)
{
    size_t end = list[0] - list[0] % in->chunk + in->room;
    size_t row_bytes =
        source->info.features * mlp_element_bytes(source->info.element);
    size_t count = 1;
    while (count < rows && list[count] < end) {
        count++;
    }
    *taken = count;
    MLP_TRY(read_range(source, from,
                       (mlp_range){list[0], list[count - 1] - list[0] + 1},
                       &in->rows));
    for (size_t i = 0; i < count; i++) {
        size_t at = list[i] - list[0];
        if (to->values != NULL) {
            memcpy((char *)to->values + i * row_bytes,
                   (char *)in->rows.values + at * row_bytes, row_bytes);
        }
        if (to->labels != NULL) {
            to->labels[i] = in->rows.labels[at];
        }
    }
    return MLP_OK;
}

static mlp_status read_spans(mlp_source *source, mlp_split from,
                             const uint32_t *list, size_t rows, span *in,
                             const mlp_row_arrays *to)
{
    size_t taken = 0;
    for (size_t done = 0; done < rows; done += taken) {
        const mlp_row_arrays here = from_row(source, to, done);
        MLP_TRY(read_span(source, from, list + done, rows - done, in, &here,
                          &taken));
    }
    return MLP_OK;
}

/* Spans are whole chunks, so that a call decompresses none twice. */
static mlp_status read_listed(mlp_source *source, mlp_split from,
                              const uint32_t *list, size_t rows,
                              const mlp_row_arrays *to)
{
    size_t row_bytes =
        source->info.features * mlp_element_bytes(source->info.element);
    mlp_source_place place = {.chunk_rows = 1};
    if (source->ops->locate != NULL) {
        (void)source->ops->locate(source->state, from, &place);
    }
    span in = {.chunk = place.chunk_rows};
    in.room = (SPAN_BYTES / row_bytes / in.chunk + 1) * in.chunk;
    in.rows.values = to->values != NULL ? malloc(in.room * row_bytes) : NULL;
    in.rows.labels =
        to->labels != NULL ? malloc(in.room * sizeof *to->labels) : NULL;
    bool has_all = (to->values == NULL) == (in.rows.values == NULL) &&
                   (to->labels == NULL) == (in.rows.labels == NULL);
    mlp_status status = has_all ? read_spans(source, from, list, rows, &in, to)
                                : mlp_fail_memory("rows of a data source");
    free(in.rows.values);
    free(in.rows.labels);
    return status;
}

mlp_status mlp_source_read_part(mlp_source *source, mlp_split split,
                                mlp_range which, const mlp_row_arrays *to)
{
    const mlp_split_part part = mlp_source_part_of(source, split);
    if (which.count == 0) {
        return MLP_OK;
    }
    if (part.rows == NULL) {
        return read_range(source, part.from,
                          (mlp_range){part.first + which.first, which.count},
                          to);
    }
    const uint32_t *list = part.rows + which.first;
    bool is_of_rows = to->targets == NULL && to->weights == NULL;
    return source->ops->reads_files && is_of_rows
               ? read_listed(source, part.from, list, which.count, to)
               : read_runs(source, part.from, list, which.count, to);
}

/* ---- holding out ------------------------------------------------------- */

static mlp_status read_classes(mlp_source *source, uint32_t *classes)
{
    enum { AT_ONCE = 4096 };
    uint16_t labels[AT_ONCE];
    size_t rows = source->info.rows[MLP_SPLIT_TRAIN];
    for (size_t done = 0; done < rows;) {
        size_t n = rows - done < AT_ONCE ? rows - done : AT_ONCE;
        MLP_TRY(
            mlp_source_read(source, MLP_SPLIT_TRAIN, done, n, NULL, labels));
        for (size_t i = 0; i < n; i++) {
            classes[done + i] = labels[i];
        }
        done += n;
    }
    return MLP_OK;
}

static mlp_status choose(mlp_source *source, const mlp_holdout *how,
                         mlp_split_rows *chosen)
{
    mlp_holdout_facts facts = {.name = source->info.name,
                               .rows = source->info.rows[MLP_SPLIT_TRAIN]};
    uint32_t *classes = NULL;
    mlp_status status = MLP_OK;
    if (how->kind == MLP_HOLDOUT_STRATIFIED) {
        classes = calloc(facts.rows + 1, sizeof *classes);
        status = classes == NULL ? mlp_fail_memory("the classes of the rows")
                                 : read_classes(source, classes);
        facts.classes = classes;
    }
    if (status == MLP_OK) {
        status = mlp_holdout_choose(how, &facts, chosen);
    }
    free(classes);
    return status;
}

mlp_status mlp_source_hold_out(mlp_source *source, const mlp_holdout *holdout)
{
    mlp_holdout how = *holdout;
    const mlp_schema *schema = source->info.schema;
    mlp_split_rows chosen = {0};
    how.test = 0.0;
    how.kind =
        mlp_holdout_resolve(how.kind, schema != NULL && schema->is_regression);
    source->info.holdout = how.kind;
    bool is_done = source->is_split || source->info.rows[MLP_SPLIT_TRAIN] == 0;
    if (is_done || !mlp_holdout_is_on(&how)) {
        return MLP_OK;
    }
    if (how.column[0] != '\0') {
        return mlp_fail(MLP_ERROR_USAGE, "--split %s:%s requires a table",
                        how.kind == MLP_HOLDOUT_GROUP ? "group" : "time",
                        how.column);
    }
    mlp_status status = choose(source, &how, &chosen);
    if (status == MLP_OK) {
        source->parts[MLP_SPLIT_TEST].from = MLP_SPLIT_TEST;
        for (size_t split = 0; split < MLP_SPLITS; split++) {
            if (split != MLP_SPLIT_TEST || how.folds > 0) {
                mlp_source_set_part(source, (mlp_split)split, MLP_SPLIT_TRAIN,
                                    &chosen, (mlp_split)split);
            }
        }
    }
    mlp_split_rows_destroy(&chosen);
    return status;
}
