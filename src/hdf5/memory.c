/** @file
 *  Files in memory: those being built, and those read from bytes that are
 *  already verified. HDF5 allocates their memory through callbacks.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "internal.h"

enum {
    CORE_INCREMENT = 1 << 16,   /* growth of a file in memory; zeroed */
    HUGE_PAGE = 2 * 1024 * 1024 /* on x86-64 and most others */
};

/* ---- building a file */

/* Huge pages, as building a file would otherwise spend most of its time in page
 * faults. */
static char *allocate_image(size_t capacity)
{
    char *image =
        aligned_alloc(capacity < HUGE_PAGE ? 64 : HUGE_PAGE, capacity);
#ifdef MADV_HUGEPAGE
    if (image != NULL && capacity >= HUGE_PAGE) {
        madvise(image, capacity, MADV_HUGEPAGE); /* may fail */
    }
#endif
    return image;
}

/* HDF5 asks for a little more each time: double the allocation. */
static void *grow_image(void *image, size_t size,
                        H5FD_file_image_op_t operation, void *context)
{
    mlp_h5file *file = context;
    (void)operation;
    if (size <= file->capacity) {
        return image;
    }
    size_t capacity =
        file->capacity < CORE_INCREMENT ? CORE_INCREMENT : file->capacity;
    while (capacity < size) {
        capacity *= 2;
    }
    char *grown = allocate_image(capacity);
    if (grown == NULL) {
        return NULL;
    }
    if (image != NULL) {
        memcpy(grown, image, file->capacity);
    }
    free(image);
    file->capacity = capacity;
    return grown;
}

/* HDF5 has closed the file and releases its memory: keep it. */
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

/* ---- reading a file: the caller's bytes are used without a copy */

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
