/** @file
 *  Write and read one checkpoint file.
 */
#include "checkpoint_file.h"

#include <stdlib.h>

#include "checkpoint_content.h"
#include "checkpoint_seal.h"
#include "mlp/h5file.h"
#include "sandbox.h"

mlp_status mlp_checkpoint_write(const char *path,
                                const mlp_checkpoint *checkpoint)
{
    mlp_h5file *file = NULL;
    MLP_TRY(mlp_h5file_create(path, MLP_SEAL_BYTES, &file));
    mlp_status status = mlp_checkpoint_facts_write(file, checkpoint);
    if (status == MLP_OK) {
        status = mlp_checkpoint_arrays_write(file, checkpoint);
    }
    if (status == MLP_OK) {
        status = mlp_checkpoint_table_write(file, checkpoint);
    }
    if (status == MLP_OK) {
        status = mlp_checkpoint_identity_write(file, checkpoint);
    }
    if (status != MLP_OK) {
        mlp_h5file_abandon(&file);
        return status;
    }
    return mlp_h5file_close_sealed(&file, mlp_seal_fill);
}

mlp_status mlp_checkpoint_parse(const char *path, unsigned char *bytes,
                                size_t size, mlp_checkpoint *checkpoint)
{
    mlp_h5file *file = NULL;
    *checkpoint = (mlp_checkpoint){0};
    MLP_TRY(mlp_h5file_open_image(path, bytes, size, &file));
    mlp_status status = mlp_checkpoint_facts_read(file, path, checkpoint);
    if (status == MLP_OK) {
        status = mlp_checkpoint_arrays_read(file, path, size, checkpoint);
    }
    if (status == MLP_OK) {
        status = mlp_checkpoint_table_read(file, path, checkpoint);
    }
    if (status == MLP_OK) {
        status = mlp_checkpoint_identity_check(file, path, checkpoint);
    }
    mlp_h5file_abandon(&file);
    if (status != MLP_OK) {
        mlp_checkpoint_destroy(checkpoint);
    }
    return status;
}

/* The bytes to parse, for the rehearsal. */
typedef struct {
    const char *path;
    unsigned char *bytes;
    size_t size;
} sealed_file;

static mlp_status rehearse(void *context)
{
    const sealed_file *sealed = context;
    mlp_checkpoint checkpoint;
    return mlp_checkpoint_parse(sealed->path, sealed->bytes, sealed->size,
                                &checkpoint);
}

/* The seal tells damage, but anyone can put a true seal on anything. So the
 * same bytes are parsed twice: first where a crash, a hang or a greedy
 * allocation inside HDF5 costs nothing. */
mlp_status mlp_checkpoint_load(const char *path, mlp_checkpoint *checkpoint)
{
    sealed_file sealed = {.path = path};
    *checkpoint = (mlp_checkpoint){0};
    MLP_TRY(mlp_seal_read(path, &sealed.bytes, &sealed.size));
    mlp_status status = mlp_sandbox_try(path, sealed.size, rehearse, &sealed);
    if (status == MLP_OK) {
        status =
            mlp_checkpoint_parse(path, sealed.bytes, sealed.size, checkpoint);
    }
    free(sealed.bytes);
    return status;
}
