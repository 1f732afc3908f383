/** @file
 *  The schema of a table in a checkpoint's HDF5 file: /schema, JSON as bytes.
 */
#include "content.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char name[] = "schema";
static const char class_names[] = "class_names";

/* @param text  freed here */
static mlp_status write_text(mlp_h5file *file, const char *dataset, char *text)
{
    const mlp_h5_shape shape = {MLP_H5_U8, 1, {strlen(text)}};
    mlp_status status = mlp_h5file_write(file, dataset, shape, text);
    free(text);
    return status;
}

mlp_status mlp_checkpoint_table_write(mlp_h5file *file, const mlp_checkpoint *c)
{
    char *text = NULL;
    if (c->schema.count > 0) { /* it has the class names */
        MLP_TRY(mlp_schema_print(&c->schema, &text));
        return write_text(file, name, text);
    }
    if (c->class_names.count > 0) {
        MLP_TRY(mlp_names_print(&c->class_names, &text));
        return write_text(file, class_names, text);
    }
    return MLP_OK;
}

/* Read a dataset of bytes as a text, which the caller frees. */
static mlp_status read_text(mlp_h5file *file, const char *path,
                            const char *dataset, char **text, size_t *length)
{
    mlp_h5_shape shape;
    MLP_TRY(mlp_h5file_shape(file, dataset, &shape));
    if (shape.rank != 1 || shape.type != MLP_H5_U8) {
        return mlp_fail(MLP_ERROR_DATA, "%s: /%s is not a text", path, dataset);
    }
    *length = shape.dims[0];
    *text = malloc(*length + 1);
    if (*text == NULL) {
        return mlp_fail_memory("the names of a checkpoint");
    }
    mlp_status status =
        mlp_h5file_read_rows(file, dataset, 0, *length, MLP_H5_U8, *text);
    if (status != MLP_OK) {
        free(*text);
    }
    return status;
}

/* Whether the schema matches the model's inputs and outputs. */
static bool fits(const mlp_checkpoint *c)
{
    const mlp_names *classes = mlp_schema_classes(&c->schema);
    const mlp_target_scaler *target = &c->target_scaler;
    bool has_outputs = classes != NULL
                           ? mlp_checkpoint_classes(c) >= classes->count
                           : c->widths[c->layers] == 1;
    return mlp_schema_features(&c->schema) == c->widths[0] && has_outputs &&
           isfinite(target->shift) && isfinite(target->scale) &&
           target->scale > 0.0F && target->least <= target->largest;
}

static mlp_status read_schema(mlp_h5file *file, const char *path,
                              mlp_checkpoint *c)
{
    char *text;
    size_t length;
    MLP_TRY(read_text(file, path, name, &text, &length));
    mlp_status status = mlp_schema_parse(text, length, &c->schema);
    free(text);
    if (status != MLP_OK) {
        return mlp_fail(status, "%s: /%s: %s", path, name, mlp_failure());
    }
    if (!fits(c)) {
        return mlp_fail(MLP_ERROR_DATA,
                        "%s: /%s contradicts /model/widths or target_scale",
                        path, name);
    }
    return mlp_names_copy(mlp_schema_classes(&c->schema), &c->class_names);
}

static mlp_status read_class_names(mlp_h5file *file, const char *path,
                                   mlp_checkpoint *c)
{
    char *text;
    size_t length;
    MLP_TRY(read_text(file, path, class_names, &text, &length));
    mlp_status status = mlp_names_parse(text, length, mlp_checkpoint_classes(c),
                                        &c->class_names);
    free(text);
    return status == MLP_OK ? MLP_OK
                            : mlp_fail(status, "%s: /%s: %s", path, class_names,
                                       mlp_failure());
}

mlp_status mlp_checkpoint_table_read(mlp_h5file *file, const char *path,
                                     mlp_checkpoint *c)
{
    if (mlp_h5file_has(file, name)) {
        return read_schema(file, path, c);
    }
    return mlp_h5file_has(file, class_names) ? read_class_names(file, path, c)
                                             : MLP_OK;
}
