/** @file
 *  Pictures in memory, and bounded reading of picture files.
 */
#include "image.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "formats.h"
#include "system/files.h"

/* ---- in memory */

mlp_status mlp_image_create(size_t height, size_t width, size_t channels,
                            mlp_image *image)
{
    *image =
        (mlp_image){height, width, channels, calloc(height * width, channels)};
    return image->pixels != NULL ? MLP_OK : mlp_fail_memory("a picture");
}

void mlp_image_destroy(mlp_image *image)
{
    free(image->pixels);
    *image = (mlp_image){0};
}

void mlp_image_invert(mlp_image *image)
{
    size_t count = image->height * image->width * image->channels;
    for (size_t i = 0; i < count; i++) {
        image->pixels[i] = (unsigned char)(255 - image->pixels[i]);
    }
}

mlp_status mlp_image_check_extents(const char *name, size_t height,
                                   size_t width)
{
    if (height == 0 || width == 0 || height > MLP_IMAGE_SIDE_MAX ||
        width > MLP_IMAGE_SIDE_MAX || height * width > MLP_IMAGE_PIXELS_MAX) {
        return mlp_fail(MLP_ERROR_DATA,
                        "%s: has %zu x %zu pixels; a side may have %d, a "
                        "picture %d",
                        name, height, width, MLP_IMAGE_SIDE_MAX,
                        MLP_IMAGE_PIXELS_MAX);
    }
    return MLP_OK;
}

/* ---- files */

bool mlp_image_has_name(const char *path)
{
    static const char *const ends[] = {".png", ".jpg", ".jpeg"};
    size_t length = strlen(path);
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        size_t end = strlen(ends[i]);
        if (length > end && strcasecmp(path + length - end, ends[i]) == 0) {
            return true;
        }
    }
    return false;
}

mlp_status mlp_image_decode(const char *name, const unsigned char *bytes,
                            size_t count, size_t channels, mlp_image *image)
{
    static const unsigned char png[] = {0x89, 'P', 'N', 'G', 13, 10, 26, 10};
    static const unsigned char jpeg[] = {0xff, 0xd8, 0xff};
    mlp_status status;
    *image = (mlp_image){0};
    if (count >= sizeof png && memcmp(bytes, png, sizeof png) == 0) {
        status = mlp_image_decode_png(name, bytes, count, channels, image);
    } else if (count >= sizeof jpeg && memcmp(bytes, jpeg, sizeof jpeg) == 0) {
        status = mlp_image_decode_jpeg(name, bytes, count, channels, image);
    } else {
        return mlp_fail(MLP_ERROR_DATA, "%s: is neither a PNG nor a JPEG file",
                        name);
    }
    if (status != MLP_OK) {
        mlp_image_destroy(image);
    }
    return status;
}

/* Double the buffer each time, up to one byte above the limit. */
static mlp_status read_stream(const char *path, FILE *file,
                              unsigned char **bytes, size_t *count)
{
    size_t capacity = 0;
    *count = 0;
    do {
        capacity = capacity == 0 ? 1 << 16 : 2 * capacity;
        capacity = capacity <= MLP_IMAGE_BYTES_MAX ? capacity
                                                   : MLP_IMAGE_BYTES_MAX + 1;
        unsigned char *more = realloc(*bytes, capacity);
        if (more == NULL) {
            return mlp_fail_memory("a picture's file");
        }
        *bytes = more;
        *count += fread(*bytes + *count, 1, capacity - *count, file);
    } while (*count == capacity && *count <= MLP_IMAGE_BYTES_MAX);
    if (ferror(file)) {
        return mlp_fail_read(path);
    }
    return *count <= MLP_IMAGE_BYTES_MAX
               ? MLP_OK
               : mlp_fail(MLP_ERROR_DATA,
                          "%s: has more bytes than a picture may have, %d",
                          path, MLP_IMAGE_BYTES_MAX);
}

mlp_status mlp_image_read(const char *path, size_t channels, mlp_image *image)
{
    unsigned char *bytes = NULL;
    size_t count = 0;
    *image = (mlp_image){0};
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return mlp_fail_open(path);
    }
    mlp_status status = read_stream(path, file, &bytes, &count);
    fclose(file);
    if (status == MLP_OK) {
        status = mlp_image_decode(path, bytes, count, channels, image);
    }
    free(bytes);
    return status;
}
