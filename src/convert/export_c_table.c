/** @file
 *  The columns of a table in a C header: their names, and a function that
 *  encodes a row's cells as inputs of the model, as table_encode.c does.
 */
#include <string.h>

#include "export.h"

/* A string literal; bytes that are no ASCII as octal numbers of three digits,
 * which no digit behind them can join. */
static void write_literal(FILE *out, const char *text)
{
    fputc('"', out);
    for (const unsigned char *at = (const unsigned char *)text; *at != '\0';
         at++) {
        bool is_plain = *at >= ' ' && *at < 127 && strchr("\"\\?", *at) == NULL;
        fprintf(out, is_plain ? "%c" : "\\%03o", *at);
    }
    fputc('"', out);
}

static void write_names(FILE *out, const char *name, const mlp_names *names)
{
    fprintf(out, "static const char *const %s[%zu] = {", name,
            names->count > 0 ? names->count : 1);
    for (size_t i = 0; i < names->count; i++) {
        fputs("\n    ", out);
        write_literal(out, names->items[i]);
        fputs(i + 1 < names->count ? "," : "", out);
    }
    fputs(names->count > 0 ? "};\n\n" : "0};\n\n", out);
}

static bool is_read(const mlp_schema *schema, size_t i)
{
    return i != schema->label && schema->columns[i].kind != MLP_COLUMN_IGNORED;
}

/* The names of the columns that are read, and the categories of each text. */
static void write_columns(FILE *out, const mlp_schema *schema)
{
    size_t count = 0;
    for (size_t i = 0; i < schema->count; i++) {
        count += is_read(schema, i);
    }
    fprintf(out,
            "enum { MLP_COLUMNS = %zu };\n\n"
            "/* The cells of a row, in the order of mlp_encode. */\n"
            "static const char *const mlp_columns[MLP_COLUMNS] = {",
            count);
    for (size_t i = 0; i < schema->count; i++) {
        if (is_read(schema, i)) {
            fputs("\n    ", out);
            write_literal(out, schema->columns[i].name);
            fputs(--count > 0 ? "," : "};\n\n", out);
        }
    }
    for (size_t i = 0, cell = 0; i < schema->count; i++) {
        char name[48];
        snprintf(name, sizeof name, "mlp_categories_%zu", cell);
        cell += is_read(schema, i);
        if (is_read(schema, i) && schema->columns[i].kind == MLP_COLUMN_TEXT) {
            write_names(out, name, &schema->columns[i].categories);
        }
    }
}

static void write_helpers(FILE *out, const mlp_schema *schema)
{
    fputs("static inline int mlp_is_missing(const char *cell)\n{\n"
          "    return cell == NULL || cell[0] == '\\0'",
          out);
    for (const char *word = schema->na; *word != '\0';) {
        char text[sizeof schema->na];
        size_t length = strcspn(word, ",");
        snprintf(text, sizeof text, "%.*s", (int)length, word);
        fputs(" ||\n           strcmp(cell, ", out);
        write_literal(out, text);
        fputs(") == 0", out);
        word += length + (word[length] == ',');
    }
    fputs(";\n}\n\n"
          "static inline int mlp_number(const char *cell, float *number)\n{\n"
          "    char *end;\n"
          "    *number = strtof(cell, &end);\n"
          "    while (*end == ' ') {\n        end++;\n    }\n"
          "    return end != cell && *end == '\\0' && isfinite(*number);\n}\n\n"
          "static inline int mlp_category(const char *cell, const char *const "
          "*names,\n"
          "                               int count)\n{\n"
          "    int k = 0;\n"
          "    while (k < count && strcmp(cell, names[k]) != 0) {\n"
          "        k++;\n    }\n    return k;\n}\n\n",
          out);
}

static void write_number_cell(FILE *out, const mlp_schema *schema,
                              const mlp_column *column, size_t cell,
                              size_t input)
{
    fputs("    x = ", out);
    mlp_export_c_number(out, column->fill);
    fprintf(out,
            ";\n    if (%s!mlp_number(cells[%zu], &x)) {\n"
            "        return %zu;\n    }\n"
            "    inputs[%zu] = x;\n",
            schema->missing == MLP_MISSING_IMPUTE ? "!is_missing && "
                                                  : "is_missing || ",
            cell, cell + 1, input);
    if (column->has_gaps) {
        fprintf(out, "    inputs[%zu] = is_missing ? 1.0f : -1.0f;\n",
                input + 1);
    }
}

/* k: the category; -1 for none. */
static void write_text_cell(FILE *out, const mlp_schema *schema,
                            const mlp_column *column, size_t cell, size_t input)
{
    int count = (int)column->categories.count;
    int last = (int)mlp_column_categories(column) - 1;
    int other = column->has_other ? last : -1;
    int missing = column->has_gaps ? count : other;
    fprintf(out,
            "    k = is_missing ? %d : mlp_category(cells[%zu], "
            "mlp_categories_%zu, %d);\n"
            "    if (!is_missing && k == %d) {\n        k = %d;\n    }\n",
            missing, cell, cell, count, count, other);
    if (schema->missing != MLP_MISSING_IMPUTE) {
        fprintf(out, "    if (is_missing) {\n        return %zu;\n    }\n",
                cell + 1);
    }
    if (schema->unseen != MLP_UNSEEN_OTHER) {
        fprintf(out,
                "    if (!is_missing && k < 0) {\n        return %zu;\n    "
                "}\n",
                cell + 1);
    }
    if (column->is_pair) {
        fprintf(out,
                "    inputs[%zu] = k == 0 ? 1.0f : k == 1 ? -1.0f : 0.0f;\n",
                input);
        return;
    }
    fprintf(out,
            "    for (int j = 0; j < %d; j++) {\n"
            "        inputs[%zu + j] = j == k ? 1.0f : 0.0f;\n    }\n",
            last + 1, input);
}

static void write_encode(FILE *out, const mlp_schema *schema)
{
    size_t cell = 0, input = 0;
    fputs(
        "/* Cells of a table's row [MLP_COLUMNS], NULL or \"\" for a missing "
        "one, to inputs\n"
        " * [MLP_INPUTS] of mlp_predict. Returns 0, or the number of the "
        "first invalid\n"
        " * cell, from 1. Numbers have the decimal point of the C locale. */\n"
        "static inline int mlp_encode(const char *const *cells, float "
        "*inputs)\n{\n"
        "    float x = 0.0f;\n    int k = 0, is_missing = 0;\n",
        out);
    for (size_t i = 0; i < schema->count; i++) {
        const mlp_column *column = &schema->columns[i];
        if (!is_read(schema, i)) {
            continue;
        }
        fprintf(out, "    is_missing = mlp_is_missing(cells[%zu]);\n", cell);
        (column->kind == MLP_COLUMN_NUMBER
             ? write_number_cell
             : write_text_cell)(out, schema, column, cell, input);
        input += mlp_column_features(column);
        cell++;
    }
    fputs("    (void)x;\n    (void)k;\n    return 0;\n}\n\n", out);
}

void mlp_export_c_table(FILE *out, const mlp_checkpoint *checkpoint)
{
    const mlp_schema *schema = &checkpoint->schema;
    if (checkpoint->class_names.count > 0) {
        fputs("/* The classes that mlp_predict returns. */\n", out);
        write_names(out, "mlp_classes", &checkpoint->class_names);
    }
    if (schema->count > 0) {
        write_columns(out, schema);
        write_helpers(out, schema);
        write_encode(out, schema);
    }
}
