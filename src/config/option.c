/** @file
 *  Rows of a table, by name.
 */
#include "option.h"

#include <string.h>

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
