/** @file
 *  What the files of this room share, and the only place that includes the
 *  library's header: nothing else may see HDF5.
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

    /* Of a file being made. */
    int output;   /* where it goes when it is closed; else -1 */
    FILE *stream; /* or this; else NULL */
    size_t user_block;
    size_t room; /* of its bytes while HDF5 makes them */
    char *image; /* its bytes, once HDF5 has closed it */

    /* Of a file open for reading. */
    hsize_t bytes;
    int input; /* on disk; else -1 */
    int cause; /* errno once reading has failed */
};

/* ---- the library for ourselves: lock.c */

/** Take the lock, and make the settings ours; the outermost call does. */
int mlp_h5_enter(void);
/** Put the settings back, and give the lock back. */
void mlp_h5_leave(const int *entered);

/** The first line of each function of h5file.h: enter, and leave on whatever
 *  way the function returns. */
#define MLP_H5_CALL                                                            \
    __attribute__((unused, cleanup(mlp_h5_leave))) int mlp_h5_entered =        \
        mlp_h5_enter()

/** MLP_ERROR_IO with the cause once reading the file has failed: what it seems
 *  to lack may be there. Else MLP_ERROR_DATA: what is at fault, and how. */
mlp_status mlp_h5_fail_read(const mlp_h5file *file, const char *what,
                            const char *fault);

/* ---- on disk: disk.c */

/** Have a file read from file->input, [file->bytes]. */
void mlp_h5_read_from_disk(hid_t access, mlp_h5file *file);

/* ---- making: write.c */

/** MLP_ERROR_INTERNAL: the object of this name cannot be made. */
mlp_status mlp_h5_fail_build(const mlp_h5file *file, const char *name);

/** The properties of an object to create, for the caller to H5Pclose. No times
 *  are kept, so that the same content gives the same bytes. */
hid_t mlp_h5_creation_list(hid_t class);

/* ---- in memory: memory.c */

/** Have a file made in memory; file->image has it once HDF5 has closed it. */
void mlp_h5_hold_in_memory(hid_t access, mlp_h5file *file);

/** Have a file read from bytes [size], which are not copied. */
void mlp_h5_read_in_memory(hid_t access, unsigned char *bytes, size_t size);

/* ---- types: type.c */

/** The type in this machine's memory; invalid for MLP_H5_OTHER. */
hid_t mlp_h5_memory_type(mlp_h5_type type);

/** What a type in a file stands for, of either byte order. */
mlp_h5_type mlp_h5_stored_type(hid_t type);

/** The type to read into memory as; invalid when the stored type can't become
 *  the wanted one without loss. Signed integers are read as H5T_NATIVE_INT64,
 *  and whoever reads them must refuse negative ones. */
hid_t mlp_h5_reading_type(hid_t stored, mlp_h5_type wanted);

/* ---- distrust: check.c */

/** Whether every link on the way to name is a hard one: a soft link may loop,
 *  and an external one reads whatever file it names. */
bool mlp_h5_is_reached(hid_t file, const char *name);

/** mlp_h5_fail_read for a dataset. */
mlp_status mlp_h5_fail_name(const mlp_h5file *file, const char *name,
                            const char *fault);

/** A dataset that was looked over. Ids that are not open are invalid ones,
 *  which HDF5 refuses to close without harm. */
typedef struct {
    hid_t id, creation, space, type;
    hsize_t expansion; /**< bytes that one stored byte can stand for, at most */
    mlp_h5_shape shape;
} mlp_h5_dataset;

/** Open a dataset that nothing speaks against; else MLP_ERROR_DATA, saying
 *  what does, and nothing is open. */
mlp_status mlp_h5_dataset_open(const mlp_h5file *file, const char *name,
                               mlp_h5_dataset *set);
void mlp_h5_dataset_close(mlp_h5_dataset *set);

#endif
