/** @file
 *  Write and read one checkpoint file.
 */
#include "file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "content.h"
#include "hdf5/h5file.h"
#include "seal.h"
#include "system/sandbox.h"

mlp_status mlp_checkpoint_write(const char *path,
                                const mlp_checkpoint *checkpoint,
                                unsigned char digest[MLP_DIGEST_BYTES])
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
        status = mlp_checkpoint_identity_write(file, checkpoint, digest);
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

/* ---- weights alone ----------------------------------------------------- */

/* A file with weights, and the model that wants them. */
typedef struct {
    sealed_file file; /* bytes: NULL when it has no seal of ours */
    mlp_checkpoint *model;
} weights_file;

static mlp_status read_weights(void *context)
{
    const weights_file *weights = context;
    const char *path = weights->file.path;
    mlp_h5file *file = NULL;
    MLP_TRY(weights->file.bytes != NULL
                ? mlp_h5file_open_image(path, weights->file.bytes,
                                        weights->file.size, &file)
                : mlp_h5file_open(path, &file));
    mlp_status status = mlp_checkpoint_weights_read(file, path, weights->model);
    mlp_h5file_abandon(&file);
    return status;
}

static mlp_status open_weights(const char *path, sealed_file *file)
{
    struct stat facts;
    if (mlp_seal_is_ours(path)) {
        return mlp_seal_read(path, &file->bytes, &file->size);
    }
    if (stat(path, &facts) != 0) {
        return mlp_fail(MLP_ERROR_MISSING, "%s: cannot be opened: %s", path,
                        strerror(errno));
    }
    file->size = (size_t)facts.st_size;
    return MLP_OK;
}

mlp_status mlp_checkpoint_load_weights(const char *path,
                                       mlp_checkpoint *checkpoint)
{
    weights_file weights = {.file = {.path = path}, .model = checkpoint};
    MLP_TRY(open_weights(path, &weights.file));
    mlp_status status =
        mlp_sandbox_try(path, weights.file.size, read_weights, &weights);
    if (status == MLP_OK) {
        status = read_weights(&weights);
    }
    free(weights.file.bytes);
    return status;
}
