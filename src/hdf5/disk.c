/** @file
 *  An HDF5 file driver that reads from disk. HDF5's own driver reports a
 *  failing disk as a damaged file, gives up on a signal, and crashes when a
 *  close fails; this one keeps errno, and the caller owns the descriptor.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"
#if H5_VERSION_GE(1, 13, 0)
#include <H5FDdevelop.h>
#endif

/* An open file, as HDF5's driver interface requires it. */
typedef struct {
    H5FD_t base; /* first, for HDF5's casts */
    mlp_h5file *file;
    haddr_t end; /* end of the allocated addresses */
} disk_file;

static H5FD_t *open_disk(const char *name, unsigned flags, hid_t access,
                         haddr_t most)
{
    (void)name, (void)flags, (void)most;
    mlp_h5file *const *file = H5Pget_driver_info(access);
    disk_file *opened = file == NULL ? NULL : calloc(1, sizeof *opened);
    if (opened == NULL) {
        return NULL;
    }
    opened->file = *file;
    return &opened->base;
}

static herr_t close_disk(H5FD_t *base)
{
    free(base);
    return 0;
}

static herr_t query(const H5FD_t *base, unsigned long *flags)
{
    (void)base;
    *flags = H5FD_FEAT_ACCUMULATE_METADATA | H5FD_FEAT_DATA_SIEVE;
    return 0;
}

static haddr_t get_end(const H5FD_t *base, H5FD_mem_t type)
{
    (void)type;
    return ((const disk_file *)base)->end;
}

static herr_t set_end(H5FD_t *base, H5FD_mem_t type, haddr_t end)
{
    (void)type;
    ((disk_file *)base)->end = end;
    return 0;
}

static haddr_t get_size(const H5FD_t *base, H5FD_mem_t type)
{
    (void)type;
    return ((const disk_file *)base)->file->bytes;
}

/* HDF5 requires zeros beyond the end of the file. */
static herr_t read_disk(H5FD_t *base, H5FD_mem_t type, hid_t transfer,
                        haddr_t at, size_t size, void *bytes)
{
    (void)type, (void)transfer;
    mlp_h5file *file = ((disk_file *)base)->file;
    char *to = bytes;
    while (size > 0) {
        ssize_t got = pread(file->input, to, size, (off_t)at);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            file->cause = errno;
            return -1;
        }
        if (got == 0) {
            memset(to, 0, size);
            return 0;
        }
        at += (haddr_t)got;
        to += got;
        size -= (size_t)got;
    }
    return 0;
}

static herr_t refuse_to_write(H5FD_t *base, H5FD_mem_t type, hid_t transfer,
                              haddr_t at, size_t size, const void *bytes)
{
    (void)base, (void)type, (void)transfer, (void)at, (void)size, (void)bytes;
    return -1;
}

void mlp_h5_read_from_disk(hid_t access, mlp_h5file *file)
{
    const H5FD_class_t disk = {
#if H5_VERSION_GE(1, 13, 0)
        .version = H5FD_CLASS_VERSION,
        .value = (H5FD_class_value_t)600, /* not used by the library */
#endif
        .name = "mlp_disk",
        .maxaddr = INT64_MAX,
        .fc_degree = H5F_CLOSE_STRONG,
        .fapl_size = sizeof file,
        .open = open_disk,
        .close = close_disk,
        .query = query,
        .get_eoa = get_end,
        .set_eoa = set_end,
        .get_eof = get_size,
        .read = read_disk,
        .write = refuse_to_write,
        .fl_map = H5FD_FLMAP_DICHOTOMY
    };
    hid_t driver = H5FDregister(&disk);
    H5Pset_driver(access, driver, &file);
    H5FDunregister(driver); /* the access list holds a reference */
}
