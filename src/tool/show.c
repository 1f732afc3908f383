/** @file
 *  mlp show: the contents of a checkpoint.
 */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/digest.h"
#include "base/json.h"
#include "config/json.h"
#include "model/model.h"
#include "optim/early_stopping.h"
#include "record/runlog_parts.h"
#include "tool.h"

/* ---- values computed from a checkpoint */

/* With --patience the best epoch, whose weights are shown; 0: the newest
 * weights are shown. */
static uint64_t best_epoch(const mlp_checkpoint *c)
{
    return mlp_checkpoint_result(c) != c->parameters
               ? mlp_early_stopping_of(&c->config, &c->history).best
               : 0;
}

static mlp_status digest_weights(const mlp_checkpoint *c,
                                 char hex[MLP_DIGEST_HEX])
{
    unsigned char digest[MLP_DIGEST_BYTES];
    MLP_TRY(
        mlp_model_digest(mlp_checkpoint_result(c), c->parameter_count, digest));
    mlp_digest_hex(digest, hex);
    return MLP_OK;
}

static mlp_status digest_state(const mlp_checkpoint *c,
                               char hex[MLP_DIGEST_HEX])
{
    unsigned char digest[MLP_DIGEST_BYTES];
    MLP_TRY(mlp_checkpoint_digest(c, digest));
    mlp_digest_hex(digest, hex);
    return MLP_OK;
}

/* In the order of the parameters of a layer. */
enum { WEIGHTS, BIASES, SLOPES, PARTS };
static const char *const part_names[PARTS] = {"weights", "biases", "slopes"};

/* Some parameters of a layer: weights, biases ... */
typedef struct {
    size_t layer; /* from 1 */
    size_t part;
    size_t rows, columns; /* biases are one row; 0 rows: none */
    double least, mean, largest, deviation;
} summary;

static void summarize(const float *values, summary *s)
{
    size_t count = s->rows * s->columns;
    double sum = 0.0, squares = 0.0;
    s->least = s->largest = (double)values[0];
    for (size_t i = 0; i < count; i++) {
        sum += (double)values[i];
        s->least = fmin(s->least, (double)values[i]);
        s->largest = fmax(s->largest, (double)values[i]);
    }
    s->mean = sum / (double)count;
    for (size_t i = 0; i < count; i++) {
        double difference = (double)values[i] - s->mean;
        squares += difference * difference;
    }
    s->deviation = sqrt(squares / (double)count);
}

/* Part `index` of all, in the order of the parameters.
 * @param offset  start of this part, advanced to the next one */
static summary summary_of(const mlp_checkpoint *c, size_t index, size_t *offset)
{
    size_t layer = index / PARTS;
    summary s = {.layer = layer + 1,
                 .part = index % PARTS,
                 .rows = 1,
                 .columns = c->widths[layer + 1]};
    if (s.part == WEIGHTS) {
        s.rows = c->widths[layer];
    } else if (s.part == SLOPES &&
               !mlp_checkpoint_has_slopes(&c->config, layer)) {
        s.rows = 0;
        return s;
    }
    summarize(mlp_checkpoint_result(c) + *offset, &s);
    *offset += s.rows * s.columns;
    return s;
}

/* ---- text */

static void print_config(FILE *out, const mlp_config *config)
{
    size_t count;
    const mlp_option *fields = mlp_config_fields(&count);
    char text[MLP_CONFIG_VALUE];
    fputs("\nconfiguration\n\n", out);
    for (size_t i = 0; i < count; i++) {
        if (mlp_config_is_state(&fields[i])) {
            mlp_config_get(config, &fields[i], text);
            fprintf(out, "  %-12s %s\n", fields[i].name, text);
        }
    }
}

static void print_tally(FILE *out, const mlp_tally *tally)
{
    if (tally->rows == 0) {
        fprintf(out, " %10s %8s", "-", "-");
    } else if (tally->targets > 0) {
        fprintf(out, " %10.4f %8.4f", mlp_tally_loss(tally),
                mlp_tally_r2(tally));
    } else {
        fprintf(out, " %10.4f %7.2f%%", mlp_tally_loss(tally),
                100 * mlp_tally_accuracy(tally));
    }
}

static void print_history(FILE *out, const mlp_history *history)
{
    bool is_regression =
        history->count > 0 && history->records[0].train.targets > 0;
    fprintf(out, "\nhistory\n\n%7s %9s %10s %19s %13s\n", "", "", "training",
            "validation", "test");
    fprintf(out, "%7s %9s", "epoch", "step");
    for (size_t i = 0; i < 3; i++) {
        fprintf(out, " %10s %8s", "loss", is_regression ? "R2" : "accuracy");
    }
    fputc('\n', out);
    for (size_t i = 0; i < history->count; i++) {
        const mlp_epoch_record *record = &history->records[i];
        fprintf(out, "%7" PRIu64 " %9" PRIu64, record->epoch, record->step);
        print_tally(out, &record->train);
        print_tally(out, &record->validation);
        print_tally(out, &record->test);
        fputc('\n', out);
    }
}

static void print_parameters(FILE *out, const mlp_checkpoint *c)
{
    size_t offset = 0;
    fprintf(out, "\nparameters\n\n%7s  %-7s %17s %11s %11s %11s %11s\n",
            "layer", "", "shape", "min", "mean", "max", "std. dev.");
    for (size_t i = 0; i < PARTS * c->layers; i++) {
        summary s = summary_of(c, i, &offset);
        char shape[48];
        if (s.rows == 0) {
            continue;
        }
        snprintf(shape, sizeof shape, "%zu x %zu", s.rows, s.columns);
        fprintf(out, "%7zu  %-7s %17s %11.4g %11.4g %11.4g %11.4g\n", s.layer,
                part_names[s.part], shape, s.least, s.mean, s.largest,
                s.deviation);
    }
}

static void print_facts(FILE *out, const mlp_checkpoint *c, const char *path)
{
    char hex[MLP_DIGEST_HEX];
    fprintf(out, "checkpoint     %s\nmodel          ", path);
    for (size_t i = 0; i <= c->layers; i++) {
        fprintf(out, "%s%zu", i > 0 ? "-" : "", c->widths[i]);
    }
    fprintf(out, ", %zu parameters\n", c->parameter_count);
    fprintf(out, "position       epoch %" PRIu64 ", step %" PRIu64, c->epoch,
            c->step);
    if (c->running.rows > 0) {
        fprintf(out, ", %" PRIu64 " rows into the next epoch", c->running.rows);
    }
    mlp_digest_hex(c->data_digest, hex);
    fprintf(out, "\ndata           %zu training rows, %zu x %zu\n",
            c->train_rows, c->height, c->width);
    if (c->scaler.shifts != NULL) {
        fprintf(out, "scaler         column by column, in /scaler%s\n",
                c->scaler.is_squeezed ? ", then z / sqrt(1 + (z / 3)^2)" : "");
    } else {
        fprintf(out, "scaler         (x - %g) * %.9g\n",
                (double)c->scaler.shift, (double)c->scaler.scale);
    }
    fprintf(out, "data sha256    %s\n", hex);
    if (mlp_checkpoint_has_origin(c)) {
        mlp_digest_hex(c->origin_digest, hex);
        fprintf(out, "started from   state sha256 %s\n", hex);
    }
    if (c->temperature > 0) {
        fprintf(out, "temperature    %.9g\n", c->temperature);
    }
}

static mlp_status print_text(FILE *out, const mlp_checkpoint *c,
                             const char *path)
{
    char weights[MLP_DIGEST_HEX], state[MLP_DIGEST_HEX];
    MLP_TRY(digest_weights(c, weights));
    MLP_TRY(digest_state(c, state));
    print_facts(out, c, path);
    fprintf(out, "state sha256   %s\nweights sha256 %s\n", state, weights);
    if (best_epoch(c) > 0) {
        fprintf(out,
                "weights        of epoch %" PRIu64 ", the best; so are the "
                "parameters below\n",
                best_epoch(c));
    }
    print_config(out, &c->config);
    print_history(out, &c->history);
    print_parameters(out, c);
    return MLP_OK;
}

/* ---- JSON */

static json_t *config_json(const mlp_config *config)
{
    size_t count;
    const mlp_option *fields = mlp_config_fields(&count);
    json_t *object = json_object();
    for (size_t i = 0; i < count; i++) {
        if (mlp_config_is_state(&fields[i])) {
            mlp_json_set(&object, mlp_config_key(&fields[i]),
                         mlp_json_field(config, &fields[i]));
        }
    }
    return object;
}

/* Epoch records as in the run log. */
static json_t *history_json(const mlp_history *history)
{
    json_t *array = json_array();
    for (size_t i = 0; i < history->count; i++) {
        json_t *record = mlp_runlog_epoch_record(&history->records[i]);
        json_object_del(record, "event");
        mlp_json_append(&array, record);
    }
    return array;
}

static json_t *parameters_json(const mlp_checkpoint *c)
{
    json_t *array = json_array();
    size_t offset = 0;
    for (size_t i = 0; i < PARTS * c->layers; i++) {
        summary s = summary_of(c, i, &offset);
        size_t shape[2] = {s.rows, s.columns};
        if (s.rows == 0) {
            continue;
        }
        mlp_json_append(
            &array, json_pack("{s:o, s:s, s:o, s:o, s:o, s:o, s:o}", "layer",
                              mlp_json_whole(s.layer), "part",
                              part_names[s.part], "shape",
                              s.part == WEIGHTS ? mlp_json_sizes(shape, 2)
                                                : mlp_json_sizes(shape + 1, 1),
                              "min", mlp_json_number(s.least), "mean",
                              mlp_json_number(s.mean), "max",
                              mlp_json_number(s.largest), "standard_deviation",
                              mlp_json_number(s.deviation)));
    }
    return array;
}

static json_t *numbers_json(const float *values, size_t count)
{
    json_t *array = json_array();
    for (size_t i = 0; i < count; i++) {
        mlp_json_append(&array, mlp_json_number((double)values[i]));
    }
    return array;
}

/* One value for all columns, or lists with one for each. */
static json_t *scaler_json(const mlp_checkpoint *c)
{
    const mlp_scaler *scaler = &c->scaler;
    if (scaler->shifts == NULL) {
        return json_pack("{s:f, s:f}", "shift", (double)scaler->shift, "scale",
                         (double)scaler->scale);
    }
    return json_pack("{s:o, s:o, s:b}", "shift",
                     numbers_json(scaler->shifts, c->widths[0]), "scale",
                     numbers_json(scaler->scales, c->widths[0]), "is_squeezed",
                     (int)scaler->is_squeezed);
}

static mlp_status print_json(FILE *out, const mlp_checkpoint *c,
                             const char *path)
{
    char weights[MLP_DIGEST_HEX], state[MLP_DIGEST_HEX], data[MLP_DIGEST_HEX];
    MLP_TRY(digest_weights(c, weights));
    MLP_TRY(digest_state(c, state));
    mlp_digest_hex(c->data_digest, data);
    json_t *object = json_pack(
        "{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:s, s:s, s:s, "
        "s:o, s:o, s:o}",
        "checkpoint", mlp_json_text(path), "widths",
        mlp_json_sizes(c->widths, c->layers + 1), "parameter_count",
        mlp_json_whole(c->parameter_count), "epoch", mlp_json_whole(c->epoch),
        "step", mlp_json_whole(c->step), "running_rows",
        mlp_json_whole(c->running.rows), "train_rows",
        mlp_json_whole(c->train_rows), "height", mlp_json_whole(c->height),
        "width", mlp_json_whole(c->width), "scaler", scaler_json(c),
        "data_sha256", data, "state_sha256", state, "weights_sha256", weights,
        "config", config_json(&c->config), "history", history_json(&c->history),
        "parameters", parameters_json(c));
    if (mlp_checkpoint_has_origin(c)) {
        mlp_digest_hex(c->origin_digest, data);
        mlp_json_set(&object, "origin_sha256", mlp_json_text(data));
    }
    if (best_epoch(c) > 0) {
        mlp_json_set(&object, "weights_epoch", mlp_json_whole(best_epoch(c)));
    }
    if (c->temperature > 0) {
        mlp_json_set(&object, "temperature", mlp_json_number(c->temperature));
    }
    return mlp_json_print(out, object, MLP_JSON_DOUBLE);
}

/* ---- the sub-command */

static mlp_status show(const mlp_tool_options *options, mlp_tool_output *output)
{
    mlp_checkpoint checkpoint = {0};
    char path[MLP_MAX_PATH];
    MLP_TRY(mlp_checkpoint_open(options->file, &checkpoint, path));
    mlp_status status = options->is_json
                            ? print_json(output->file, &checkpoint, path)
                            : print_text(output->file, &checkpoint, path);
    mlp_checkpoint_destroy(&checkpoint);
    return status;
}

static const char *const formats[] = {"text", "json", NULL};
static const char *const options_of_show[] = {"format", NULL};

const mlp_tool_command mlp_tool_show = {
    .name = "show",
    .summary = "what a checkpoint is: model, configuration, history, "
               "parameters, digests",
    .description = "Show what a checkpoint is: model, configuration, position, "
                   "digests of data and\n"
                   "weights, the history of the epochs, and the range of each "
                   "layer's parameters.\n"
                   "With --patience the weights are those of the best epoch, "
                   "as in eval, predict,\n"
                   "report and export.",
    .options = options_of_show,
    .formats = formats,
    .operands = "FILE",
    .operands_max = 1,
    .run = show};
