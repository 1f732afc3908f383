/** @file
 *  Writes small IDX data sets, plain or gzip, to a temporary directory.
 */
#ifndef MLP_TEST_IDX_WRITER_H
#define MLP_TEST_IDX_WRITER_H

#include <check.h>
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

/** Bytes of a file under construction. */
typedef struct {
    unsigned char bytes[4096];
    size_t size;
} file_image;

static inline void append(file_image *image, const void *bytes, size_t n)
{
    ck_assert_uint_le(image->size + n, sizeof image->bytes);
    memcpy(image->bytes + image->size, bytes, n);
    image->size += n;
}

static inline void append_u32(file_image *image, uint32_t value)
{
    unsigned char bytes[4] = {
        (unsigned char)(value >> 24), (unsigned char)(value >> 16),
        (unsigned char)(value >> 8), (unsigned char)value};
    append(image, bytes, sizeof bytes);
}

/** Images [rows, height, width]; byte k of all of them is (seed + k) % 256. */
static inline file_image idx_images(uint32_t rows, uint32_t height,
                                    uint32_t width, unsigned seed)
{
    file_image image = {.size = 0};
    append_u32(&image, 0x00000803);
    append_u32(&image, rows);
    append_u32(&image, height);
    append_u32(&image, width);
    for (unsigned k = 0; k < rows * height * width; k++) {
        unsigned char value = (unsigned char)(seed + k);
        append(&image, &value, 1);
    }
    return image;
}

/** Labels [rows]; label k is (seed + k) % 10. */
static inline file_image idx_labels(uint32_t rows, unsigned seed)
{
    file_image image = {.size = 0};
    append_u32(&image, 0x00000801);
    append_u32(&image, rows);
    for (unsigned k = 0; k < rows; k++) {
        unsigned char value = (unsigned char)((seed + k) % 10);
        append(&image, &value, 1);
    }
    return image;
}

static inline file_image gzipped(const file_image *plain)
{
    file_image image = {.size = 0};
    z_stream zlib = {0};
    ck_assert_int_eq(
        deflateInit2(&zlib, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY),
        Z_OK);
    zlib.next_in = (z_const Bytef *)plain->bytes;
    zlib.avail_in = (uInt)plain->size;
    zlib.next_out = image.bytes;
    zlib.avail_out = sizeof image.bytes;
    ck_assert_int_eq(deflate(&zlib, Z_FINISH), Z_STREAM_END);
    image.size = zlib.total_out;
    deflateEnd(&zlib);
    return image;
}

static inline void write_file(const char *directory, const char *name,
                              const file_image *image)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    FILE *file = fopen(path, "wb");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(image->bytes, 1, image->size, file), image->size);
    ck_assert_int_eq(fclose(file), 0);
}

static inline void remove_file(const char *directory, const char *name)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    ck_assert_int_eq(remove(path), 0);
}

/** A new empty directory; path has room for 64 bytes. */
static inline void make_directory(char path[64])
{
    snprintf(path, 64, "/tmp/mlp-test-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(path));
}

/** Remove a directory and the files in it. */
static inline void remove_directory(const char *path)
{
    DIR *directory = opendir(path);
    ck_assert_ptr_nonnull(directory);
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        if (strcmp(entry->d_name, ".") != 0 &&
            strcmp(entry->d_name, "..") != 0) {
            remove_file(path, entry->d_name);
        }
    }
    closedir(directory);
    ck_assert_int_eq(rmdir(path), 0);
}

/** The four files of a data set of 3 x 2 pictures: 5 rows to train on, 2 to
 *  test on. */
static inline void write_set(const char *directory)
{
    file_image train_images = idx_images(5, 3, 2, 0);
    file_image train_labels = idx_labels(5, 0);
    file_image test_images = idx_images(2, 3, 2, 100);
    file_image test_labels = idx_labels(2, 7);
    write_file(directory, "train-images-idx3-ubyte", &train_images);
    write_file(directory, "train-labels-idx1-ubyte", &train_labels);
    write_file(directory, "t10k-images-idx3-ubyte", &test_images);
    write_file(directory, "t10k-labels-idx1-ubyte", &test_labels);
}

#endif
