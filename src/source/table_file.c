/** @file
 *  Reading a table by a schema.
 */
#define _GNU_SOURCE /* strtod_l */
#include "table_file.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"

/* ---- open and close ---------------------------------------------------- */

static mlp_status read_header(mlp_table_file *table)
{
    bool is_there;
    MLP_TRY(mlp_csv_next(&table->csv, &is_there));
    if (!is_there) {
        return mlp_fail(MLP_ERROR_DATA,
                        "%s: expected a header with names of columns, found "
                        "nothing",
                        table->csv.path);
    }
    table->header = table->csv.fields;
    for (size_t i = 0; i < table->header; i++) {
        for (size_t k = 0; k < i; k++) {
            if (strcmp(mlp_csv_field(&table->csv, i),
                       mlp_csv_field(&table->csv, k)) == 0) {
                return mlp_fail(MLP_ERROR_DATA,
                                "%s:%zu: columns %zu and %zu have the same "
                                "name, \"%.100s\"",
                                table->csv.path, table->csv.record_line, k + 1,
                                i + 1, mlp_csv_field(&table->csv, i));
            }
        }
    }
    return MLP_OK;
}

mlp_status mlp_table_file_open(const char *path, const mlp_schema *schema,
                               bool needs_label, bool drops_bad,
                               mlp_table_file *table)
{
    *table =
        (mlp_table_file){.needs_label = needs_label, .drops_bad = drops_bad};
    table->c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (table->c_locale == (locale_t)0) {
        return mlp_fail_memory("a table");
    }
    MLP_TRY(mlp_csv_open(path, &table->csv));
    MLP_TRY(read_header(table));
    return schema == NULL ? MLP_OK : mlp_table_file_bind(table, schema);
}

void mlp_table_file_close(mlp_table_file *table)
{
    mlp_csv_close(&table->csv);
    if (table->c_locale != (locale_t)0) {
        freelocale(table->c_locale);
    }
    free(table->cell_of);
    free(table->marks);
    free(table->is_test);
    *table = (mlp_table_file){0};
}

/* The header's cell with this name; SIZE_MAX for none. */
static size_t find_cell(const mlp_table_file *table, const char *name)
{
    for (size_t i = 0; i < table->header; i++) {
        if (strcmp(mlp_csv_field(&table->csv, i), name) == 0) {
            return i;
        }
    }
    return SIZE_MAX;
}

mlp_status mlp_table_file_bind(mlp_table_file *table, const mlp_schema *schema)
{
    table->schema = schema;
    table->cell_of = calloc(schema->count + 1, sizeof *table->cell_of);
    if (table->cell_of == NULL) {
        return mlp_fail_memory("a table");
    }
    for (size_t i = 0; i < schema->count; i++) {
        const mlp_column *column = &schema->columns[i];
        bool is_wanted = i == schema->label
                             ? table->needs_label
                             : column->kind != MLP_COLUMN_IGNORED;
        table->cell_of[i] = find_cell(table, column->name);
        if (is_wanted && table->cell_of[i] == SIZE_MAX) {
            return mlp_fail(MLP_ERROR_DATA,
                            "%s:1: expected a column \"%s\", found none of "
                            "this name among %zu",
                            table->csv.path, column->name, table->header);
        }
    }
    return MLP_OK;
}

/* ---- records as numbers ------------------------------------------------ */

bool mlp_table_number(const mlp_table_file *table, const char *text,
                      float *value)
{
    char *end;
    text += strspn(text, " ");
    if (*text == '\0' || strspn(text, "0123456789+-.eE ") != strlen(text)) {
        return false; /* strtod also accepts hexadecimal, inf and nan */
    }
    *value = (float)strtod_l(text, &end, table->c_locale);
    return end != text && end[strspn(end, " ")] == '\0' && isfinite(*value);
}

const char *mlp_table_read_number(const mlp_table_file *table, bool is_label,
                                  const char *text, float *value)
{
    if (!mlp_table_number(table, text, value)) {
        return "a number";
    }
    return is_label && table->is_never_negative && *value < 0.0F
               ? "a number from 0 on, as --output-activation softplus gives"
               : NULL;
}

/* The name in the file, or in the schema where the file has none. */
static const char *name_of(const mlp_table_file *table, size_t cell)
{
    for (size_t i = 0; table->cell_of != NULL && i < table->schema->count;
         i++) {
        if (table->cell_of[i] == cell) {
            return table->schema->columns[i].name;
        }
    }
    return "";
}

mlp_status mlp_table_file_reject(mlp_table_file *table, size_t cell,
                                 const char *expected)
{
    char line[sizeof table->first_bad];
    const mlp_csv *csv = &table->csv;
    if (cell == SIZE_MAX) {
        snprintf(line, sizeof line, "%zu: expected %zu cells, found %zu",
                 csv->record_line, table->header, csv->fields);
    } else {
        const char *text = mlp_csv_field(csv, cell);
        snprintf(line, sizeof line,
                 "%zu: column %zu (%.60s): expected %s, found %s%.60s%s",
                 csv->record_line, cell + 1, name_of(table, cell), expected,
                 *text == '\0' ? "nothing" : "\"", text,
                 *text == '\0' ? "" : "\"");
    }
    if (!table->drops_bad) {
        return mlp_fail(MLP_ERROR_DATA, "%s:%s", csv->path, line);
    }
    if (table->dropped++ == 0) {
        memcpy(table->first_bad, line, sizeof line);
    }
    return MLP_OK;
}

/* A cell's number, or the index of its text among the categories.
 * @param expected  set when it is neither */
static size_t read_cell(const mlp_table_file *table, size_t i, float *number,
                        const char **expected)
{
    const mlp_column *column = &table->schema->columns[i];
    const char *text = mlp_csv_field(&table->csv, table->cell_of[i]);
    if (column->kind == MLP_COLUMN_NUMBER) {
        *expected = mlp_table_read_number(table, i == table->schema->label,
                                          text, number);
        return 0;
    }
    size_t place = mlp_names_find(&column->categories, text);
    if (*text == '\0') {
        *expected = "a text";
    } else if (place == column->categories.count) {
        *expected = "a category that training knew";
    }
    return place;
}

/* Convert the last record into row `row` of the wanted arrays.
 * @param is_good false when the record was rejected */
static mlp_status convert(mlp_table_file *table, const mlp_table_rows *to,
                          size_t row, bool *is_good)
{
    const mlp_schema *schema = table->schema;
    float *values = NULL;
    *is_good = false;
    if (table->csv.fields != table->header) {
        return mlp_table_file_reject(table, SIZE_MAX, NULL);
    }
    if (to->values != NULL) {
        size_t features = mlp_schema_features(schema);
        values = to->values + row * features;
        memset(values, 0, features * sizeof *values);
    }
    for (size_t i = 0, at = 0; i < schema->count; i++) {
        const mlp_column *column = &schema->columns[i];
        bool is_label = i == schema->label;
        if (column->kind == MLP_COLUMN_IGNORED ||
            (is_label && !table->needs_label)) {
            continue;
        }
        float number = 1.0F;
        const char *expected = NULL;
        size_t place = read_cell(table, i, &number, &expected);
        if (expected != NULL) {
            return mlp_table_file_reject(table, table->cell_of[i], expected);
        }
        if (is_label && to->labels != NULL) {
            to->labels[row] = (uint16_t)place;
        } else if (is_label && to->targets != NULL) {
            to->targets[row] = number;
        } else if (!is_label && values != NULL) {
            values[at + place] = number;
        }
        if (!is_label) {
            at +=
                column->kind == MLP_COLUMN_TEXT ? column->categories.count : 1;
        }
    }
    *is_good = true;
    return MLP_OK;
}

/* ---- all records ------------------------------------------------------- */

mlp_status mlp_table_file_mark(mlp_table_file *table)
{
    size_t count = table->rows / MLP_TABLE_STRIDE;
    if (table->rows % MLP_TABLE_STRIDE != 0) {
        return MLP_OK;
    }
    if (count == table->mark_room) {
        size_t room = count == 0 ? 64 : 2 * count;
        mlp_table_mark *marks = reallocarray(table->marks, room, sizeof *marks);
        if (marks == NULL) {
            return mlp_fail_memory("the places of a table's rows");
        }
        table->marks = marks;
        table->mark_room = room;
    }
    table->marks[count] = (mlp_table_mark){mlp_csv_position(&table->csv), 0};
    return MLP_OK;
}

mlp_status mlp_table_file_scan(mlp_table_file *table)
{
    const mlp_table_rows nowhere = {NULL, NULL, NULL};
    table->rows = table->dropped = 0;
    for (;;) {
        bool is_there, is_good;
        MLP_TRY(mlp_table_file_mark(table));
        MLP_TRY(mlp_csv_next(&table->csv, &is_there));
        if (!is_there) {
            return MLP_OK;
        }
        MLP_TRY(convert(table, &nowhere, 0, &is_good));
        table->rows += is_good;
    }
}

/* ---- test rows --------------------------------------------------------- */

static bool is_test(const mlp_table_file *table, size_t row)
{
    return table->is_test != NULL && (table->is_test[row / 8] >> row % 8 & 1);
}

mlp_status mlp_table_file_split(mlp_table_file *table, double fraction,
                                uint64_t seed)
{
    const mlp_rng_key key = {seed, MLP_RNG_SPLIT, 0};
    size_t wanted = (size_t)(fraction * (double)table->rows + 0.5);
    table->is_test = calloc(table->rows / 8 + 1, 1);
    if (table->is_test == NULL) {
        return mlp_fail_memory("the choice of test rows");
    }
    for (size_t row = 0; row < table->rows; row++) {
        if (row % MLP_TABLE_STRIDE == 0) {
            table->marks[row / MLP_TABLE_STRIDE].test_rows = table->test_rows;
        }
        mlp_rng_block draw = mlp_rng_draw(key, row, 0);
        uint64_t word = (uint64_t)draw.word[0] << 32 | draw.word[1];
        size_t left = table->rows - row;
        size_t among = (size_t)((unsigned __int128)word * left >> 64);
        if (among < wanted - table->test_rows) {
            table->is_test[row / 8] |= (uint8_t)(1U << row % 8);
            table->test_rows++;
        }
    }
    return MLP_OK;
}

/* The last mark with at most `first` rows of the split before it. */
static size_t find_mark(const mlp_table_file *table, bool wants_test,
                        size_t first, size_t *before)
{
    size_t mark = 0;
    *before = 0;
    for (size_t i = 1; i * MLP_TABLE_STRIDE < table->rows; i++) {
        size_t tests = table->marks[i].test_rows;
        size_t count = wants_test ? tests : i * MLP_TABLE_STRIDE - tests;
        if (count > first) {
            break;
        }
        mark = i;
        *before = count;
    }
    return mark;
}

mlp_status mlp_table_file_read(mlp_table_file *table, bool wants_test,
                               size_t first, size_t rows,
                               const mlp_table_rows *to)
{
    size_t before;
    size_t mark = find_mark(table, wants_test, first, &before);
    size_t row = mark * MLP_TABLE_STRIDE;
    const mlp_table_rows nowhere = {NULL, NULL, NULL};
    MLP_TRY(mlp_csv_seek(&table->csv, table->marks[mark].place));
    for (size_t done = 0; done < rows;) {
        bool is_there, is_good;
        bool is_wanted = row < table->rows &&
                         is_test(table, row) == wants_test && before >= first;
        MLP_TRY(mlp_csv_next(&table->csv, &is_there));
        if (!is_there) {
            return mlp_fail(MLP_ERROR_DATA, "%s: has changed while it was read",
                            table->csv.path);
        }
        MLP_TRY(convert(table, is_wanted ? to : &nowhere, done, &is_good));
        if (is_good) {
            before += row < table->rows && is_test(table, row) == wants_test;
            done += is_wanted;
            row++;
        }
    }
    return MLP_OK;
}
