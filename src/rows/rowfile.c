/** @file
 *  Features of rows that stay in a file.
 */
#include "rowfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "system/files.h"

enum {
    GAP_MOST = 4096, /* reading such a gap costs less than a call */
    IOVECS = 512,    /* per call */
    BATCH = 1024,    /* rows prefetched together */
    NAME_BYTES = 4400
};

struct mlp_rowfile {
    char name[NAME_BYTES]; /* for messages */
    int fd;
    uint64_t offset; /* of row 0, or of the file's if there is a list: */
    uint32_t *list;  /* rows of the file, ascending; NULL: contiguous */
    size_t row_bytes;
    bool is_copy;
    struct stat facts; /* when it was opened */
};

static mlp_status fail_io(const mlp_rowfile *rows, const char *verb)
{
    return mlp_fail(MLP_ERROR_IO, "%s: cannot be %s: %s", rows->name, verb,
                    strerror(errno));
}

/* ---- reading ----------------------------------------------------------- */

/* Read consecutive bytes into n buffers, whose iovecs are consumed. */
static mlp_status read_iovecs(const mlp_rowfile *rows, uint64_t at,
                              struct iovec *iovecs, size_t n)
{
    while (n > 0) {
        ssize_t got = preadv(rows->fd, iovecs, (int)n, (off_t)at);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return fail_io(rows, "read");
        }
        if (got == 0) {
            return mlp_fail(MLP_ERROR_IO,
                            "%s: was cut short while it was in use: nothing "
                            "is left at byte %llu",
                            rows->name, (unsigned long long)at);
        }
        at += (uint64_t)got;
        size_t left = (size_t)got;
        while (n > 0 && left >= iovecs->iov_len) {
            left -= iovecs->iov_len;
            iovecs++;
            n--;
        }
        if (n > 0) {
            iovecs->iov_base = (char *)iovecs->iov_base + left;
            iovecs->iov_len -= left;
        }
    }
    return MLP_OK;
}

/* Every epoch must read the same rows, or the result is not reproducible. */
static mlp_status check_unchanged(const mlp_rowfile *rows)
{
    struct stat now;
    if (rows->is_copy) {
        return MLP_OK;
    }
    if (fstat(rows->fd, &now) != 0) {
        return fail_io(rows, "read");
    }
    const struct stat *then = &rows->facts;
    return now.st_size == then->st_size &&
                   now.st_mtim.tv_sec == then->st_mtim.tv_sec &&
                   now.st_mtim.tv_nsec == then->st_mtim.tv_nsec
               ? MLP_OK
               : mlp_fail(MLP_ERROR_IO,
                          "%s: was changed while it was in use: it had %llu "
                          "bytes, and has %llu",
                          rows->name, (unsigned long long)then->st_size,
                          (unsigned long long)now.st_size);
}

/* The row of the file. */
static size_t row_of(const mlp_rowfile *rows, size_t row)
{
    return rows->list != NULL ? rows->list[row] : row;
}

static uint64_t place_of(const mlp_rowfile *rows, size_t row)
{
    return rows->offset + (uint64_t)row_of(rows, row) * rows->row_bytes;
}

/* Contiguous rows of a list may be anywhere in the file. */
static mlp_status read_listed(const mlp_rowfile *rows, mlp_range which,
                              void *values)
{
    mlp_pick picks[BATCH];
    for (size_t done = 0; done < which.count; done += BATCH) {
        size_t n = which.count - done < BATCH ? which.count - done : BATCH;
        for (size_t i = 0; i < n; i++) {
            picks[i] =
                (mlp_pick){(uint32_t)(which.first + done + i), (uint32_t)i};
        }
        MLP_TRY(mlp_rowfile_gather(rows, picks, n,
                                   (char *)values + done * rows->row_bytes));
    }
    return MLP_OK;
}

mlp_status mlp_rowfile_read(const mlp_rowfile *rows, mlp_range which,
                            void *values)
{
    if (rows->list != NULL) {
        return read_listed(rows, which, values);
    }
    struct iovec all = {values, which.count * rows->row_bytes};
    MLP_TRY(read_iovecs(rows, place_of(rows, which.first), &all,
                        which.count > 0 ? 1 : 0));
    return check_unchanged(rows);
}

/* One call of preadv. */
typedef struct {
    struct iovec iovecs[IOVECS]; /* rows, and the gaps between them */
    char gap[GAP_MOST];          /* all gaps go here */
    size_t count;                /* of iovecs */
    uint64_t at;
    size_t bytes;
} call;

/* Set up a call for the first pick and those that follow closely. Returns how
 * many picks it covers. */
static size_t set_up(const mlp_rowfile *rows, const mlp_pick *picks,
                     size_t count, void *values, call *to)
{
    size_t first = row_of(rows, picks->row);
    size_t next = first; /* end of the rows so far */
    size_t i = 0;
    to->count = 0;
    for (; i < count && to->count + 2 <= IOVECS; i++) {
        size_t row = row_of(rows, picks[i].row);
        size_t skipped = (row - next) * rows->row_bytes;
        if (skipped > GAP_MOST) {
            break;
        }
        if (skipped > 0) {
            to->iovecs[to->count++] = (struct iovec){to->gap, skipped};
        }
        to->iovecs[to->count++] = (struct iovec){
            (char *)values + picks[i].place * rows->row_bytes, rows->row_bytes};
        next = row + 1;
    }
    to->at = place_of(rows, picks->row);
    to->bytes = (next - first) * rows->row_bytes;
    return i;
}

/* Read what is in the page cache; else start to prefetch, without waiting. */
static bool read_cached(const mlp_rowfile *rows, const call *one)
{
    ssize_t got = preadv2(rows->fd, one->iovecs, (int)one->count,
                          (off_t)one->at, RWF_NOWAIT);
    if (got == (ssize_t)one->bytes) {
        return true;
    }
    (void)posix_fadvise(rows->fd, (off_t)one->at, (off_t)one->bytes,
                        POSIX_FADV_WILLNEED);
    return false;
}

/* A disk is fast only with many outstanding requests: prefetch everything that
 * is not in the page cache before waiting for any of it. */
static mlp_status gather_batch(const mlp_rowfile *rows, const mlp_pick *picks,
                               size_t count, void *values)
{
    size_t missing[BATCH], n = 0, taken;
    call one;
    for (size_t i = 0; i < count; i += taken) {
        taken = set_up(rows, picks + i, count - i, values, &one);
        if (!read_cached(rows, &one)) {
            missing[n++] = i;
        }
    }
    for (size_t m = 0; m < n; m++) {
        size_t i = missing[m];
        set_up(rows, picks + i, count - i, values, &one);
        MLP_TRY(read_iovecs(rows, one.at, one.iovecs, one.count));
    }
    return MLP_OK;
}

mlp_status mlp_rowfile_gather(const mlp_rowfile *rows, const mlp_pick *picks,
                              size_t count, void *values)
{
    for (size_t done = 0; done < count; done += BATCH) {
        size_t n = count - done < BATCH ? count - done : BATCH;
        MLP_TRY(gather_batch(rows, picks + done, n, values));
    }
    return check_unchanged(rows);
}

/* ---- a copy ------------------------------------------------------------ */

/* A temporary file without a name. */
static mlp_status open_unnamed(const char *directory, mlp_rowfile *rows)
{
    rows->fd = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (rows->fd < 0 && errno != ENOENT && errno != EACCES) {
        /* Not every file system has O_TMPFILE. */
        char path[NAME_BYTES];
        snprintf(path, sizeof path, "%.4000s/mlp-rows-XXXXXX", directory);
        rows->fd = mkostemp(path, O_CLOEXEC);
        if (rows->fd >= 0) {
            unlink(path);
        }
    }
    return rows->fd >= 0 ? MLP_OK : fail_io(rows, "made");
}

/* Rows to copy at a time: whole chunks, so that none is decompressed twice. */
static size_t rows_at_once(size_t first, size_t capacity, size_t chunk_rows)
{
    return capacity - (first + capacity) % chunk_rows;
}

static mlp_status check_chunk(const mlp_rowfile *rows, size_t chunk_rows,
                              size_t capacity)
{
    return chunk_rows <= capacity
               ? MLP_OK
               : mlp_fail(MLP_ERROR_USAGE,
                          "%s: has chunks of %zu rows, and --memory-limit "
                          "leaves room for %zu: raise it, or rewrite the file "
                          "in smaller chunks (h5repack --layout)",
                          rows->name, chunk_rows, capacity);
}

static mlp_status copy_rows(mlp_source *source, mlp_split split,
                            mlp_range range, const mlp_source_place *place,
                            void *buffer, size_t capacity,
                            const mlp_rowfile *rows)
{
    while (range.count > 0) {
        size_t n = rows_at_once(place->first + range.first, capacity,
                                place->chunk_rows);
        n = n < range.count ? n : range.count;
        MLP_TRY(mlp_source_read(source, split, range.first, n, buffer, NULL));
        if (!mlp_write_all(rows->fd, buffer, n * rows->row_bytes)) {
            return fail_io(rows, "written");
        }
        range.first += n;
        range.count -= n;
    }
    return MLP_OK;
}

static mlp_status make_copy(mlp_source *source, mlp_split split,
                            mlp_range range, const mlp_source_place *place,
                            void *buffer, size_t capacity, mlp_rowfile *rows)
{
    const char *directory = getenv("TMPDIR");
    if (directory == NULL || directory[0] == '\0') {
        directory = "/var/tmp"; /* on disk, whereas /tmp may be in memory */
    }
    MLP_TRY(check_chunk(rows, place->chunk_rows, capacity));
    snprintf(rows->name, sizeof rows->name,
             "%.2000s: the rows of %.2000s, in a temporary file ($TMPDIR)",
             directory, mlp_source_facts(source)->name);
    rows->is_copy = true;
    MLP_TRY(open_unnamed(directory, rows));
    return copy_rows(source, split, range, place, buffer, capacity, rows);
}

/* ---- open and close ---------------------------------------------------- */

static mlp_status open_place(const mlp_source_place *place, mlp_range range,
                             mlp_rowfile *rows)
{
    rows->offset = place->offset;
    if (place->rows != NULL) {
        rows->list = calloc(range.count + 1, sizeof *rows->list);
        if (rows->list == NULL) {
            return mlp_fail_memory("the rows' file");
        }
        memcpy(rows->list, place->rows + range.first,
               range.count * sizeof *rows->list);
    } else {
        rows->offset += (uint64_t)range.first * rows->row_bytes;
    }
    rows->fd = open(place->path, O_RDONLY | O_CLOEXEC);
    return rows->fd >= 0 && fstat(rows->fd, &rows->facts) == 0
               ? MLP_OK
               : fail_io(rows, "opened");
}

mlp_status mlp_rowfile_open(mlp_source *source, mlp_split split,
                            mlp_range range, void *buffer, size_t buffer_bytes,
                            mlp_rowfile **rows)
{
    const mlp_source_info *info = mlp_source_facts(source);
    mlp_source_place place;
    mlp_rowfile *made = calloc(1, sizeof *made);
    *rows = made;
    if (made == NULL) {
        return mlp_fail_memory("the rows' file");
    }
    made->fd = -1;
    made->row_bytes = info->features * mlp_element_bytes(info->element);
    snprintf(made->name, sizeof made->name, "%s", info->name);
    mlp_status status = mlp_source_locate(source, split, &place)
                            ? open_place(&place, range, made)
                            : make_copy(source, split, range, &place, buffer,
                                        buffer_bytes / made->row_bytes, made);
    if (status != MLP_OK) {
        mlp_rowfile_close(rows);
    }
    return status;
}

void mlp_rowfile_close(mlp_rowfile **rows)
{
    if (*rows != NULL) {
        if ((*rows)->fd >= 0) {
            close((*rows)->fd);
        }
        free((*rows)->list);
        free(*rows);
        *rows = NULL;
    }
}
