/** @file
 *  mlp predict: what a checkpoint's model says of rows, one line for each.
 *  Floats have the 9 digits that give back their very bits.
 */
#include "json.h"
#include "tool.h"

/* A batch of rows, predicted. */
typedef struct {
    const mlp_tool_case *of;
    mlp_inference_result result;
    size_t first;    /* row of the split that result begins with */
    bool is_softmax; /* outputs are probabilities */
} prediction;

/* ---- TSV */

static void print_header(FILE *out, const prediction *p)
{
    const char *column = p->is_softmax ? "probability" : "output";
    fputs("row\tprediction", out);
    for (size_t k = 0; k < p->of->classes; k++) {
        fprintf(out, "\t%s_%zu", column, k);
    }
    fputc('\n', out);
}

static void print_line(FILE *out, const prediction *p, size_t r)
{
    const float *outputs = p->result.outputs + r * p->result.stride;
    fprintf(out, "%zu\t%u", p->first + r, p->result.predictions[r]);
    for (size_t k = 0; k < p->result.classes; k++) {
        fprintf(out, "\t%.9g", (double)outputs[k]);
    }
    fputc('\n', out);
}

/* ---- JSON lines */

static mlp_status print_json(FILE *out, const prediction *p, size_t r)
{
    const float *outputs = p->result.outputs + r * p->result.stride;
    json_t *array = json_array();
    for (size_t k = 0; k < p->result.classes; k++) {
        mlp_json_append(&array, mlp_json_number((double)outputs[k]));
    }
    json_t *object =
        json_pack("{s:o, s:o, s:o}", "row", mlp_json_whole(p->first + r),
                  "prediction", mlp_json_whole(p->result.predictions[r]),
                  p->is_softmax ? "probabilities" : "outputs", array);
    return mlp_json_print(out, object, MLP_JSON_FLOAT);
}

/* ---- the sub-command */

static mlp_status print_batch(const mlp_tool_options *options,
                              const prediction *p, mlp_tool_output *output)
{
    for (size_t r = 0; r < p->result.rows; r++) {
        if (options->is_json) {
            MLP_TRY(print_json(output->file, p, r));
        } else {
            print_line(output->file, p, r);
        }
    }
    return mlp_tool_output_flush(output);
}

static mlp_status print_all(const mlp_tool_options *options,
                            const mlp_tool_case *loaded,
                            mlp_tool_output *output)
{
    prediction p = {.of = loaded,
                    .is_softmax =
                        loaded->checkpoint.config.output == MLP_OUTPUT_SOFTMAX};
    mlp_range all = loaded->dataset.range;
    if (!options->is_json) {
        print_header(output->file, &p);
    }
    for (size_t done = 0; done < all.count; done += p.result.rows) {
        size_t rest = all.count - done;
        size_t rows = rest < MLP_INFERENCE_ROWS ? rest : MLP_INFERENCE_ROWS;
        p.first = all.first + done;
        p.result = mlp_inference_run(loaded->inference, &loaded->dataset,
                                     (mlp_range){done, rows});
        MLP_TRY(print_batch(options, &p, output));
    }
    return MLP_OK;
}

static mlp_status predict(const mlp_tool_options *options,
                          mlp_tool_output *output)
{
    mlp_tool_case loaded = {0};
    MLP_TRY(mlp_tool_load(options, false, &loaded));
    mlp_status status = print_all(options, &loaded, output);
    mlp_tool_unload(&loaded);
    return status;
}

static const char *const options_of_predict[] = {
    "data", "split", "first", "rows", "threads", "format", "output", NULL};

const mlp_tool_command mlp_tool_predict = {
    .name = "predict",
    .summary = "class and probabilities of each row, as TSV or JSON lines",
    .description =
        "Predict the class of rows, labelled or not: a line for each with its "
        "number, its\nclass, and the model's outputs, which are probabilities "
        "under softmax. Floats\nhave 9 digits, which give back their very "
        "bits.\n\nThe data may be what mlp_train takes, or images alone: an "
        "IDX file of images,\nplain or .gz, or an HDF5 file with /images. "
        "These have no splits: leave out\n--split.",
    .options = options_of_predict,
    .format = "tsv",
    .run = predict};
