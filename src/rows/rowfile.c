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
    GAP_MOST = 4096, /* bytes between rows that cost less than a call */
    PIECES = 512,    /* of one call */
    SLICE = 1024,    /* rows that may be asked of the disk at once */
    NAME_BYTES = 4400
};

struct mlp_rowfile {
    char name[NAME_BYTES]; /* for messages */
    int fd;
    uint64_t offset; /* of row 0 */
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

/* Fill all pieces [n], which are used up, from a place in the file on. */
static mlp_status read_pieces(const mlp_rowfile *rows, uint64_t at,
                              struct iovec *pieces, size_t n)
{
    while (n > 0) {
        ssize_t got = preadv(rows->fd, pieces, (int)n, (off_t)at);
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
        while (n > 0 && left >= pieces->iov_len) {
            left -= pieces->iov_len;
            pieces++;
            n--;
        }
        if (n > 0) {
            pieces->iov_base = (char *)pieces->iov_base + left;
            pieces->iov_len -= left;
        }
    }
    return MLP_OK;
}

/* A run reads the same rows in every epoch, or it has no one result. */
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

static uint64_t place_of(const mlp_rowfile *rows, size_t row)
{
    return rows->offset + (uint64_t)row * rows->row_bytes;
}

mlp_status mlp_rowfile_read(const mlp_rowfile *rows, mlp_range which,
                            void *values)
{
    struct iovec all = {values, which.count * rows->row_bytes};
    MLP_TRY(read_pieces(rows, place_of(rows, which.first), &all,
                        which.count > 0 ? 1 : 0));
    return check_unchanged(rows);
}

/* What one call reads. */
typedef struct {
    struct iovec pieces[PIECES]; /* rows, and gaps between them */
    char gap[GAP_MOST];          /* where all of these go */
    size_t count;                /* of pieces */
    uint64_t at;
    size_t bytes;
} call;

/* Lay out a call for the first of the picks and those that follow it closely.
 * Returns how many these are. */
static size_t lay_out(const mlp_rowfile *rows, const mlp_pick *picks,
                      size_t count, void *values, call *to)
{
    size_t next = picks->row; /* behind what is wanted so far */
    size_t i = 0;
    to->count = 0;
    for (; i < count && to->count + 2 <= PIECES; i++) {
        size_t skipped = (picks[i].row - next) * rows->row_bytes;
        if (skipped > GAP_MOST) {
            break;
        }
        if (skipped > 0) {
            to->pieces[to->count++] = (struct iovec){to->gap, skipped};
        }
        to->pieces[to->count++] = (struct iovec){
            (char *)values + picks[i].place * rows->row_bytes, rows->row_bytes};
        next = (size_t)picks[i].row + 1;
    }
    to->at = place_of(rows, picks->row);
    to->bytes = (next - picks->row) * rows->row_bytes;
    return i;
}

/* Read what is in the system's cache; ask for the rest, without waiting. */
static bool read_cached(const mlp_rowfile *rows, const call *one)
{
    ssize_t got = preadv2(rows->fd, one->pieces, (int)one->count,
                          (off_t)one->at, RWF_NOWAIT);
    if (got == (ssize_t)one->bytes) {
        return true;
    }
    (void)posix_fadvise(rows->fd, (off_t)one->at, (off_t)one->bytes,
                        POSIX_FADV_WILLNEED);
    return false;
}

/* A disk is slow one by one, and fast when it knows what will be wanted: what
 * is not in the cache is all asked for before any of it is waited for. */
static mlp_status gather_slice(const mlp_rowfile *rows, const mlp_pick *picks,
                               size_t count, void *values)
{
    size_t missing[SLICE], n = 0, taken;
    call one;
    for (size_t i = 0; i < count; i += taken) {
        taken = lay_out(rows, picks + i, count - i, values, &one);
        if (!read_cached(rows, &one)) {
            missing[n++] = i;
        }
    }
    for (size_t m = 0; m < n; m++) {
        size_t i = missing[m];
        lay_out(rows, picks + i, count - i, values, &one);
        MLP_TRY(read_pieces(rows, one.at, one.pieces, one.count));
    }
    return MLP_OK;
}

mlp_status mlp_rowfile_gather(const mlp_rowfile *rows, const mlp_pick *picks,
                              size_t count, void *values)
{
    for (size_t done = 0; done < count; done += SLICE) {
        size_t n = count - done < SLICE ? count - done : SLICE;
        MLP_TRY(gather_slice(rows, picks + done, n, values));
    }
    return check_unchanged(rows);
}

/* ---- a copy ------------------------------------------------------------ */

/* A file without a name. */
static mlp_status open_unnamed(const char *directory, mlp_rowfile *rows)
{
    rows->fd = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (rows->fd < 0 && errno != ENOENT && errno != EACCES) {
        /* not every file system has such files */
        char path[NAME_BYTES];
        snprintf(path, sizeof path, "%.4000s/mlp-rows-XXXXXX", directory);
        rows->fd = mkostemp(path, O_CLOEXEC);
        if (rows->fd >= 0) {
            unlink(path);
        }
    }
    return rows->fd >= 0 ? MLP_OK : fail_io(rows, "made");
}

/* Rows to copy at once: all of what is packed together, lest it is unpacked
 * again for the next ones. */
static size_t rows_at_once(size_t first, size_t fitting, size_t grain)
{
    return fitting - (first + fitting) % grain;
}

static mlp_status check_grain(const mlp_rowfile *rows, size_t grain,
                              size_t fitting)
{
    return grain <= fitting
               ? MLP_OK
               : mlp_fail(MLP_ERROR_USAGE,
                          "%s: packs %zu rows together, and --memory-limit "
                          "leaves room for %zu: raise it, or rewrite the file "
                          "in smaller chunks (h5repack --layout)",
                          rows->name, grain, fitting);
}

static mlp_status copy_rows(mlp_source *source, mlp_split split,
                            mlp_range range, size_t grain, void *room,
                            size_t fitting, const mlp_rowfile *rows)
{
    while (range.count > 0) {
        size_t n = rows_at_once(range.first, fitting, grain);
        n = n < range.count ? n : range.count;
        MLP_TRY(mlp_source_read(source, split, range.first, n, room, NULL));
        if (!mlp_write_all(rows->fd, room, n * rows->row_bytes)) {
            return fail_io(rows, "written");
        }
        range.first += n;
        range.count -= n;
    }
    return MLP_OK;
}

static mlp_status make_copy(mlp_source *source, mlp_split split,
                            mlp_range range, size_t grain, void *room,
                            size_t fitting, mlp_rowfile *rows)
{
    const char *directory = getenv("TMPDIR");
    if (directory == NULL || directory[0] == '\0') {
        directory = "/var/tmp"; /* on a disk, where /tmp may be memory */
    }
    MLP_TRY(check_grain(rows, grain, fitting));
    snprintf(rows->name, sizeof rows->name,
             "%.2000s: the rows of %.2000s, in a temporary file ($TMPDIR)",
             directory, mlp_source_facts(source)->name);
    rows->is_copy = true;
    MLP_TRY(open_unnamed(directory, rows));
    return copy_rows(source, split, range, grain, room, fitting, rows);
}

/* ---- open and close ---------------------------------------------------- */

static mlp_status open_place(const mlp_source_place *place, size_t first,
                             mlp_rowfile *rows)
{
    rows->offset = place->offset + (uint64_t)first * rows->row_bytes;
    rows->fd = open(place->path, O_RDONLY | O_CLOEXEC);
    return rows->fd >= 0 && fstat(rows->fd, &rows->facts) == 0
               ? MLP_OK
               : fail_io(rows, "opened");
}

mlp_status mlp_rowfile_open(mlp_source *source, mlp_split split,
                            mlp_range range, void *room, size_t room_bytes,
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
                            ? open_place(&place, range.first, made)
                            : make_copy(source, split, range, place.grain, room,
                                        room_bytes / made->row_bytes, made);
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
        free(*rows);
        *rows = NULL;
    }
}
