/** @file
 *  Reads the file of mlp trace: a network, a row and its target, as lines "name
 *  = numbers".
 */
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "system/files.h"
#include "trace.h"

enum { LINE_BYTES = 8192, ROW_MAX = MLP_TRACE_WIDTH };

/* State of reading. */
typedef struct {
    const char *path;
    int line;
    mlp_trace *trace;
    size_t inputs, targets;
    size_t w_rows[MLP_TRACE_LAYERS], w_cols[MLP_TRACE_LAYERS];
    size_t b_count[MLP_TRACE_LAYERS];
} reader;

static mlp_status fail_at(const reader *r, const char *why)
{
    return mlp_fail(MLP_ERROR_DATA, "%s:%d: %s", r->path, r->line, why);
}

static char *trim(char *text)
{
    text += strspn(text, " \t\r\n");
    size_t length = strlen(text);
    while (length > 0 && isspace((unsigned char)text[length - 1])) {
        text[--length] = '\0';
    }
    return text;
}

/* Numbers separated by blanks and commas. */
static mlp_status read_numbers(const reader *r, char *text,
                               double values[ROW_MAX], size_t *count)
{
    char *rest = NULL;
    *count = 0;
    for (char *word = strtok_r(text, " ,\t", &rest); word != NULL;
         word = strtok_r(NULL, " ,\t", &rest)) {
        char *end = NULL;
        if (*count == ROW_MAX) {
            return fail_at(r, "more than 16 numbers: mlp trace is for nets "
                              "that fit a blackboard");
        }
        double value = strtod(word, &end);
        if (end == word || *end != '\0' || !isfinite(value)) {
            return mlp_fail(MLP_ERROR_DATA, "%s:%d: \"%.64s\" is not a number",
                            r->path, r->line, word);
        }
        values[(*count)++] = value;
    }
    return *count > 0 ? MLP_OK : fail_at(r, "a number is missing");
}

/* Rows of numbers separated by "|". */
static mlp_status read_matrix(reader *r, char *text, size_t l)
{
    mlp_trace_layer *layer = &r->trace->layer[l];
    size_t rows = 0;
    for (char *row = text; row != NULL; rows++) {
        char *bar = strchr(row, '|');
        size_t cols = 0;
        if (bar != NULL) {
            *bar++ = '\0';
        }
        if (rows == ROW_MAX) {
            return fail_at(r, "more than 16 rows");
        }
        MLP_TRY(read_numbers(r, row, layer->w[rows], &cols));
        if (rows > 0 && cols != r->w_cols[l]) {
            return mlp_fail(MLP_ERROR_DATA,
                            "%s:%d: row %zu has %zu numbers, row 1 has %zu",
                            r->path, r->line, rows + 1, cols, r->w_cols[l]);
        }
        r->w_cols[l] = cols;
        row = bar;
    }
    r->w_rows[l] = rows;
    return MLP_OK;
}

/* W1, b2 ...: the layer, from 0; false for other names. */
static bool names_layer(const char *name, size_t *l)
{
    char *end = NULL;
    if ((name[0] != 'W' && name[0] != 'b') ||
        !isdigit((unsigned char)name[1])) {
        return false;
    }
    unsigned long number = strtoul(name + 1, &end, 10);
    *l = number - 1;
    return *end == '\0' && number >= 1 && number <= MLP_TRACE_LAYERS;
}

static bool is_option(const char *name)
{
    static const char *const known[] = {"activation", "output", "loss", "lr"};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (strcmp(name, known[i]) == 0) {
            return true;
        }
    }
    return false;
}

static mlp_status take(reader *r, const char *name, char *value)
{
    size_t l = 0;
    if (strcmp(name, "input") == 0) {
        return read_numbers(r, value, r->trace->x, &r->inputs);
    }
    if (strcmp(name, "target") == 0) {
        return read_numbers(r, value, r->trace->y, &r->targets);
    }
    if (names_layer(name, &l)) {
        return name[0] == 'W' ? read_matrix(r, value, l)
                              : read_numbers(r, value, r->trace->layer[l].b,
                                             &r->b_count[l]);
    }
    if (!is_option(name)) {
        return mlp_fail(MLP_ERROR_DATA,
                        "%s:%d: \"%.64s\" is not one of input, target, W1, b1 "
                        "..., activation, output, loss, lr",
                        r->path, r->line, name);
    }
    return mlp_config_set(&r->trace->config, name, value) == MLP_OK
               ? MLP_OK
               : fail_at(r, mlp_failure());
}

static mlp_status read_line(reader *r, char *line)
{
    char *mark = strchr(line, '#');
    if (mark != NULL) {
        *mark = '\0';
    }
    char *name = trim(line);
    char *equals = strchr(name, '=');
    if (*name == '\0') {
        return MLP_OK;
    }
    if (equals == NULL) {
        return fail_at(r, "is not of the form name = numbers");
    }
    *equals = '\0';
    return take(r, trim(name), trim(equals + 1));
}

/* Check the extents of a layer and build it. */
static mlp_status check_layer(const reader *r, size_t l, size_t in)
{
    mlp_trace_layer *layer = &r->trace->layer[l];
    layer->in = in;
    layer->out = r->w_cols[l];
    layer->has_bias = r->b_count[l] > 0;
    if (r->w_rows[l] != in) {
        return mlp_fail(MLP_ERROR_DATA,
                        "%s: W%zu has %zu rows, expected %zu: one for each %s",
                        r->path, l + 1, r->w_rows[l], in,
                        l == 0 ? "number of input" : "unit of the layer below");
    }
    if (layer->has_bias && r->b_count[l] != layer->out) {
        return mlp_fail(MLP_ERROR_DATA,
                        "%s: b%zu has %zu numbers, expected %zu: one for each "
                        "column of W%zu",
                        r->path, l + 1, r->b_count[l], layer->out, l + 1);
    }
    return MLP_OK;
}

static mlp_status check_config(const reader *r)
{
    mlp_config *config = &r->trace->config;
    config->hidden_count = r->trace->layers - 1;
    for (size_t l = 0; l < config->hidden_count; l++) {
        config->hidden[l] = r->w_cols[l];
        if (config->activation.count > 1 &&
            config->activation.count != config->hidden_count) {
            break; /* refused by mlp_config_check */
        }
        if (mlp_config_activation(config, l) == MLP_ACTIVATION_PRELU) {
            return mlp_fail(MLP_ERROR_DATA,
                            "%s: prelu has slopes of its own, for which this "
                            "file has no place",
                            r->path);
        }
    }
    return mlp_config_check(config) == MLP_OK
               ? MLP_OK
               : mlp_fail(MLP_ERROR_DATA, "%s: %s", r->path, mlp_failure());
}

static mlp_status build_network(const reader *r)
{
    mlp_trace *trace = r->trace;
    while (trace->layers < MLP_TRACE_LAYERS && r->w_rows[trace->layers] > 0) {
        trace->layers++;
    }
    for (size_t l = 0; l < MLP_TRACE_LAYERS; l++) {
        if (l >= trace->layers && r->w_rows[l] + r->b_count[l] > 0) {
            return mlp_fail(MLP_ERROR_DATA, "%s: W%zu is missing", r->path,
                            trace->layers + 1);
        }
    }
    if (r->inputs == 0 || r->targets == 0 || trace->layers == 0) {
        return mlp_fail(MLP_ERROR_DATA, "%s: has no %s", r->path,
                        r->inputs == 0    ? "input"
                        : r->targets == 0 ? "target"
                                          : "W1");
    }
    size_t width = r->inputs;
    for (size_t l = 0; l < trace->layers; l++) {
        MLP_TRY(check_layer(r, l, width));
        width = trace->layer[l].out;
    }
    if (r->targets != width) {
        return mlp_fail(MLP_ERROR_DATA,
                        "%s: target has %zu numbers, the net %zu outputs",
                        r->path, r->targets, width);
    }
    return check_config(r);
}

static mlp_status read_stream(reader *r, FILE *file)
{
    char line[LINE_BYTES];
    while (fgets(line, sizeof line, file) != NULL) {
        r->line++;
        if (strchr(line, '\n') == NULL && !feof(file)) {
            return fail_at(r, "the line is too long");
        }
        MLP_TRY(read_line(r, line));
    }
    return ferror(file) ? mlp_fail_read(r->path) : build_network(r);
}

mlp_status mlp_trace_read(const char *path, mlp_trace *trace)
{
    struct stat facts;
    reader r = {.path = path, .trace = trace};
    *trace = (mlp_trace){0};
    mlp_config_init(&trace->config);
    /* as in the lecture; the file may override it */
    MLP_TRY(mlp_config_set(&trace->config, "activation", "sigmoid"));
    MLP_TRY(mlp_config_set(&trace->config, "output", "sigmoid"));
    MLP_TRY(mlp_config_set(&trace->config, "loss", "mse"));
    MLP_TRY(mlp_config_set(&trace->config, "momentum", "0"));
    if (stat(path, &facts) == 0 && !S_ISREG(facts.st_mode)) {
        return mlp_fail(MLP_ERROR_MISSING,
                        "%s: cannot be opened: not a regular file", path);
    }
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return mlp_fail_open(path);
    }
    mlp_status status = read_stream(&r, file);
    fclose(file);
    return status;
}
