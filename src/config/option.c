/** @file
 *  Looks up rows of a table by name.
 */
#include "option.h"

#include <string.h>

#include "nearest.h"

const mlp_option *mlp_option_find(const mlp_option *rows, size_t count,
                                  const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(rows[i].name, name) == 0 ||
            (rows[i].key != NULL && strcmp(rows[i].key, name) == 0)) {
            return &rows[i];
        }
    }
    return NULL;
}

bool mlp_option_is_switch(const mlp_option *row)
{
    return row->kind == MLP_FIELD_BOOL || row->kind == MLP_FIELD_BOOL_OR;
}

const char *const *mlp_option_words(const mlp_option *row)
{
    return row->words != NULL ? row->words : row->choices;
}

mlp_status mlp_option_set(const mlp_option_table *table, const mlp_option *row,
                          const char *text)
{
    MLP_TRY(mlp_option_parse(table->values, row, text));
    if (table->given != NULL) {
        table->given[row - table->rows] = true;
    }
    return MLP_OK;
}

bool mlp_option_was_given(const mlp_option_table *table, const char *name)
{
    const mlp_option *row = mlp_option_find(table->rows, table->count, name);
    return row != NULL && table->given[row - table->rows];
}

mlp_status mlp_option_unknown(const mlp_option_table *tables, size_t count,
                              const char *before, const char *name,
                              const char *program)
{
    mlp_nearest nearest = {.typed = name};
    for (size_t i = 0; i < count; i++) {
        for (size_t row = 0; row < tables[i].count; row++) {
            mlp_nearest_consider(&nearest, tables[i].rows[row].name);
        }
    }
    if (nearest.name != NULL) {
        return mlp_fail(MLP_ERROR_USAGE,
                        "%s%.200s: unknown option; did you mean %s%s?", before,
                        name, before[0] == '-' ? "--" : "", nearest.name);
    }
    return mlp_fail(MLP_ERROR_USAGE, "%s%.200s: unknown option%s%s%s", before,
                    name, program != NULL ? "; see " : "",
                    program != NULL ? program : "",
                    program != NULL ? " --help" : "");
}
