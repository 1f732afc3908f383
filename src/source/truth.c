/** @file
 *  Built-in truth tables of two inputs: the lecture's data for the perceptron.
 *  All four rows are training rows.
 */
#include <stdio.h>
#include <string.h>

#include "kinds.h"

enum { ROWS = 4, INPUTS = 2 };

static const unsigned char inputs[ROWS][INPUTS] = {
    {0, 0}, {0, 1}, {1, 0}, {1, 1}};

typedef struct {
    const char *name;
    unsigned char labels[ROWS];
} truth_table;

static const truth_table tables[] = {
    {"and", {0, 0, 0, 1}}, {"or", {0, 1, 1, 1}}, {"xor", {0, 1, 1, 0}}};

static const truth_table *find(const char *name)
{
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        if (strcmp(tables[i].name, name) == 0) {
            return &tables[i];
        }
    }
    return NULL;
}

static mlp_status read_table(void *state, mlp_split split, size_t first,
                             size_t rows, void *values, uint16_t *labels)
{
    const truth_table *table = state;
    (void)split;
    if (values != NULL) {
        memcpy(values, inputs[first], rows * INPUTS);
    }
    for (size_t i = 0; labels != NULL && i < rows; i++) {
        labels[i] = table->labels[first + i];
    }
    return MLP_OK;
}

static void close_table(void *state)
{
    (void)state;
}

bool mlp_source_is_truth_table(const char *name)
{
    return find(name) != NULL;
}

mlp_status mlp_source_truth_open(const char *name, mlp_source *source)
{
    static const mlp_source_ops ops = {.read = read_table,
                                       .close = close_table};
    source->ops = &ops;
    source->state = (void *)find(name); /* which read_table only reads */
    snprintf(source->info.name, sizeof source->info.name, "%s (built in)",
             name);
    source->info.rows[MLP_SPLIT_TRAIN] = ROWS;
    source->info.features = INPUTS;
    source->info.height = 1;
    source->info.width = INPUTS;
    source->info.element = MLP_ELEMENT_U8;
    return MLP_OK;
}
