/** @file
 *  mlp export: a checkpoint's model in a format of other programs.
 */
#include <string.h>
#include <unistd.h>

#include "convert/export.h"
#include "tool.h"

static const struct {
    const char *name;
    mlp_export_write *write;
    bool is_text;
} targets[] = {
    {"keras", mlp_export_keras, false},
    {"keras-weights", mlp_export_keras_weights, false},
    {"safetensors", mlp_export_safetensors, false},
    {"onnx", mlp_export_onnx, false},
    {"c", mlp_export_c, true},
    {"html", mlp_export_html, true},
};

/* Their names are those of --to. */
static mlp_status find_target(const char *name, size_t *target)
{
    if (name == NULL) {
        return mlp_fail(MLP_ERROR_USAGE,
                        "--to FORMAT is missing; see mlp export --help");
    }
    while (strcmp(targets[*target].name, name) != 0) {
        ++*target;
    }
    return MLP_OK;
}

static mlp_status export(const mlp_tool_options *options,
                         mlp_tool_output *output)
{
    mlp_checkpoint checkpoint = {0};
    mlp_export_model model;
    char path[MLP_MAX_PATH];
    size_t target = 0;
    MLP_TRY(find_target(options->to, &target));
    if (!targets[target].is_text && isatty(fileno(output->file))) {
        return mlp_fail(MLP_ERROR_USAGE, "%s is binary: add --output FILE",
                        targets[target].name);
    }
    MLP_TRY(mlp_checkpoint_open(options->file, &checkpoint, path));
    mlp_export_settle(&checkpoint);
    mlp_export_take(&checkpoint, &model);
    mlp_status status = targets[target].write(output->file, &model);
    mlp_checkpoint_destroy(&checkpoint);
    return status;
}

static const char *const formats[] = {
    "keras", "keras-weights", "safetensors", "onnx", "c", "html", NULL};
static const char *const options[] = {"to", "output", NULL};

const mlp_tool_command mlp_tool_export = {
    .name = "export",
    .summary =
        "the model for Keras, safetensors, ONNX or C, or as a page to play "
        "with",
    .description =
        "Write the model of a checkpoint in a format of other programs.\n\n"
        "  keras          keras.models.load_model opens it: name it .h5\n"
        "  keras-weights  Keras's .weights.h5, for model.load_weights\n"
        "  safetensors    layers.N.weight [out, in] and layers.N.bias, as\n"
        "                 PyTorch's Linear has them\n"
        "  onnx           from input [batch, features] to output, opset 13\n"
        "  c              a header with the weights and mlp_predict()\n"
        "  html           a page in one file, without network: draw a picture, "
        "or\n"
        "                 fill in a row, and see outputs and hidden units\n\n"
        "keras, onnx, c and html include the feature scaling; the others hold "
        "the "
        "weights\n"
        "alone, and features must be scaled first, as mlp show and the "
        "metadata of\n"
        "safetensors say.",
    .options = options,
    .formats = formats,
    .operands = "FILE",
    .operands_max = 1,
    .run = export,
};
