/** @file
 *  The schema of a table in a checkpoint's HDF5 file: /schema, JSON as bytes.
 */
#include "checkpoint_content.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char name[] = "schema";

mlp_status mlp_checkpoint_table_write(mlp_h5file *file, const mlp_checkpoint *c)
{
    char *text = NULL;
    if (c->schema.count == 0) {
        return MLP_OK;
    }
    MLP_TRY(mlp_schema_print(&c->schema, &text));
    const mlp_h5_shape shape = {MLP_H5_U8, 1, {strlen(text)}};
    mlp_status status = mlp_h5file_write(file, name, shape, text);
    free(text);
    return status;
}

static mlp_status read_schema(mlp_h5file *file, const char *path, size_t bytes,
                              mlp_schema *schema)
{
    char *text = malloc(bytes + 1);
    if (text == NULL) {
        return mlp_fail_memory("the schema of a checkpoint");
    }
    mlp_status status =
        mlp_h5file_read_rows(file, name, 0, bytes, MLP_H5_U8, text);
    if (status == MLP_OK && mlp_schema_parse(text, bytes, schema) != MLP_OK) {
        status =
            mlp_fail(MLP_ERROR_DATA, "%s: /schema: %s", path, mlp_failure());
    }
    free(text);
    return status;
}

/* Whether it describes the rows that the model takes and gives. */
static bool fits(const mlp_checkpoint *c)
{
    const mlp_names *classes = mlp_schema_classes(&c->schema);
    size_t outputs = classes != NULL ? classes->count : 1;
    const mlp_scaler *target = &c->target_scaler;
    return mlp_schema_features(&c->schema) == c->widths[0] &&
           outputs == c->widths[c->layers] && isfinite(target->shift) &&
           isfinite(target->scale) && target->scale > 0.0F;
}

mlp_status mlp_checkpoint_table_read(mlp_h5file *file, const char *path,
                                     mlp_checkpoint *c)
{
    mlp_h5_shape shape;
    if (!mlp_h5file_has(file, name)) {
        return MLP_OK;
    }
    MLP_TRY(mlp_h5file_shape(file, name, &shape));
    if (shape.rank != 1 || shape.type != MLP_H5_U8) {
        return mlp_fail(MLP_ERROR_DATA, "%s: /schema is no text", path);
    }
    MLP_TRY(read_schema(file, path, shape.dims[0], &c->schema));
    return fits(c) ? MLP_OK
                   : mlp_fail(MLP_ERROR_DATA,
                              "%s: /schema contradicts /model/widths", path);
}
