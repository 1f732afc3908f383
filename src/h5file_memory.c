/** @file
 *  Files in memory: those being made, and those read from bytes that somebody
 *  else has verified. HDF5 asks for their memory through callbacks.
 */
#include <stdlib.h>

#include "h5file_internal.h"

enum { CORE_INCREMENT = 1 << 20 }; /* by which a file in memory grows */

/* ---- a file being made */

static void *grow_image(void *image, size_t size,
                        H5FD_file_image_op_t operation, void *file)
{
    (void)operation;
    (void)file;
    return realloc(image, size);
}

/* HDF5 has closed the file and lets go of its memory: keep it. */
static herr_t keep_image(void *image, H5FD_file_image_op_t operation,
                         void *file)
{
    (void)operation;
    ((mlp_h5file *)file)->image = image;
    return 0;
}

static void *share_file(void *file)
{
    return file;
}

static herr_t unshare_file(void *file)
{
    (void)file;
    return 0;
}

void mlp_h5_hold_in_memory(hid_t access, mlp_h5file *file)
{
    H5FD_file_image_callbacks_t callbacks = {.image_realloc = grow_image,
                                             .image_free = keep_image,
                                             .udata_copy = share_file,
                                             .udata_free = unshare_file,
                                             .udata = file};
    H5Pset_fapl_core(access, CORE_INCREMENT, 0);
    H5Pset_file_image_callbacks(access, &callbacks);
}

/* ---- a file to read: the caller's bytes are lent, not copied */

static void *lend_image(size_t size, H5FD_file_image_op_t operation,
                        void *bytes)
{
    (void)size;
    (void)operation;
    return bytes;
}

static void *copy_nothing(void *to, const void *from, size_t size,
                          H5FD_file_image_op_t operation, void *bytes)
{
    (void)from;
    (void)size;
    (void)operation;
    (void)bytes;
    return to;
}

static void *refuse_to_grow(void *image, size_t size,
                            H5FD_file_image_op_t operation, void *bytes)
{
    (void)image;
    (void)size;
    (void)operation;
    (void)bytes;
    return NULL;
}

static herr_t take_back(void *image, H5FD_file_image_op_t operation,
                        void *bytes)
{
    (void)image;
    (void)operation;
    (void)bytes;
    return 0;
}

void mlp_h5_read_in_memory(hid_t access, unsigned char *bytes, size_t size)
{
    H5FD_file_image_callbacks_t callbacks = {.image_malloc = lend_image,
                                             .image_memcpy = copy_nothing,
                                             .image_realloc = refuse_to_grow,
                                             .image_free = take_back,
                                             .udata_copy = share_file,
                                             .udata_free = unshare_file,
                                             .udata = bytes};
    H5Pset_fapl_core(access, CORE_INCREMENT, 0);
    H5Pset_file_image_callbacks(access, &callbacks);
    H5Pset_file_image(access, bytes, size);
}
