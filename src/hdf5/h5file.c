/** @file
 *  Creating, opening and closing HDF5 files. A new file is built in memory and
 *  written when it is closed.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "internal.h"
#include "system/files.h"

static void destroy(mlp_h5file **file)
{
    if (*file != NULL) {
        if ((*file)->output >= 0) {
            close((*file)->output);
        }
        if ((*file)->input >= 0) {
            close((*file)->input);
        }
        free((*file)->image);
        free((*file)->path);
        free(*file);
        *file = NULL;
    }
}

static mlp_status allocate(const char *path, mlp_h5file **file)
{
    *file = calloc(1, sizeof **file);
    if (*file == NULL) {
        return mlp_fail_memory("an HDF5 file");
    }
    (*file)->output = (*file)->input = -1;
    (*file)->path = strdup(path);
    if ((*file)->path == NULL) {
        destroy(file);
        return mlp_fail_memory("an HDF5 file");
    }
    return MLP_OK;
}

/* Strong closing: an object that is still open must not keep the file open. */
static hid_t access_list(void)
{
    hid_t list = H5Pcreate(H5P_FILE_ACCESS);
    H5Pset_fclose_degree(list, H5F_CLOSE_STRONG);
    H5Pset_libver_bounds(list, H5F_LIBVER_V18, H5F_LIBVER_LATEST);
    return list;
}

static mlp_status fail_io(const mlp_h5file *file, const char *verb)
{
    return mlp_fail(MLP_ERROR_IO, "%s: cannot %s: %s", file->path, verb,
                    strerror(errno));
}

mlp_status mlp_h5_fail_read(const mlp_h5file *file, const char *what,
                            const char *fault)
{
    if (file->cause != 0) {
        return mlp_fail(MLP_ERROR_IO, "%s: cannot be read: %s", file->path,
                        strerror(file->cause));
    }
    return mlp_fail(MLP_ERROR_DATA, "%s: %s %s", file->path, what, fault);
}

/* Open by an access list, which is closed. */
static mlp_status open_by(hid_t access, mlp_h5file **file)
{
    static const char nowhere[] =
        "/dev/null/in-memory"; /* not opened by any driver */
    (*file)->id = H5Fopen(nowhere, H5F_ACC_RDONLY, access);
    H5Pclose(access);
    if ((*file)->id >= 0) {
        return MLP_OK;
    }
    mlp_status status =
        mlp_h5_fail_read(*file, "is no", "HDF5 file, or a damaged one");
    destroy(file);
    return status;
}

/* As HDF5 does where the file system has locks: fail while another program
 * writes. */
static mlp_status lock_input(const mlp_h5file *file)
{
    if (flock(file->input, LOCK_SH | LOCK_NB) == 0 || errno == ENOSYS ||
        errno == ENOTSUP || errno == ENOLCK) {
        return MLP_OK;
    }
    return errno == EWOULDBLOCK
               ? mlp_fail(MLP_ERROR_IO, "%s: another program is writing it",
                          file->path)
               : fail_io(file, "lock");
}

/* Without O_NONBLOCK, opening a pipe would block for ever. */
static mlp_status open_input(mlp_h5file *file)
{
    struct stat facts;
    file->input = open(file->path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (file->input < 0) {
        return mlp_fail(MLP_ERROR_MISSING, "%s: cannot be opened: %s",
                        file->path, strerror(errno));
    }
    if (fstat(file->input, &facts) != 0) {
        return fail_io(file, "stat");
    }
    if (!S_ISREG(facts.st_mode)) {
        return mlp_fail(MLP_ERROR_DATA, "%s: is not a regular file",
                        file->path);
    }
    file->bytes = (hsize_t)facts.st_size;
    return lock_input(file);
}

mlp_status mlp_h5file_open(const char *path, mlp_h5file **file)
{
    MLP_H5_CALL;
    MLP_TRY(allocate(path, file));
    mlp_status status = open_input(*file);
    if (status != MLP_OK) {
        destroy(file);
        return status;
    }
    hid_t access = access_list();
    mlp_h5_read_from_disk(access, *file);
    return open_by(access, file);
}

mlp_status mlp_h5file_open_image(const char *path, unsigned char *bytes,
                                 size_t size, mlp_h5file **file)
{
    MLP_H5_CALL;
    MLP_TRY(allocate(path, file));
    (*file)->bytes = size;
    hid_t access = access_list();
    mlp_h5_read_in_memory(access, bytes, size);
    return open_by(access, file);
}

/* Begin to build a file in memory. */
static mlp_status begin_image(mlp_h5file *file, size_t user_block)
{
    hid_t access = access_list();
    hid_t creation = mlp_h5_creation_list(H5P_FILE_CREATE);
    mlp_h5_hold_in_memory(access, file);
    H5Pset_userblock(creation, user_block);
    H5Pset_istore_k(creation, 4); /* most datasets have one or a few chunks */
    file->user_block = user_block;
    file->id = H5Fcreate(file->path, H5F_ACC_TRUNC, creation, access);
    H5Pclose(creation);
    H5Pclose(access);
    return file->id >= 0 ? MLP_OK : mlp_h5_fail_build(file, "");
}

mlp_status mlp_h5file_create(const char *path, size_t user_block,
                             mlp_h5file **file)
{
    MLP_H5_CALL;
    MLP_TRY(allocate(path, file));
    (*file)->output = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    mlp_status status = (*file)->output >= 0 ? begin_image(*file, user_block)
                                             : fail_io(*file, "create");
    if (status != MLP_OK) {
        destroy(file);
    }
    return status;
}

mlp_status mlp_h5file_create_stream(FILE *stream, size_t user_block,
                                    mlp_h5file **file)
{
    MLP_H5_CALL;
    MLP_TRY(allocate("an HDF5 file", file));
    (*file)->stream = stream;
    mlp_status status = begin_image(*file, user_block);
    if (status != MLP_OK) {
        destroy(file);
    }
    return status;
}

/* Finish the file in memory: file->image then holds its bytes. */
static mlp_status close_image(mlp_h5file *file, size_t *size)
{
    ssize_t used = -1;
    if (H5Fflush(file->id, H5F_SCOPE_LOCAL) >= 0) {
        used = H5Fget_file_image(file->id, NULL, 0);
    }
    herr_t result = H5Fclose(file->id);
    file->id = H5I_INVALID_HID;
    if (used < 0 || result < 0 || file->image == NULL) {
        return mlp_h5_fail_build(file, "");
    }
    *size = file->user_block + (size_t)used;
    return MLP_OK;
}

/* No retry: a second fsync could succeed although the first one lost data. */
static mlp_status sync_output(const mlp_h5file *file)
{
    return fsync(file->output) == 0 ? MLP_OK : fail_io(file, "sync");
}

/* A full disk may be reported only here. */
static mlp_status close_output(mlp_h5file *file)
{
    int output = file->output;
    file->output = -1;
    return close(output) == 0 ? MLP_OK : fail_io(file, "close");
}

static mlp_status write_out(mlp_h5file *file, mlp_h5file_seal seal)
{
    size_t size = 0;
    MLP_TRY(close_image(file, &size));
    if (seal != NULL) {
        MLP_TRY(seal((unsigned char *)file->image, size));
    }
    if (file->stream != NULL) {
        fwrite(file->image, 1, size, file->stream);
        return MLP_OK;
    }
    if (!mlp_write_all(file->output, file->image, size)) {
        return fail_io(file, "write");
    }
    if (seal != NULL) {
        MLP_TRY(sync_output(file));
    }
    return close_output(file);
}

mlp_status mlp_h5file_close_sealed(mlp_h5file **file, mlp_h5file_seal seal)
{
    MLP_H5_CALL;
    bool is_made =
        *file != NULL && ((*file)->output >= 0 || (*file)->stream != NULL);
    mlp_status status = is_made ? write_out(*file, seal) : MLP_OK;
    mlp_h5file_abandon(file);
    return status;
}

mlp_status mlp_h5file_close(mlp_h5file **file)
{
    MLP_H5_CALL;
    return mlp_h5file_close_sealed(file, NULL);
}

void mlp_h5file_abandon(mlp_h5file **file)
{
    MLP_H5_CALL;
    if (*file != NULL) {
        H5Fclose((*file)->id);
        destroy(file);
    }
}
