/** @file
 *  Sealing and verifying a checkpoint file.
 */
#include "checkpoint_seal.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mlp/digest.h"

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

/* One read at an offset; fewer bytes than asked for only at the file's end. */
static mlp_status read_at(int fd, const char *path, uint64_t offset,
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

/* Digest everything behind the seal. */
static mlp_status digest_content(int fd, const char *path, mlp_digest *digest,
                                 uint64_t *length)
{
    unsigned char bytes[65536];
    size_t got = sizeof bytes;
    *length = MLP_SEAL_BYTES;
    while (got == sizeof bytes) {
        MLP_TRY(read_at(fd, path, *length, bytes, sizeof bytes, &got));
        MLP_TRY(mlp_digest_update(digest, bytes, got));
        *length += got;
    }
    return MLP_OK;
}

/* The seal that the file's content deserves. */
static mlp_status compute(int fd, const char *path,
                          unsigned char seal[MLP_SEAL_BYTES])
{
    mlp_digest *digest = NULL;
    uint64_t length;
    MLP_TRY(mlp_digest_create(&digest));
    mlp_status status = digest_content(fd, path, digest, &length);
    if (status != MLP_OK) {
        goto done;
    }
    memset(seal, 0, MLP_SEAL_BYTES);
    memcpy(seal, MAGIC, sizeof MAGIC);
    put_little_endian(seal + VERSION_AT, 4, FORMAT_VERSION);
    put_little_endian(seal + LENGTH_AT, 8, length);
    status = mlp_digest_finish(digest, seal + DIGEST_AT);
done:
    mlp_digest_destroy(&digest);
    return status;
}

static mlp_status write_seal(int fd, const char *path)
{
    unsigned char seal[MLP_SEAL_BYTES];
    MLP_TRY(compute(fd, path, seal));
    errno = ENOSPC; /* what a short write means */
    if (pwrite(fd, seal, sizeof seal, 0) != (ssize_t)sizeof seal) {
        return fail_io(path, "write");
    }
    /* A second fsync could succeed without the first one's data: no retry. */
    return fsync(fd) == 0 ? MLP_OK : fail_io(path, "sync");
}

mlp_status mlp_seal_write(const char *path)
{
    int fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0) {
        return fail_io(path, "open");
    }
    mlp_status status = write_seal(fd, path);
    if (close(fd) != 0 && status == MLP_OK) {
        status = fail_io(path, "close");
    }
    return status;
}

static mlp_status check_header(const char *path, const unsigned char *seal,
                               uint64_t length)
{
    if (memcmp(seal, MAGIC, sizeof MAGIC) != 0) {
        return mlp_fail(MLP_ERROR_DATA,
                        "%s: is no checkpoint: does not begin with %.8s", path,
                        MAGIC);
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

static mlp_status check_digest(int fd, const char *path,
                               const unsigned char *seal)
{
    unsigned char deserved[MLP_SEAL_BYTES];
    char found[MLP_DIGEST_HEX], expected[MLP_DIGEST_HEX];
    MLP_TRY(compute(fd, path, deserved));
    if (memcmp(seal, deserved, sizeof deserved) != 0) {
        mlp_digest_hex(deserved + DIGEST_AT, found);
        mlp_digest_hex(seal + DIGEST_AT, expected);
        return mlp_fail(MLP_ERROR_DATA,
                        "%s: damaged: its SHA-256 is %.16s..., its seal says "
                        "%.16s...",
                        path, found, expected);
    }
    return MLP_OK;
}

static mlp_status verify(int fd, const char *path, uint64_t *length)
{
    struct stat facts;
    unsigned char seal[MLP_SEAL_BYTES];
    size_t got;
    if (fstat(fd, &facts) != 0) {
        return fail_io(path, "stat");
    }
    if (!S_ISREG(facts.st_mode)) {
        return mlp_fail(MLP_ERROR_DATA, "%s: is no regular file", path);
    }
    MLP_TRY(read_at(fd, path, 0, seal, sizeof seal, &got));
    if (got < sizeof seal) {
        return mlp_fail(MLP_ERROR_DATA,
                        "%s: has %zu bytes, expected more than %d", path, got,
                        MLP_SEAL_BYTES);
    }
    *length = (uint64_t)facts.st_size;
    MLP_TRY(check_header(path, seal, *length));
    return check_digest(fd, path, seal);
}

mlp_status mlp_seal_verify(const char *path, uint64_t *length)
{
    /* Not to wait for ever should this be a pipe. */
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) {
        return mlp_fail(MLP_ERROR_MISSING, "%s: %s", path, strerror(errno));
    }
    mlp_status status = verify(fd, path, length);
    close(fd);
    return status;
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
