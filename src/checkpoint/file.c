/** @file
 *  Writing and reading one checkpoint file.
 */
#include "file.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "content.h"
#include "hdf5/h5file.h"
#include "seal.h"
#include "system/files.h"
#include "system/sandbox.h"

/* Write to a new file, and close it. */
static mlp_status write_content(mlp_h5file *file,
                                const mlp_checkpoint *checkpoint,
                                unsigned char digest[MLP_DIGEST_BYTES])
{
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

mlp_status mlp_checkpoint_write(const char *path,
                                const mlp_checkpoint *checkpoint,
                                unsigned char digest[MLP_DIGEST_BYTES])
{
    mlp_h5file *file = NULL;
    MLP_TRY(mlp_h5file_create(path, MLP_SEAL_BYTES, &file));
    return write_content(file, checkpoint, digest);
}

mlp_status mlp_checkpoint_replace(const char *path,
                                  const mlp_checkpoint *checkpoint,
                                  unsigned char digest[MLP_DIGEST_BYTES])
{
    static atomic_uint count; /* threads get different names */
    char temporary[MLP_MAX_PATH];
    int length = snprintf(temporary, sizeof temporary, "%s.%ld-%u", path,
                          (long)getpid(), atomic_fetch_add(&count, 1));
    if (length >= MLP_MAX_PATH) {
        return mlp_fail(MLP_ERROR_IO, "%.64s...: is too long a path", path);
    }
    mlp_status status = mlp_checkpoint_write(temporary, checkpoint, digest);
    if (status == MLP_OK && rename(temporary, path) != 0) {
        status = mlp_fail(MLP_ERROR_IO, "%s: cannot rename to: %s", path,
                          strerror(errno));
    }
    if (status != MLP_OK) {
        unlink(temporary);
    }
    return status;
}

mlp_status mlp_checkpoint_encode(const mlp_checkpoint *checkpoint,
                                 unsigned char **bytes, size_t *size)
{
    unsigned char digest[MLP_DIGEST_BYTES];
    char *text = NULL;
    mlp_h5file *file = NULL;
    *bytes = NULL;
    FILE *stream = open_memstream(&text, size);
    if (stream == NULL) {
        return mlp_fail_memory("the bytes of a checkpoint");
    }
    mlp_status status = mlp_h5file_create_stream(stream, MLP_SEAL_BYTES, &file);
    if (status == MLP_OK) {
        status = write_content(file, checkpoint, digest);
    }
    bool is_written = !ferror(stream);
    is_written = fclose(stream) == 0 && is_written;
    if (status == MLP_OK && !is_written) {
        status = mlp_fail_memory("the bytes of a checkpoint");
    }
    if (status != MLP_OK) {
        free(text);
        return status;
    }
    *bytes = (unsigned char *)text;
    return MLP_OK;
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

/* Bytes to parse in the child process. */
typedef struct {
    const char *path;
    unsigned char *bytes;
    size_t size;
} sealed_file;

static mlp_status parse_in_child(void *context)
{
    const sealed_file *sealed = context;
    mlp_checkpoint checkpoint;
    return mlp_checkpoint_parse(sealed->path, sealed->bytes, sealed->size,
                                &checkpoint);
}

/* A seal detects damage, not malice. So the bytes are parsed twice: first in a
 * child process, where a crash, a hang or a huge allocation inside HDF5 is
 * harmless. */
static mlp_status parse_twice(sealed_file *sealed, mlp_checkpoint *checkpoint)
{
    MLP_TRY(
        mlp_sandbox_try(sealed->path, sealed->size, parse_in_child, sealed));
    return mlp_checkpoint_parse(sealed->path, sealed->bytes, sealed->size,
                                checkpoint);
}

mlp_status mlp_checkpoint_load(const char *path, mlp_checkpoint *checkpoint)
{
    sealed_file sealed = {.path = path};
    *checkpoint = (mlp_checkpoint){0};
    MLP_TRY(mlp_seal_read(path, &sealed.bytes, &sealed.size));
    mlp_status status = parse_twice(&sealed, checkpoint);
    free(sealed.bytes);
    return status;
}

mlp_status mlp_checkpoint_decode(const char *path, const unsigned char *bytes,
                                 size_t size, mlp_checkpoint *checkpoint)
{
    sealed_file sealed = {path, malloc(size + 1), size};
    *checkpoint = (mlp_checkpoint){0};
    if (sealed.bytes == NULL) {
        return mlp_fail_memory("the bytes of a checkpoint");
    }
    memcpy(sealed.bytes, bytes, size);
    mlp_status status = mlp_seal_check(path, sealed.bytes, size);
    if (status == MLP_OK) {
        status = parse_twice(&sealed, checkpoint);
    }
    free(sealed.bytes);
    return status;
}

/* ---- weights only ------------------------------------------------------ */

/* A file with weights, and the model to fill. */
typedef struct {
    sealed_file file; /* bytes: NULL without a seal */
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
        return mlp_fail_open(path);
    }
    file->size = (size_t)facts.st_size;
    return MLP_OK;
}

/* The newest valid checkpoint of a directory; any other path as it is. */
static mlp_status find_weights(const char *path, char found[MLP_MAX_PATH])
{
    struct stat facts;
    mlp_checkpoint newest = {0};
    if (stat(path, &facts) != 0 || !S_ISDIR(facts.st_mode)) {
        snprintf(found, MLP_MAX_PATH, "%s", path);
        return MLP_OK;
    }
    MLP_TRY(mlp_checkpoint_open(path, &newest, found));
    mlp_checkpoint_destroy(&newest);
    return MLP_OK;
}

mlp_status mlp_checkpoint_load_weights(const char *path,
                                       mlp_checkpoint *checkpoint)
{
    char found[MLP_MAX_PATH];
    weights_file weights = {.file = {.path = found}, .model = checkpoint};
    MLP_TRY(find_weights(path, found));
    MLP_TRY(open_weights(found, &weights.file));
    mlp_status status =
        mlp_sandbox_try(found, weights.file.size, read_weights, &weights);
    if (status == MLP_OK) {
        status = read_weights(&weights);
    }
    free(weights.file.bytes);
    return status;
}
