/** @file
 *  Keras's two HDF5 layouts: the whole model (.h5), and weights only
 *  (.weights.h5). Source: github.com/keras-team/keras,
 *  src/legacy/saving/legacy_h5_format.py and src/saving/saving_lib.py.
 *
 *  The architecture is written so that both Keras 2 and 3 read it.
 */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "export.h"
#include "hdf5/h5file.h"

enum { NAME_BYTES = 64, TENSORS_MAX = 2 };

static const char keras_version[] = "2.12.0"; /* of the layout */

/* ---- Keras layers that correspond to a dense layer --------------------- */

/* The activation's name for Keras's Dense; NULL if it needs a layer of its own,
 * or Keras lacks it. */
static const char *name_in_dense(const mlp_export_layer *layer)
{
    if (layer->is_softmax) {
        return "softmax";
    }
    if (layer->is_exponential) {
        return "exponential";
    }
    switch (layer->activation) {
    case MLP_ACTIVATION_IDENTITY:
        return "linear";
    case MLP_ACTIVATION_SIGMOID:
        return "sigmoid";
    case MLP_ACTIVATION_TANH:
        return "tanh";
    case MLP_ACTIVATION_RELU:
        return "relu";
    case MLP_ACTIVATION_ELU:
        return "elu";
    case MLP_ACTIVATION_SOFTPLUS:
        return "softplus";
    case MLP_ACTIVATION_SILU:
        return "swish";
    case MLP_ACTIVATION_GELU:
        return "gelu";
    default:
        return NULL;
    }
}

static mlp_status check_known(const mlp_export_model *model)
{
    for (size_t l = 0; l < model->layers; l++) {
        mlp_activation activation = model->layer[l].activation;
        if (activation == MLP_ACTIVATION_STEP ||
            activation == MLP_ACTIVATION_ARCTAN) {
            return mlp_fail(MLP_ERROR_USAGE,
                            "Keras has no activation like %s, that of layer "
                            "%zu; onnx and c have",
                            mlp_export_activation_name(&model->layer[l]),
                            l + 1);
        }
    }
    return MLP_OK;
}

/* Keras's default names: dense, dense_1, dense_2 ... */
static void name_layer(const char *kind, size_t index, char name[NAME_BYTES])
{
    if (index == 0) {
        snprintf(name, NAME_BYTES, "%s", kind);
    } else {
        snprintf(name, NAME_BYTES, "%s_%zu", kind, index);
    }
}

/* A Keras layer and its weights, if any. */
typedef struct {
    char name[NAME_BYTES];
    size_t count;
    const char *part[TENSORS_MAX];
    mlp_h5_shape shape[TENSORS_MAX];
    const float *values[TENSORS_MAX];
} holder;

static holder dense_of(const mlp_export_layer *layer, size_t index)
{
    holder h = {.count = 2,
                .part = {"kernel", "bias"},
                .shape = {{MLP_H5_F32, 2, {layer->in, layer->out}},
                          {MLP_H5_F32, 1, {layer->out}}},
                .values = {layer->weights, layer->bias}};
    name_layer("dense", index, h.name);
    return h;
}

static holder prelu_of(const mlp_export_layer *layer, size_t index)
{
    holder h = {.count = 1,
                .part = {"alpha"},
                .shape = {{MLP_H5_F32, 1, {layer->out}}},
                .values = {layer->slopes}};
    name_layer("p_re_lu", index, h.name);
    return h;
}

/* Robust scaling z / sqrt(1 + (z/3)^2) = 3 z / |(z, 3)| in standard layers:
 * each input becomes (z, 3), its length 1, and three times its first number is
 * the result. These two dense layers make the pair, and take its first number.
 */
static const float pair_kernel[] = {1.0F, 0.0F};
static const float pair_bias[] = {0.0F, 3.0F};
static const float first_kernel[] = {3.0F, 0.0F};
static const float first_bias[] = {0.0F};

enum { SQUEEZE_LAYERS = 2 };

static const holder squeeze[SQUEEZE_LAYERS] = {
    {.name = "squeeze_pair",
     .count = 2,
     .part = {"kernel", "bias"},
     .shape = {{MLP_H5_F32, 2, {1, 2}}, {MLP_H5_F32, 1, {2}}},
     .values = {pair_kernel, pair_bias}},
    {.name = "squeeze_first",
     .count = 2,
     .part = {"kernel", "bias"},
     .shape = {{MLP_H5_F32, 2, {2, 1}}, {MLP_H5_F32, 1, {1}}},
     .values = {first_kernel, first_bias}}};

enum { HOLDERS_MAX = 2 * (MLP_MAX_HIDDEN + 1) + SQUEEZE_LAYERS };

/* All Keras layers in order. Returns their number.
 * @param is_squeezed  with those of robust scaling */
static size_t list_holders(const mlp_export_model *model, bool is_squeezed,
                           holder list[HOLDERS_MAX])
{
    size_t count = 0, prelus = 0, leaky = 0;
    for (size_t i = 0; is_squeezed && i < SQUEEZE_LAYERS; i++) {
        list[count++] = squeeze[i];
    }
    for (size_t l = 0; l < model->layers; l++) {
        const mlp_export_layer *layer = &model->layer[l];
        list[count++] = dense_of(layer, l);
        if (layer->slopes != NULL) {
            list[count++] = prelu_of(layer, prelus++);
        } else if (layer->activation == MLP_ACTIVATION_LEAKY_RELU) {
            list[count] = (holder){.count = 0};
            name_layer("leaky_re_lu", leaky++, list[count++].name);
        }
    }
    return count;
}

/* ---- the architecture -------------------------------------------------- */

/* {"class_name": ..., "config": {"name": ..., "dtype": ..., more}} */
static json_t *layer_json(const char *class_name, const char *name,
                          json_t *more)
{
    json_t *config = json_pack("{s:s, s:s, s:b}", "name", name, "dtype",
                               "float32", "trainable", 1);
    if (config == NULL || more == NULL || json_object_update(config, more)) {
        json_decref(config);
        config = NULL;
    }
    json_decref(more);
    return json_pack("{s:s, s:o}", "class_name", class_name, "config", config);
}

/* @param prelus, leaky  number of such layers so far */
static void append_activation(json_t **layers, const mlp_export_layer *layer,
                              size_t *prelus, size_t *leaky)
{
    char name[NAME_BYTES];
    if (layer->activation == MLP_ACTIVATION_LEAKY_RELU) {
        name_layer("leaky_re_lu", (*leaky)++, name);
        mlp_json_append(layers, layer_json("LeakyReLU", name,
                                           json_pack("{s:f}", "alpha", 0.01)));
    } else if (layer->slopes != NULL) {
        name_layer("p_re_lu", (*prelus)++, name);
        mlp_json_append(layers, layer_json("PReLU", name, json_object()));
    }
}

/* x scale + offset: one number each, or lists with one for each input. */
static json_t *rescaling(const mlp_export_model *model)
{
    const mlp_scaler *s = &model->scaler;
    if (s->shifts == NULL) {
        return json_pack("{s:f, s:f}", "scale", (double)s->scale, "offset",
                         -(double)s->shift * (double)s->scale);
    }
    json_t *scales = json_array();
    json_t *offsets = json_array();
    for (size_t i = 0; i < model->inputs; i++) {
        double scale = (double)s->scales[i];
        mlp_json_append(&scales, json_real(scale));
        mlp_json_append(&offsets, json_real(-(double)s->shifts[i] * scale));
    }
    return json_pack("{s:o, s:o}", "scale", scales, "offset", offsets);
}

static json_t *dense_json(const char *name, size_t units,
                          const char *activation)
{
    return layer_json("Dense", name,
                      json_pack("{s:o, s:s, s:b}", "units",
                                mlp_json_whole(units), "activation", activation,
                                "use_bias", 1));
}

static void append_squeeze(json_t **layers, size_t inputs)
{
    mlp_json_append(layers, layer_json("Reshape", "squeeze_apart",
                                       json_pack("{s:[o, i]}", "target_shape",
                                                 mlp_json_whole(inputs), 1)));
    mlp_json_append(layers, dense_json(squeeze[0].name, 2, "linear"));
    mlp_json_append(layers, layer_json("UnitNormalization", "squeeze_length",
                                       json_pack("{s:i}", "axis", -1)));
    mlp_json_append(layers, dense_json(squeeze[1].name, 1, "linear"));
    mlp_json_append(layers, layer_json("Reshape", "squeeze_together",
                                       json_pack("{s:[o]}", "target_shape",
                                                 mlp_json_whole(inputs))));
}

/* Outputs y within a range: y - least, from 0 to largest - least, + least. */
static void append_clip(json_t **layers, const mlp_export_model *model)
{
    double least = (double)model->clip[0];
    double span = (double)model->clip[1] - least;
    mlp_json_append(layers, layer_json("Rescaling", "clip_from",
                                       json_pack("{s:f, s:f}", "scale", 1.0,
                                                 "offset", -least)));
    mlp_json_append(
        layers, layer_json("ReLU", "clip",
                           json_pack("{s:f, s:f, s:f}", "max_value", span,
                                     "negative_slope", 0.0, "threshold", 0.0)));
    mlp_json_append(layers, layer_json("Rescaling", "clip_to",
                                       json_pack("{s:f, s:f}", "scale", 1.0,
                                                 "offset", least)));
}

static json_t *architecture(const mlp_export_model *model)
{
    json_t *layers = json_array();
    size_t prelus = 0, leaky = 0;

    mlp_json_append(
        &layers,
        layer_json("InputLayer", "input",
                   json_pack("{s:[n, o], s:b}", "batch_input_shape",
                             mlp_json_whole(model->inputs), "sparse", 0)));
    mlp_json_append(&layers,
                    layer_json("Rescaling", "rescaling", rescaling(model)));
    if (model->scaler.is_squeezed) {
        append_squeeze(&layers, model->inputs);
    }
    for (size_t l = 0; l < model->layers; l++) {
        const mlp_export_layer *layer = &model->layer[l];
        const char *activation = name_in_dense(layer);
        char name[NAME_BYTES];
        name_layer("dense", l, name);
        mlp_json_append(&layers,
                        dense_json(name, layer->out,
                                   activation != NULL ? activation : "linear"));
        append_activation(&layers, layer, &prelus, &leaky);
    }
    if (model->is_clipped) {
        append_clip(&layers, model);
    }
    return json_pack("{s:s, s:{s:s, s:o}}", "class_name", "Sequential",
                     "config", "name", "mlp", "layers", layers);
}

static mlp_status write_architecture(mlp_h5file *file,
                                     const mlp_export_model *model)
{
    json_t *object = architecture(model);
    char *text = object == NULL
                     ? NULL
                     : json_dumps(object, JSON_COMPACT | JSON_PRESERVE_ORDER);
    mlp_status status =
        text == NULL ? mlp_fail_memory("the model's architecture") : MLP_OK;
    if (status == MLP_OK) {
        status = mlp_h5file_write_text(file, "/", "model_config", text);
    }
    free(text);
    json_decref(object);
    return status;
}

/* ---- the whole model --------------------------------------------------- */

/* model_weights/NAME, its attribute weight_names, and its datasets
 * NAME/PART:0. */
static mlp_status write_holder(mlp_h5file *file, const holder *h)
{
    char group[3 * NAME_BYTES], names[TENSORS_MAX][2 * NAME_BYTES];
    char path[5 * NAME_BYTES];
    const char *list[TENSORS_MAX];
    snprintf(group, sizeof group, "model_weights/%.63s", h->name);
    MLP_TRY(mlp_h5file_write_group(file, group));
    for (size_t i = 0; i < h->count; i++) {
        snprintf(names[i], sizeof names[i], "%.63s/%.15s:0", h->name,
                 h->part[i]);
        list[i] = names[i];
    }
    MLP_TRY(
        mlp_h5file_write_texts(file, group, "weight_names", list, h->count));
    snprintf(path, sizeof path, "%s/%.63s", group, h->name);
    MLP_TRY(mlp_h5file_write_group(file, path));
    for (size_t i = 0; i < h->count; i++) {
        snprintf(path, sizeof path, "%s/%.127s", group, names[i]);
        MLP_TRY(mlp_h5file_write(file, path, h->shape[i], h->values[i]));
    }
    return MLP_OK;
}

static mlp_status write_signature(mlp_h5file *file, const char *object)
{
    MLP_TRY(
        mlp_h5file_write_text(file, object, "keras_version", keras_version));
    return mlp_h5file_write_text(file, object, "backend", "tensorflow");
}

static mlp_status write_model(mlp_h5file *file, const mlp_export_model *model)
{
    holder holders[HOLDERS_MAX];
    const char *names[HOLDERS_MAX];
    size_t count = list_holders(model, model->scaler.is_squeezed, holders);
    size_t named = 0;
    for (size_t i = 0; i < count; i++) {
        if (holders[i].count > 0) {
            names[named++] = holders[i].name;
        }
    }
    MLP_TRY(write_signature(file, "/"));
    MLP_TRY(write_architecture(file, model));
    MLP_TRY(mlp_h5file_write_group(file, "model_weights"));
    MLP_TRY(write_signature(file, "model_weights"));
    MLP_TRY(mlp_h5file_write_texts(file, "model_weights", "layer_names", names,
                                   named));
    for (size_t i = 0; i < count; i++) {
        MLP_TRY(holders[i].count > 0 ? write_holder(file, &holders[i])
                                     : MLP_OK);
    }
    return MLP_OK;
}

/* ---- weights only ------------------------------------------------------ */

/* layers/NAME/vars with datasets 0, 1 ... */
static mlp_status write_variables(mlp_h5file *file, const holder *h)
{
    char path[3 * NAME_BYTES];
    snprintf(path, sizeof path, "layers/%.63s", h->name);
    MLP_TRY(mlp_h5file_write_group(file, path));
    snprintf(path, sizeof path, "layers/%.63s/vars", h->name);
    MLP_TRY(mlp_h5file_write_group(file, path));
    for (size_t i = 0; i < h->count; i++) {
        snprintf(path, sizeof path, "layers/%.63s/vars/%zu", h->name, i);
        MLP_TRY(mlp_h5file_write(file, path, h->shape[i], h->values[i]));
    }
    return MLP_OK;
}

/* Keras 3.0 expects the variables of every layer, also of those without
 * weights; the first two are in the model that mlp_export_keras writes. */
static mlp_status write_weights(mlp_h5file *file, const mlp_export_model *model)
{
    static const holder first[] = {{.name = "input_layer"},
                                   {.name = "rescaling"}};
    holder holders[HOLDERS_MAX];
    size_t count = list_holders(model, false, holders);
    MLP_TRY(mlp_h5file_write_group(file, "vars"));
    MLP_TRY(mlp_h5file_write_group(file, "layers"));
    MLP_TRY(write_variables(file, &first[0]));
    MLP_TRY(write_variables(file, &first[1]));
    for (size_t i = 0; i < count; i++) {
        MLP_TRY(write_variables(file, &holders[i]));
    }
    return MLP_OK;
}

static mlp_status write_file(FILE *out, const mlp_export_model *model,
                             mlp_status (*write)(mlp_h5file *file,
                                                 const mlp_export_model *model))
{
    mlp_h5file *file = NULL;
    MLP_TRY(check_known(model));
    MLP_TRY(mlp_h5file_create_stream(out, 0, &file));
    mlp_status status = write(file, model);
    if (status == MLP_OK) {
        return mlp_h5file_close(&file);
    }
    mlp_h5file_abandon(&file);
    return status;
}

mlp_status mlp_export_keras(FILE *out, const mlp_export_model *model)
{
    return write_file(out, model, write_model);
}

mlp_status mlp_export_keras_weights(FILE *out, const mlp_export_model *model)
{
    return write_file(out, model, write_weights);
}
