/** @file
 *  Private to this room: the only header that includes <hdf5.h>.
 */
#ifndef MLP_H5FILE_INTERNAL_H
#define MLP_H5FILE_INTERNAL_H

#include <hdf5.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "h5file.h"
#include "lock.h"

struct mlp_h5file {
    hid_t id;
    char *path;

    /* A file being built. */
    int output;   /* written to at close; else -1 */
    FILE *stream; /* or this stream; else NULL */
    size_t user_block;
    size_t capacity; /* allocated bytes while HDF5 builds it */
    char *image;     /* its bytes after HDF5 has closed it */

    /* A file open for reading. */
    hsize_t bytes;
    int input; /* descriptor, or -1 for a file in memory */
    int cause; /* errno of the first failed read */
};

/* ---- lock and settings: lock.c */

/** Take the lock, and apply this project's settings in the outermost call. */
int mlp_h5_enter(void);
/** Restore the settings, and release the lock. */
void mlp_h5_leave(const int *entered);

/** The first line of each function of h5file.h: enter, and leave on every
 *  return. */
#define MLP_H5_CALL                                                            \
    __attribute__((unused, cleanup(mlp_h5_leave))) int mlp_h5_entered =        \
        mlp_h5_enter()

/** MLP_ERROR_IO with the cause once a read of the file has failed, as anything
 *  that seems absent may be there. Else MLP_ERROR_DATA with what and fault. */
mlp_status mlp_h5_fail_read(const mlp_h5file *file, const char *what,
                            const char *fault);

/* ---- on disk: disk.c */

/** Have HDF5 read from file->input, [file->bytes]. */
void mlp_h5_read_from_disk(hid_t access, mlp_h5file *file);

/* ---- building: write.c */

/** MLP_ERROR_INTERNAL: the object of this name cannot be created. */
mlp_status mlp_h5_fail_build(const mlp_h5file *file, const char *name);

/** Creation properties, for the caller to H5Pclose. Times are not stored, so
 *  that equal content gives equal bytes. */
hid_t mlp_h5_creation_list(hid_t class);

/* ---- in memory: memory.c */

/** Have a file built in memory; file->image holds it once HDF5 has closed
 *  it. */
void mlp_h5_hold_in_memory(hid_t access, mlp_h5file *file);

/** Have HDF5 read from bytes [size], which are not copied. */
void mlp_h5_read_in_memory(hid_t access, unsigned char *bytes, size_t size);

/* ---- types: type.c */

/** The type in this machine's memory; invalid for MLP_H5_OTHER. */
hid_t mlp_h5_memory_type(mlp_h5_type type);

/** What a type in a file corresponds to, of either byte order. */
mlp_h5_type mlp_h5_stored_type(hid_t type);

/** The memory type to read as; invalid when the stored type cannot be converted
 *  to the wanted one without loss. Signed integers are read as
 *  H5T_NATIVE_INT64, and the caller must refuse negative ones. */
hid_t mlp_h5_reading_type(hid_t stored, mlp_h5_type wanted);

/* ---- checks: check.c */

/** Whether every link on the path to name is a hard link: a soft link may loop,
 *  and an external one reads any file. */
bool mlp_h5_is_reached(hid_t file, const char *name);

/** mlp_h5_fail_read for a dataset. */
mlp_status mlp_h5_fail_name(const mlp_h5file *file, const char *name,
                            const char *fault);

/** A checked dataset. Ids that are not open are invalid, which HDF5's close
 *  functions accept. */
typedef struct {
    hid_t id, creation, space, type;
    hsize_t expansion; /**< bytes that one stored byte can expand to, at most */
    mlp_h5_shape shape;
} mlp_h5_dataset;

/** Open a dataset that passes all checks; else MLP_ERROR_DATA with the reason,
 *  and nothing is open. */
mlp_status mlp_h5_dataset_open(const mlp_h5file *file, const char *name,
                               mlp_h5_dataset *set);
void mlp_h5_dataset_close(mlp_h5_dataset *set);

#endif
