/** @file
 *  The safetensors format: the header's length, a JSON header, raw floats.
 *  Source: github.com/huggingface/safetensors, README, "Format".
 */
#include <endian.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "export.h"

enum { HEADER_ALIGN = 8, NAME_BYTES = 64 };

/* The header in construction, and the offset of the next tensor's data. */
typedef struct {
    json_t *object;
    uint64_t at;
} header;

static const size_t INPUT = SIZE_MAX; /* instead of a layer's number */

/* cols 0: a vector. */
static void describe(header *h, size_t layer, const char *part, size_t rows,
                     size_t cols)
{
    char name[NAME_BYTES];
    json_t *shape = json_array();
    uint64_t count = (uint64_t)rows * (cols > 0 ? cols : 1);
    uint64_t end = h->at + count * sizeof(float);
    if (layer == INPUT) {
        snprintf(name, sizeof name, "input.%s", part);
    } else {
        snprintf(name, sizeof name, "layers.%zu.%s", layer, part);
    }
    mlp_json_append(&shape, mlp_json_whole(rows));
    if (cols > 0) {
        mlp_json_append(&shape, mlp_json_whole(cols));
    }
    mlp_json_set(&h->object, name,
                 json_pack("{s:s, s:o, s:[o, o]}", "dtype", "F32", "shape",
                           shape, "data_offsets", mlp_json_whole(h->at),
                           mlp_json_whole(end)));
    h->at = end;
}

/* What the tensors don't contain, as texts: the format allows no other type. */
static json_t *metadata(const mlp_export_model *model)
{
    char names[MLP_CONFIG_VALUE] = "";
    char shift[32], scale[32];
    size_t used = 0;
    for (size_t l = 0; l < model->layers; l++) {
        used += (size_t)snprintf(names + used, sizeof names - used, "%s%s",
                                 l > 0 ? "," : "",
                                 mlp_export_activation_name(&model->layer[l]));
    }
    snprintf(shift, sizeof shift, "%.9g", (double)model->scaler.shift);
    snprintf(scale, sizeof scale, "%.9g", (double)model->scaler.scale);
    json_t *object =
        json_pack("{s:s, s:s, s:s, s:s}", "format", "pt", "activations", names,
                  "input_shift", shift, "input_scale", scale);
    if (model->scaler.is_squeezed) { /* the scaled input z */
        mlp_json_set(&object, "input_squeeze",
                     json_string("z / sqrt(1 + (z / 3)^2)"));
    }
    if (model->is_clipped) {
        snprintf(shift, sizeof shift, "%.9g", (double)model->clip[0]);
        snprintf(scale, sizeof scale, "%.9g", (double)model->clip[1]);
        mlp_json_set(&object, "output_least", json_string(shift));
        mlp_json_set(&object, "output_largest", json_string(scale));
    }
    return object;
}

static json_t *describe_all(const mlp_export_model *model)
{
    header h = {json_object(), 0};
    mlp_json_set(&h.object, "__metadata__", metadata(model));
    if (model->scaler.shifts != NULL) {
        describe(&h, INPUT, "shift", model->inputs, 0);
        describe(&h, INPUT, "scale", model->inputs, 0);
    }
    for (size_t l = 0; l < model->layers; l++) {
        const mlp_export_layer *layer = &model->layer[l];
        describe(&h, l, "weight", layer->out, layer->in);
        describe(&h, l, "bias", layer->out, 0);
        if (layer->slopes != NULL) {
            describe(&h, l, "slopes", layer->out, 0);
        }
    }
    return h.object;
}

/* The header, padded with blanks so that the data are aligned. */
static mlp_status write_header(FILE *out, const mlp_export_model *model)
{
    json_t *object = describe_all(model);
    char *text = object == NULL
                     ? NULL
                     : json_dumps(object, JSON_COMPACT | JSON_PRESERVE_ORDER);
    json_decref(object);
    if (text == NULL) {
        return mlp_fail_memory("the header of the tensors");
    }
    size_t length = strlen(text);
    size_t blanks = (HEADER_ALIGN - length % HEADER_ALIGN) % HEADER_ALIGN;
    uint64_t size = htole64(length + blanks);
    fwrite(&size, sizeof size, 1, out);
    fprintf(out, "%s%*s", text, (int)blanks, "");
    free(text);
    return MLP_OK;
}

/* [in, out] as [out, in]. */
static void write_transposed(FILE *out, const mlp_export_layer *layer)
{
    for (size_t j = 0; j < layer->out; j++) {
        for (size_t i = 0; i < layer->in; i++) {
            fwrite(&layer->weights[i * layer->out + j], sizeof(float), 1, out);
        }
    }
}

mlp_status mlp_export_safetensors(FILE *out, const mlp_export_model *model)
{
    MLP_TRY(write_header(out, model));
    if (model->scaler.shifts != NULL) {
        fwrite(model->scaler.shifts, sizeof(float), model->inputs, out);
        fwrite(model->scaler.scales, sizeof(float), model->inputs, out);
    }
    for (size_t l = 0; l < model->layers; l++) {
        const mlp_export_layer *layer = &model->layer[l];
        write_transposed(out, layer);
        fwrite(layer->bias, sizeof(float), layer->out, out);
        if (layer->slopes != NULL) {
            fwrite(layer->slopes, sizeof(float), layer->out, out);
        }
    }
    return MLP_OK;
}
