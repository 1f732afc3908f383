/** @file
 *  Dense layers from a safetensors file, whose JSON header has the positions of
 *  the floats. Source: github.com/huggingface/safetensors, README, "Format".
 */
#define _GNU_SOURCE /* strverscmp */
#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/json.h"
#include "import.h"
#include "system/files.h"

enum { HEADER_MOST = 1 << 20, LENGTH_BYTES = 8 };

typedef struct {
    const char *path;
    FILE *file;
    json_t *header;
    uint64_t data;       /* offset of the data in the file */
    uint64_t data_bytes; /* and their size */
} archive;

/* ---- the header -------------------------------------------------------- */

/* Not damaged if reading failed: errno then has the reason. */
static mlp_status fail_damaged(const archive *a, const char *why)
{
    if (ferror(a->file)) {
        return mlp_fail_read(a->path);
    }
    return mlp_fail(MLP_ERROR_DATA, "%s: is not a safetensors file: %s",
                    a->path, why);
}

static mlp_status parse_header(archive *a, uint64_t length)
{
    char *text = malloc(length);
    if (text == NULL) {
        return mlp_fail_memory("the header of the tensors");
    }
    if (fread(text, 1, length, a->file) == length) {
        a->header = json_loadb(text, length, JSON_REJECT_DUPLICATES, NULL);
    }
    free(text);
    return json_is_object(a->header)
               ? MLP_OK
               : fail_damaged(a, "its header is not a JSON object");
}

static mlp_status read_header(archive *a)
{
    struct stat facts;
    uint64_t length;
    if (fstat(fileno(a->file), &facts) != 0) {
        return mlp_fail_read(a->path);
    }
    if (!S_ISREG(facts.st_mode)) {
        return fail_damaged(a, "it is not a regular file");
    }
    uint64_t bytes = (uint64_t)facts.st_size;
    if (fread(&length, LENGTH_BYTES, 1, a->file) != 1) {
        return fail_damaged(a, "it is shorter than its header's length");
    }
    length = le64toh(length);
    if (length == 0 || length > HEADER_MOST || length > bytes - LENGTH_BYTES) {
        return fail_damaged(a, "its header's length is out of range");
    }
    a->data = LENGTH_BYTES + length;
    a->data_bytes = bytes - a->data;
    return parse_header(a, length);
}

/* ---- tensors ----------------------------------------------------------- */

/* Extents of a float tensor, [rows, cols] or [cols] with rows 0, and the offset
 * of its data. False for other types, or when it exceeds the file. */
static bool describe(const archive *a, const json_t *tensor, size_t *rows,
                     size_t *cols, uint64_t *begin)
{
    const json_t *shape = json_object_get(tensor, "shape");
    const json_t *offsets = json_object_get(tensor, "data_offsets");
    const char *type = json_string_value(json_object_get(tensor, "dtype"));
    size_t rank = json_array_size(shape);
    json_int_t first = json_integer_value(json_array_get(offsets, 0));
    json_int_t end = json_integer_value(json_array_get(offsets, 1));
    json_int_t extent[2] = {
        rank == 2 ? json_integer_value(json_array_get(shape, 0)) : 1,
        json_integer_value(json_array_get(shape, rank == 2 ? 1 : 0))};
    uint64_t most = a->data_bytes / sizeof(float);
    if (type == NULL || strcmp(type, "F32") != 0 || rank < 1 || rank > 2 ||
        extent[0] < 1 || extent[1] < 1 || first < 0 || end < first ||
        (uint64_t)end > a->data_bytes || (uint64_t)extent[0] > most ||
        (uint64_t)extent[1] > most / (uint64_t)extent[0]) {
        return false;
    }
    *rows = rank == 2 ? (size_t)extent[0] : 0;
    *cols = (size_t)extent[1];
    *begin = a->data + (uint64_t)first;
    return (uint64_t)(end - first) ==
           (uint64_t)extent[0] * (uint64_t)extent[1] * sizeof(float);
}

static mlp_status read_floats(const archive *a, uint64_t begin, size_t count,
                              float *values)
{
    if (fseeko(a->file, (off_t)begin, SEEK_SET) != 0 ||
        fread(values, sizeof *values, count, a->file) != count) {
        return mlp_fail_read(a->path);
    }
    return MLP_OK;
}

/* [out, in] as [in, out]. */
static mlp_status read_weights(const archive *a, uint64_t begin,
                               mlp_import_layer *layer)
{
    float *row = malloc(layer->in * sizeof *row);
    mlp_status status =
        row == NULL ? mlp_fail_memory("a row of weights") : MLP_OK;
    for (size_t j = 0; status == MLP_OK && j < layer->out; j++) {
        status =
            read_floats(a, begin + j * layer->in * sizeof *row, layer->in, row);
        for (size_t i = 0; status == MLP_OK && i < layer->in; i++) {
            layer->weights[i * layer->out + j] = row[i];
        }
    }
    free(row);
    return status;
}

/* PREFIX.PART [out] of a layer, if present. */
static mlp_status read_vector(const archive *a, const char *prefix,
                              const char *part, size_t out, float **values)
{
    char name[2 * MLP_IMPORT_NAME];
    size_t rows, cols;
    uint64_t begin;
    snprintf(name, sizeof name, "%s.%s", prefix, part);
    const json_t *tensor = json_object_get(a->header, name);
    if (tensor == NULL) {
        return MLP_OK;
    }
    if (!describe(a, tensor, &rows, &cols, &begin) || rows != 0 ||
        cols != out) {
        return mlp_fail(MLP_ERROR_DATA, "%s: %s is not F32 [%zu]", a->path,
                        name, out);
    }
    *values = malloc(out * sizeof **values);
    return *values != NULL ? read_floats(a, begin, out, *values)
                           : mlp_fail_memory("a layer's vector");
}

static mlp_status read_layer(const archive *a, const char *prefix,
                             mlp_import_model *model)
{
    char name[2 * MLP_IMPORT_NAME];
    size_t rows, cols;
    uint64_t begin;
    snprintf(name, sizeof name, "%s.weight", prefix);
    if (!describe(a, json_object_get(a->header, name), &rows, &cols, &begin) ||
        rows == 0) {
        return mlp_fail(MLP_ERROR_DATA, "%s: %s is not F32 [out, in]", a->path,
                        name);
    }
    MLP_TRY(mlp_import_add(model, a->path, cols, rows));
    mlp_import_layer *layer = &model->layer[model->layers - 1];
    MLP_TRY(read_weights(a, begin, layer));
    MLP_TRY(read_vector(a, prefix, "bias", layer->out, &layer->bias));
    return read_vector(a, prefix, "slopes", layer->out, &layer->slopes);
}

/* ---- which layers there are -------------------------------------------- */

typedef struct {
    char prefix[MLP_IMPORT_NAME];
} layer_name;

/* Natural order: layers.9 before layers.10. */
static int compare_names(const void *a, const void *b)
{
    return strverscmp(((const layer_name *)a)->prefix,
                      ((const layer_name *)b)->prefix);
}

static mlp_status list_layers(const archive *a,
                              layer_name list[MLP_IMPORT_LAYERS], size_t *count)
{
    static const char end[] = ".weight";
    const char *key;
    json_t *value;
    *count = 0;
    json_object_foreach(a->header, key, value)
    {
        size_t length = strlen(key);
        size_t head = length - (sizeof end - 1);
        if (length < sizeof end || strcmp(key + head, end) != 0) {
            continue;
        }
        if (*count == MLP_IMPORT_LAYERS || head >= MLP_IMPORT_NAME) {
            return mlp_fail(MLP_ERROR_DATA,
                            "%s: has more than %d layers, or names of more "
                            "than %d bytes",
                            a->path, MLP_IMPORT_LAYERS, MLP_IMPORT_NAME);
        }
        snprintf(list[*count].prefix, MLP_IMPORT_NAME, "%.*s", (int)head, key);
        ++*count;
    }
    qsort(list, *count, sizeof *list, compare_names);
    return MLP_OK;
}

/* ---- additions of this project's export -------------------------------- */

static double number_of(const json_t *metadata, const char *key, double other)
{
    const char *text = json_string_value(json_object_get(metadata, key));
    return text != NULL ? strtod(text, NULL) : other;
}

static void read_metadata(const archive *a, mlp_import_model *model)
{
    const json_t *metadata = json_object_get(a->header, "__metadata__");
    const char *names =
        json_string_value(json_object_get(metadata, "activations"));
    model->scaler =
        (mlp_scaler){.shift = (float)number_of(metadata, "input_shift", 0.0),
                     .scale = (float)number_of(metadata, "input_scale", 1.0)};
    for (size_t l = 0; names != NULL && l < model->layers; l++) {
        int length = (int)strcspn(names, ",");
        snprintf(model->layer[l].activation, MLP_IMPORT_NAME, "%.*s", length,
                 names);
        names += length;
        names += *names == ',';
    }
}

/* The scaling's tensor PART, if present. */
static mlp_status read_scaling(const archive *a, const char *part, size_t in,
                               float *values, bool *is_there)
{
    float *read = NULL;
    MLP_TRY(read_vector(a, "input", part, in, &read));
    *is_there = read != NULL;
    if (read != NULL) {
        memcpy(values, read, in * sizeof *values);
        free(read);
    }
    return MLP_OK;
}

/* A shift and scale for each input, if present. */
static mlp_status read_scales(const archive *a, mlp_import_model *model)
{
    bool has_shifts, has_scales;
    mlp_scaler scaler;
    size_t in = model->layers > 0 ? model->layer[0].in : 1;
    MLP_TRY(mlp_scaler_create(in, &scaler));
    mlp_status status =
        read_scaling(a, "shift", in, scaler.shifts, &has_shifts);
    if (status == MLP_OK) {
        status = read_scaling(a, "scale", in, scaler.scales, &has_scales);
    }
    if (status == MLP_OK && has_shifts && has_scales) {
        scaler.is_squeezed =
            json_object_get(json_object_get(a->header, "__metadata__"),
                            "input_squeeze") != NULL;
        model->scaler = scaler;
        return MLP_OK;
    }
    mlp_scaler_destroy(&scaler);
    return status;
}

static mlp_status read_archive(archive *a, mlp_import_model *model)
{
    layer_name list[MLP_IMPORT_LAYERS];
    size_t count;
    MLP_TRY(read_header(a));
    MLP_TRY(list_layers(a, list, &count));
    for (size_t i = 0; i < count; i++) {
        MLP_TRY(read_layer(a, list[i].prefix, model));
    }
    read_metadata(a, model);
    return read_scales(a, model);
}

mlp_status mlp_import_safetensors(const char *path, mlp_import_model *model)
{
    archive a = {.path = path, .file = fopen(path, "re")};
    if (a.file == NULL) {
        return mlp_fail_open(path);
    }
    mlp_status status = read_archive(&a, model);
    json_decref(a.header);
    fclose(a.file);
    return status;
}
