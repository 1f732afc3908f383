/** @file
 *  Dense layers from Keras's .h5 files, a whole model or weights only. The
 *  layout is described in export_keras.c.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/json.h"
#include "hdf5/h5file.h"
#include "import.h"
#include "system/sandbox.h"

enum { CONFIG_MOST = 1 << 20, PATH_BYTES = 4 * MLP_IMPORT_NAME };

typedef struct {
    const char *path;
    mlp_h5file *file;
    const char *group; /* group of the layers, with a slash; or "" */
} keras_file;

/* ---- weights ----------------------------------------------------------- */

/* A vector of the last layer: its bias, or after that PReLU's slopes. */
static mlp_status take_vector(const keras_file *k, const char *name,
                              mlp_h5_shape shape, mlp_import_model *model)
{
    mlp_import_layer *layer =
        model->layers > 0 ? &model->layer[model->layers - 1] : NULL;
    bool is_slope = strstr(name, "/alpha") != NULL;
    float **to = layer == NULL ? NULL
                 : is_slope    ? &layer->slopes
                               : &layer->bias;
    if (to == NULL || *to != NULL || shape.dims[0] != layer->out) {
        return mlp_fail(MLP_ERROR_DATA,
                        "%s: /%s is not a bias or slopes of the dense layer "
                        "before it",
                        k->path, name);
    }
    *to = malloc(layer->out * sizeof **to);
    return *to != NULL ? mlp_h5file_read_rows(k->file, name, 0, layer->out,
                                              MLP_H5_F32, *to)
                       : mlp_fail_memory("a layer's vector");
}

static mlp_status take_tensor(const keras_file *k, const char *name,
                              mlp_import_model *model)
{
    mlp_h5_shape shape;
    MLP_TRY(mlp_h5file_shape(k->file, name, &shape));
    bool is_empty = shape.rank < 1 || shape.dims[0] == 0 ||
                    (shape.rank > 1 && shape.dims[1] == 0);
    if (shape.type != MLP_H5_F32 || shape.rank > 2 || is_empty) {
        return mlp_fail(MLP_ERROR_DATA,
                        "%s: /%s is not the weights of a dense layer: expected "
                        "float32 of one or two dimensions",
                        k->path, name);
    }
    if (shape.rank == 1) {
        return take_vector(k, name, shape, model);
    }
    MLP_TRY(mlp_import_add(model, k->path, shape.dims[0], shape.dims[1]));
    return mlp_h5file_read_rows(k->file, name, 0, shape.dims[0], MLP_H5_F32,
                                model->layer[model->layers - 1].weights);
}

/* Applied to each text of an attribute that is a list of texts. */
typedef mlp_status text_action(const keras_file *k, const char *text,
                               void *context);

static mlp_status each_text(const keras_file *k, const char *object,
                            const char *attribute, text_action *action,
                            void *context)
{
    char *texts = NULL;
    size_t count, width;
    MLP_TRY(mlp_h5file_read_texts(k->file, object, attribute, &texts, &count,
                                  &width));
    mlp_status status = MLP_OK;
    for (size_t i = 0; status == MLP_OK && i < count; i++) {
        status = action(k, texts + i * width, context);
    }
    free(texts);
    return status;
}

typedef struct {
    mlp_import_model *model;
    char layer[PATH_BYTES];
} reading;

static mlp_status take_named(const keras_file *k, const char *name,
                             void *context)
{
    reading *r = context;
    char path[2 * PATH_BYTES];
    snprintf(path, sizeof path, "%s/%.*s", r->layer, MLP_IMPORT_NAME, name);
    return take_tensor(k, path, r->model);
}

/* A layer without weights may lack the list of them. */
static mlp_status take_layer(const keras_file *k, const char *name,
                             void *context)
{
    reading r = {.model = context};
    snprintf(r.layer, sizeof r.layer, "%s%.*s", k->group, MLP_IMPORT_NAME,
             name);
    return each_text(k, r.layer, "weight_names", take_named, &r);
}

/* ---- the architecture -------------------------------------------------- */

static double number_of(const json_t *config, const char *key, double other)
{
    const json_t *value = json_object_get(config, key);
    return json_is_number(value) ? json_number_value(value) : other;
}

static void name_activation(mlp_import_model *model, size_t layer,
                            const char *name)
{
    if (layer < model->layers && name != NULL) {
        snprintf(model->layer[layer].activation, MLP_IMPORT_NAME, "%s", name);
    }
}

/* Keras has x scale + offset, with one number for all inputs or a list. */
static mlp_status take_scaling(const keras_file *k, const json_t *config,
                               mlp_import_model *model)
{
    const json_t *scales = json_object_get(config, "scale");
    const json_t *offsets = json_object_get(config, "offset");
    size_t count = json_array_size(scales);
    if (!json_is_array(scales)) {
        double scale = number_of(config, "scale", 1.0);
        double offset = number_of(config, "offset", 0.0);
        model->scaler = (mlp_scaler){.shift = (float)(-offset / scale),
                                     .scale = (float)scale};
        return MLP_OK;
    }
    if (model->layers == 0 || count != model->layer[0].in ||
        json_array_size(offsets) != count) {
        return mlp_fail(MLP_ERROR_DATA,
                        "%s: rescales %zu inputs, the first layer has another "
                        "number",
                        k->path, count);
    }
    MLP_TRY(mlp_scaler_create(count, &model->scaler));
    for (size_t i = 0; i < count; i++) {
        double scale = json_number_value(json_array_get(scales, i));
        double offset = json_number_value(json_array_get(offsets, i));
        model->scaler.scales[i] = (float)scale;
        model->scaler.shifts[i] = (float)(-offset / scale);
    }
    return MLP_OK;
}

/* One layer of the architecture, after `dense` dense layers. */
static mlp_status take_layer_config(const keras_file *k, const json_t *layer,
                                    mlp_import_model *model, size_t *dense)
{
    const json_t *config = json_object_get(layer, "config");
    const char *kind = json_string_value(json_object_get(layer, "class_name"));
    const char *function =
        json_string_value(json_object_get(config, "activation"));
    kind = kind != NULL ? kind : "";
    if (strcmp(kind, "Dense") == 0) {
        name_activation(model, (*dense)++, function);
    } else if (strcmp(kind, "Activation") == 0 && *dense > 0) {
        name_activation(model, *dense - 1, function);
    } else if (strcmp(kind, "LeakyReLU") == 0 && *dense > 0) {
        name_activation(model, *dense - 1, "leaky_relu");
    } else if (strcmp(kind, "Rescaling") == 0 && *dense == 0) {
        return take_scaling(k, config, model);
    } else if (strcmp(kind, "InputLayer") != 0 && strcmp(kind, "PReLU") != 0 &&
               strcmp(kind, "Flatten") != 0 && strcmp(kind, "Dropout") != 0) {
        return mlp_fail(MLP_ERROR_DATA,
                        "%s: has a layer of class \"%.60s\", which no net of "
                        "dense layers has here",
                        k->path, kind);
    }
    return MLP_OK;
}

/* Activations and scaling; a weights-only file has no architecture. */
static mlp_status take_architecture(const keras_file *k,
                                    mlp_import_model *model)
{
    char *text = malloc(CONFIG_MOST);
    if (text == NULL) {
        return mlp_fail_memory("the model's architecture");
    }
    mlp_status status =
        mlp_h5file_read_text(k->file, "/", "model_config", text, CONFIG_MOST);
    json_t *root = status == MLP_OK
                       ? json_loads(text, JSON_REJECT_DUPLICATES, NULL)
                       : NULL;
    free(text);
    if (status == MLP_OK && root == NULL) {
        return mlp_fail(MLP_ERROR_DATA, "%s: model_config is not JSON",
                        k->path);
    }
    const json_t *layers =
        json_object_get(json_object_get(root, "config"), "layers");
    size_t i, dense = 0;
    json_t *layer;
    status = MLP_OK;
    json_array_foreach(layers, i, layer)
    {
        if (status == MLP_OK) {
            status = take_layer_config(k, layer, model, &dense);
        }
    }
    json_decref(root);
    return status;
}

static mlp_status read_file(const char *path, mlp_import_model *model)
{
    keras_file k = {.path = path};
    model->scaler = (mlp_scaler){.scale = 1.0F};
    MLP_TRY(mlp_h5file_open(path, &k.file));
    bool is_model = mlp_h5file_has(k.file, "model_weights");
    k.group = is_model ? "model_weights/" : "";
    mlp_status status = each_text(&k, is_model ? "model_weights" : "/",
                                  "layer_names", take_layer, model);
    if (status == MLP_OK && is_model) {
        status = take_architecture(&k, model);
    }
    mlp_h5file_abandon(&k.file);
    return status;
}

static mlp_status read_in_child(void *path)
{
    mlp_import_model model = {0};
    mlp_status status = read_file(path, &model);
    mlp_import_destroy(&model);
    return status;
}

/* Read first in a child process, where a crash inside HDF5 is harmless. */
mlp_status mlp_import_keras(const char *path, mlp_import_model *model)
{
    struct stat facts;
    size_t bytes = stat(path, &facts) == 0 ? (size_t)facts.st_size : 0;
    MLP_TRY(mlp_sandbox_try(path, bytes, read_in_child, (void *)path));
    return read_file(path, model);
}
