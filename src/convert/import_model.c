/** @file
 *  Common to all formats: from layers to a checkpoint.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "import.h"
#include "kernels/kernels.h"

void mlp_import_destroy(mlp_import_model *model)
{
    for (size_t l = 0; l < model->layers; l++) {
        free(model->layer[l].weights);
        free(model->layer[l].bias);
        free(model->layer[l].slopes);
    }
    mlp_scaler_destroy(&model->scaler);
    *model = (mlp_import_model){0};
}

mlp_status mlp_import_add(mlp_import_model *model, const char *path, size_t in,
                          size_t out)
{
    if (model->layers == MLP_IMPORT_LAYERS) {
        return mlp_fail(MLP_ERROR_DATA, "%s: has more than %d dense layers",
                        path, MLP_IMPORT_LAYERS);
    }
    mlp_import_layer *layer = &model->layer[model->layers];
    *layer = (mlp_import_layer){.in = in, .out = out};
    layer->weights = calloc(in, out * sizeof *layer->weights);
    if (layer->weights == NULL) {
        return mlp_fail_memory("the weights of a layer");
    }
    model->layers++;
    return MLP_OK;
}

/* ---- the configuration ------------------------------------------------- */

/* Activation names of other programs. */
static const char *known_name(const char *name)
{
    static const char *const others[][2] = {{"linear", "identity"},
                                            {"swish", "silu"},
                                            {"leaky_relu", "leaky-relu"}};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        if (strcmp(name, others[i][0]) == 0) {
            return others[i][1];
        }
    }
    return name;
}

static bool is_known(const char *option, const char *name)
{
    const char *const *choice = mlp_config_find(option)->choices;
    while (*choice != NULL && strcmp(*choice, name) != 0) {
        choice++;
    }
    return *choice != NULL;
}

static mlp_status check_name(const char *path, size_t layer, const char *option,
                             const char *name)
{
    return is_known(option, name)
               ? MLP_OK
               : mlp_fail(MLP_ERROR_DATA,
                          "%s: layer %zu has the activation \"%.60s\", which "
                          "is not known in this place",
                          path, layer + 1, name);
}

static mlp_status set_hidden(const mlp_import_model *model, const char *path,
                             mlp_config *config)
{
    char names[MLP_CONFIG_VALUE] = "";
    size_t used = 0;
    bool are_named = model->layers > 1;
    config->hidden_count = model->layers - 1;
    for (size_t l = 0; l + 1 < model->layers; l++) {
        const mlp_import_layer *layer = &model->layer[l];
        config->hidden[l] = layer->out;
        const char *name =
            layer->slopes != NULL ? "prelu" : known_name(layer->activation);
        are_named = are_named && name[0] != '\0';
        if (are_named) {
            MLP_TRY(check_name(path, l, "activation", name));
            used += (size_t)snprintf(names + used, sizeof names - used, "%s%s",
                                     l > 0 ? "," : "", name);
        }
    }
    return are_named ? mlp_config_set(config, "activation", names) : MLP_OK;
}

static mlp_status set_output(const mlp_import_model *model, const char *path,
                             mlp_config *config)
{
    const char *name = known_name(model->layer[model->layers - 1].activation);
    if (name[0] == '\0') {
        return MLP_OK;
    }
    MLP_TRY(check_name(path, model->layers - 1, "output", name));
    MLP_TRY(mlp_config_set(config, "output", name));
    return mlp_config_set(
        config, "loss", strcmp(name, "softmax") == 0 ? "cross-entropy" : "mse");
}

/* ---- the checkpoint ---------------------------------------------------- */

static mlp_status check_chain(const mlp_import_model *model, const char *path)
{
    if (model->layers == 0) {
        return mlp_fail(MLP_ERROR_DATA, "%s: has no dense layer", path);
    }
    for (size_t l = 1; l < model->layers; l++) {
        if (model->layer[l].in != model->layer[l - 1].out) {
            return mlp_fail(MLP_ERROR_DATA,
                            "%s: layer %zu has %zu outputs, the next one %zu "
                            "inputs: no chain of dense layers",
                            path, l, model->layer[l - 1].out,
                            model->layer[l].in);
        }
    }
    return MLP_OK;
}

static mlp_status set_extents(const mlp_import_model *model, const char *path,
                              mlp_checkpoint *c)
{
    size_t features = model->layer[0].in;
    if (c->height == 0) {
        c->height = 1;
        c->width = features;
    }
    if (c->height * c->width != features) {
        return mlp_fail(MLP_ERROR_USAGE,
                        "--size: %s has %zu inputs, which are not %zu x %zu",
                        path, features, c->height, c->width);
    }
    c->layers = model->layers;
    c->widths = calloc(c->layers + 1, sizeof *c->widths);
    if (c->widths == NULL) {
        return mlp_fail_memory("the model's widths");
    }
    c->widths[0] = features;
    for (size_t l = 0; l < c->layers; l++) {
        c->widths[l + 1] = model->layer[l].out;
    }
    c->classes = c->widths[c->layers];
    return MLP_OK;
}

/* One output for two classes. */
static mlp_status set_binary(const char *path, mlp_checkpoint *c)
{
    if (c->widths[c->layers] > 1) {
        return MLP_OK;
    }
    if (c->config.output == MLP_OUTPUT_SOFTMAX) {
        return mlp_fail(MLP_ERROR_USAGE,
                        "%s: has one output, and softmax over one is always 1: "
                        "use --output-activation sigmoid or identity",
                        path);
    }
    c->classes = 2;
    return mlp_config_set(&c->config, "binary", "true");
}

static float *append(float *to, const float *values, size_t count)
{
    if (values != NULL) {
        memcpy(to, values, count * sizeof *to);
    }
    return to + count;
}

/* In canonical order. Absent biases are 0, and so are slopes that the
 * configuration has and the file lacks. */
static mlp_status fill_parameters(const mlp_import_model *model,
                                  mlp_checkpoint *c)
{
    MLP_TRY(mlp_checkpoint_count(&c->config, c->widths, c->layers,
                                 &c->parameter_count));
    c->parameters = calloc(c->parameter_count, sizeof *c->parameters);
    if (c->parameters == NULL) {
        return mlp_fail_memory("the parameters");
    }
    float *to = c->parameters;
    for (size_t l = 0; l < c->layers; l++) {
        const mlp_import_layer *layer = &model->layer[l];
        to = append(to, layer->weights, layer->in * layer->out);
        to = append(to, layer->bias, layer->out);
        if (mlp_checkpoint_has_slopes(&c->config, l)) {
            to = append(to, layer->slopes, layer->out);
        }
    }
    return MLP_OK;
}

mlp_status mlp_import_finish(const mlp_import_model *model, const char *path,
                             mlp_checkpoint *c)
{
    MLP_TRY(check_chain(model, path));
    MLP_TRY(set_hidden(model, path, &c->config));
    MLP_TRY(set_output(model, path, &c->config));
    MLP_TRY(set_extents(model, path, c));
    MLP_TRY(set_binary(path, c));
    MLP_TRY(mlp_config_check(&c->config));
    c->config.shards = 1; /* not trained; evaluated in one shard */
    c->arithmetic = MLP_ARITHMETIC;
    MLP_TRY(mlp_scaler_copy(&model->scaler, c->widths[0], &c->scaler));
    return fill_parameters(model, c);
}
