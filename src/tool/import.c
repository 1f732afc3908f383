/** @file
 *  mlp import: a checkpoint from a dense net of another program.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "checkpoint/file.h"
#include "convert/import.h"
#include "system/files.h"
#include "tool.h"

/* Refuse a pipe: opening it would block. */
static mlp_status expect_file(const char *path)
{
    struct stat facts;
    if (stat(path, &facts) != 0) {
        return mlp_fail_open(path);
    }
    return S_ISREG(facts.st_mode)
               ? MLP_OK
               : mlp_fail(MLP_ERROR_DATA, "%s: is not a regular file", path);
}

/* The signature at the start of an HDF5 file. */
static mlp_status look_for_hdf5(const char *path, bool *is_hdf5)
{
    static const unsigned char sign[] = {0x89, 'H', 'D', 'F', 13, 10, 26, 10};
    unsigned char first[sizeof sign];
    size_t count;
    MLP_TRY(mlp_read_start(path, first, sizeof first, &count));
    *is_hdf5 = count == sizeof first && memcmp(first, sign, sizeof sign) == 0;
    return MLP_OK;
}

static mlp_status copy(const char *path, FILE *out)
{
    char bytes[65536];
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return mlp_fail_read(path);
    }
    size_t count;
    while ((count = fread(bytes, 1, sizeof bytes, file)) > 0) {
        fwrite(bytes, 1, count, out);
    }
    mlp_status status = ferror(file) ? mlp_fail_read(path) : MLP_OK;
    fclose(file);
    return status;
}

/* A checkpoint is sealed in a temporary file, which is then copied to the
 * output. */
static mlp_status write_checkpoint(const mlp_checkpoint *checkpoint,
                                   const mlp_tool_output *output)
{
    char path[MLP_MAX_PATH + 8];
    unsigned char digest[MLP_DIGEST_BYTES];
    snprintf(path, sizeof path, "%s.sealed", output->temporary);
    mlp_status status = mlp_checkpoint_write(path, checkpoint, digest);
    if (status == MLP_OK) {
        status = copy(path, output->file);
    }
    unlink(path);
    return status;
}

/* Options have mlp_train's values; the default is a classifier. */
static mlp_status configure(const mlp_tool_options *options, mlp_config *config)
{
    mlp_config_init(config);
    if (options->activation != NULL) {
        MLP_TRY(mlp_config_set(config, "activation", options->activation));
    }
    if (options->output_activation != NULL) {
        MLP_TRY(mlp_config_set(config, "output", options->output_activation));
    }
    return mlp_config_set(config, "loss",
                          config->output == MLP_OUTPUT_SOFTMAX ? "cross-entropy"
                                                               : "mse");
}

static mlp_status import(const mlp_tool_options *options,
                         mlp_tool_output *output)
{
    mlp_import_model model = {0};
    mlp_checkpoint checkpoint = {.height = options->size.height,
                                 .width = options->size.width};
    const char *path = options->file;
    if (output->temporary[0] == '\0') {
        return mlp_fail(MLP_ERROR_USAGE,
                        "import needs --output FILE, a file for the "
                        "checkpoint");
    }
    MLP_TRY(expect_file(path));
    MLP_TRY(configure(options, &checkpoint.config));
    bool is_hdf5;
    MLP_TRY(look_for_hdf5(path, &is_hdf5));
    mlp_status status = is_hdf5 ? mlp_import_keras(path, &model)
                                : mlp_import_safetensors(path, &model);
    if (status == MLP_OK) {
        status = mlp_import_finish(&model, path, &checkpoint);
    }
    if (status == MLP_OK) {
        status = write_checkpoint(&checkpoint, output);
    }
    mlp_import_destroy(&model);
    mlp_checkpoint_destroy(&checkpoint);
    return status;
}

static const char *const formats[] = {"binary", NULL};
static const char *const options[] = {"activation", "output-activation", "size",
                                      "output", NULL};

const mlp_tool_command mlp_tool_import = {
    .name = "import",
    .summary = "a checkpoint from a dense net of Keras or PyTorch",
    .description =
        "Make a checkpoint, for mlp eval and predict and for mlp_train "
        "--weights, from\nFILE: Keras's .h5, a model or weights alone, or "
        "safetensors with NAME.weight\n[out, in] and NAME.bias [out] for each "
        "layer, in the order of their numbers.\n\nActivations and scaling are "
        "taken from a Keras model, and from what mlp export\nwrote; else "
        "options name the activations, and features are not scaled.",
    .options = options,
    .formats = formats,
    .operands = "FILE",
    .operands_max = 1,
    .run = import,
};
