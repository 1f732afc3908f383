/** @file
 *  Sealing and verifying a checkpoint file.
 */
#include "seal.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/digest.h"

static const char MAGIC[8] = {'M', 'L', 'P', 'C', 'K', 'P', 'T', '1'};

enum { FORMAT_VERSION = 1, VERSION_AT = 8, LENGTH_AT = 12, DIGEST_AT = 20 };

static mlp_status fail_io(const char *path, const char *verb)
{
    return mlp_fail(MLP_ERROR_IO, "%s: cannot %s: %s", path, verb,
                    strerror(errno));
}

static void put_little_endian(unsigned char *bytes, size_t n, uint64_t value)
{
    for (size_t i = 0; i < n; i++) {
        bytes[i] = (unsigned char)(value >> 8 * i);
    }
}

static uint64_t get_little_endian(const unsigned char *bytes, size_t n)
{
    uint64_t value = 0;
    for (size_t i = n; i-- > 0;) {
        value = value << 8 | bytes[i];
    }
    return value;
}

/* One read at an offset; fewer bytes than requested only at the end of the
 * file. */
static mlp_status read_at(int fd, const char *path, size_t offset,
                          unsigned char *bytes, size_t n, size_t *got)
{
    *got = 0;
    while (*got < n) {
        ssize_t count =
            pread(fd, bytes + *got, n - *got, (off_t)(offset + *got));
        if (count < 0 && errno != EINTR) {
            return fail_io(path, "read");
        }
        if (count == 0) {
            break;
        }
        *got += count < 0 ? 0 : (size_t)count;
    }
    return MLP_OK;
}

mlp_status mlp_seal_fill(unsigned char *bytes, size_t size)
{
    memset(bytes, 0, MLP_SEAL_BYTES);
    memcpy(bytes, MAGIC, sizeof MAGIC);
    put_little_endian(bytes + VERSION_AT, 4, FORMAT_VERSION);
    put_little_endian(bytes + LENGTH_AT, 8, size);
    return mlp_digest_of(bytes + MLP_SEAL_BYTES, size - MLP_SEAL_BYTES,
                         bytes + DIGEST_AT);
}

static mlp_status check_header(const char *path, const unsigned char *seal,
                               uint64_t length)
{
    if (memcmp(seal, MAGIC, sizeof MAGIC) != 0) {
        return mlp_fail(MLP_ERROR_DATA,
                        "%s: is not a checkpoint: does not begin with %.8s",
                        path, MAGIC);
    }
    uint64_t version = get_little_endian(seal + VERSION_AT, 4);
    if (version != FORMAT_VERSION) {
        return mlp_fail(MLP_ERROR_DATA,
                        "%s: has checkpoint format %ju, expected %d", path,
                        (uintmax_t)version, FORMAT_VERSION);
    }
    uint64_t sealed = get_little_endian(seal + LENGTH_AT, 8);
    if (sealed != length) {
        return mlp_fail(MLP_ERROR_DATA,
                        "%s: has %ju bytes, expected %ju: damaged", path,
                        (uintmax_t)length, (uintmax_t)sealed);
    }
    return MLP_OK;
}

/* Refuse a file that exceeds memory before computing its digest, which would
 * take minutes for a huge sparse file. */
static mlp_status check_memory(const char *path, uint64_t length)
{
    uint64_t memory =
        (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGE_SIZE);
    if (length > memory) {
        return mlp_fail(MLP_ERROR_DATA,
                        "%s: has %ju MB, more than this machine's memory of "
                        "%ju MB",
                        path, (uintmax_t)(length / 1000000),
                        (uintmax_t)(memory / 1000000));
    }
    return MLP_OK;
}

static mlp_status check_seal(const char *path, unsigned char *bytes,
                             size_t size)
{
    unsigned char seal[MLP_SEAL_BYTES];
    char found[MLP_DIGEST_HEX], expected[MLP_DIGEST_HEX];
    memcpy(seal, bytes, sizeof seal);
    MLP_TRY(mlp_seal_fill(bytes, size));
    if (memcmp(seal, bytes, sizeof seal) != 0) {
        mlp_digest_hex(bytes + DIGEST_AT, found);
        mlp_digest_hex(seal + DIGEST_AT, expected);
        return mlp_fail(MLP_ERROR_DATA,
                        "%s: damaged: its SHA-256 is %.16s..., its seal says "
                        "%.16s...",
                        path, found, expected);
    }
    return MLP_OK;
}

/* Check the file's length against its seal. */
static mlp_status read_length(int fd, const char *path, uint64_t *length)
{
    struct stat facts;
    unsigned char seal[MLP_SEAL_BYTES];
    size_t got;
    if (fstat(fd, &facts) != 0) {
        return fail_io(path, "stat");
    }
    if (!S_ISREG(facts.st_mode)) {
        return mlp_fail(MLP_ERROR_DATA, "%s: is not a regular file", path);
    }
    MLP_TRY(read_at(fd, path, 0, seal, sizeof seal, &got));
    if (got < sizeof seal) {
        return mlp_fail(MLP_ERROR_DATA,
                        "%s: has %zu bytes, expected more than %d", path, got,
                        MLP_SEAL_BYTES);
    }
    *length = (uint64_t)facts.st_size;
    MLP_TRY(check_header(path, seal, *length));
    return check_memory(path, *length);
}

static mlp_status read_verified(int fd, const char *path, unsigned char **bytes,
                                size_t *size)
{
    uint64_t length;
    size_t got;
    MLP_TRY(read_length(fd, path, &length));
    *size = (size_t)length;
    *bytes = malloc(*size);
    if (*bytes == NULL) {
        return mlp_fail_memory("the bytes of a checkpoint");
    }
    mlp_status status = read_at(fd, path, 0, *bytes, *size, &got);
    if (status == MLP_OK && got < *size) {
        status = mlp_fail(MLP_ERROR_DATA, "%s: has %zu bytes, expected %zu",
                          path, got, *size);
    }
    if (status == MLP_OK) {
        status = check_seal(path, *bytes, *size);
    }
    if (status != MLP_OK) {
        free(*bytes);
        *bytes = NULL;
    }
    return status;
}

mlp_status mlp_seal_read(const char *path, unsigned char **bytes, size_t *size)
{
    *bytes = NULL;
    /* Don't block if this is a pipe, and don't follow symbolic links. */
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 && errno == ELOOP) {
        return mlp_fail(MLP_ERROR_DATA,
                        "%s: is a symbolic link, or behind a loop of them; a "
                        "checkpoint is a file",
                        path);
    }
    if (fd < 0) {
        return mlp_fail(MLP_ERROR_MISSING, "%s: %s", path, strerror(errno));
    }
    mlp_status status = read_verified(fd, path, bytes, size);
    close(fd);
    return status;
}

mlp_status mlp_seal_check(const char *path, unsigned char *bytes, size_t size)
{
    if (size < MLP_SEAL_BYTES) {
        return mlp_fail(MLP_ERROR_DATA,
                        "%s: has %zu bytes, expected more than %d", path, size,
                        MLP_SEAL_BYTES);
    }
    MLP_TRY(check_header(path, bytes, size));
    return check_seal(path, bytes, size);
}

bool mlp_seal_is_ours(const char *path)
{
    unsigned char magic[sizeof MAGIC];
    struct stat facts;
    size_t got = 0;
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) {
        return false;
    }
    bool is_ours = fstat(fd, &facts) == 0 && S_ISREG(facts.st_mode) &&
                   read_at(fd, path, 0, magic, sizeof magic, &got) == MLP_OK &&
                   got == sizeof magic &&
                   memcmp(magic, MAGIC, sizeof magic) == 0;
    close(fd);
    return is_ours;
}
