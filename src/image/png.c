/** @file
 *  PNG files, read and written with libpng's simplified interface.
 */
#include <png.h>
#include <stdlib.h>
#include <string.h>

#include "formats.h"

/* ---- reading */

/* ITU-R BT.601, in place; gray pixels are unchanged. */
static void make_gray(mlp_image *image)
{
    size_t count = image->height * image->width;
    for (size_t i = 0; i < count; i++) {
        const unsigned char *rgb = image->pixels + 3 * i;
        unsigned luma = 299U * rgb[0] + 587U * rgb[1] + 114U * rgb[2];
        image->pixels[i] = (unsigned char)((luma + 500U) / 1000U);
    }
    image->channels = 1;
}

/* Ask libpng for the file's own colors: its conversion from color to gray goes
 * through linear light, and differs from JPEG's. */
static mlp_status decode(const char *name, png_image *png, size_t channels,
                         mlp_image *image)
{
    static const png_color white = {255, 255, 255};
    bool has_color = (png->format & PNG_FORMAT_FLAG_COLOR) != 0;
    bool wants_color = has_color || channels == 3;
    MLP_TRY(mlp_image_check_extents(name, png->height, png->width));
    png->format = wants_color ? PNG_FORMAT_RGB : PNG_FORMAT_GRAY;
    png->flags |= PNG_IMAGE_FLAG_16BIT_sRGB; /* not linear light */
    MLP_TRY(
        mlp_image_create(png->height, png->width, wants_color ? 3 : 1, image));
    if (!png_image_finish_read(png, &white, image->pixels, 0, NULL)) {
        return mlp_fail(MLP_ERROR_DATA, "%s: is a damaged PNG file: %s", name,
                        png->message);
    }
    if (channels == 1 && wants_color) {
        make_gray(image);
    }
    return MLP_OK;
}

mlp_status mlp_image_decode_png(const char *name, const unsigned char *bytes,
                                size_t count, size_t channels, mlp_image *image)
{
    png_image png = {.version = PNG_IMAGE_VERSION};
    if (!png_image_begin_read_from_memory(&png, bytes, count)) {
        return mlp_fail(MLP_ERROR_DATA, "%s: is a damaged PNG file: %s", name,
                        png.message);
    }
    mlp_status status = decode(name, &png, channels, image);
    png_image_free(&png);
    return status;
}

/* ---- writing */

/* Color samples and, after those of each pixel, its opacity. */
static mlp_image interleave(const mlp_image *image, const unsigned char *alpha)
{
    size_t channels = image->channels;
    mlp_image woven;
    if (mlp_image_create(image->height, image->width, channels + 1, &woven) !=
        MLP_OK) {
        return woven;
    }
    for (size_t i = 0; i < image->height * image->width; i++) {
        unsigned char *pixel = woven.pixels + (channels + 1) * i;
        memcpy(pixel, image->pixels + channels * i, channels);
        pixel[channels] = alpha[i];
    }
    return woven;
}

static mlp_status encode(const mlp_image *image, bool has_alpha,
                         unsigned char **bytes, size_t *count)
{
    png_image png = {.version = PNG_IMAGE_VERSION,
                     .width = (png_uint_32)image->width,
                     .height = (png_uint_32)image->height,
                     .format =
                         (image->channels > 2 ? PNG_FORMAT_FLAG_COLOR : 0) |
                         (has_alpha ? PNG_FORMAT_FLAG_ALPHA : 0)};
    png_alloc_size_t room = PNG_IMAGE_PNG_SIZE_MAX(png);
    *bytes = malloc(room);
    if (*bytes == NULL || !png_image_write_to_memory(&png, *bytes, &room, 0,
                                                     image->pixels, 0, NULL)) {
        free(*bytes);
        *bytes = NULL;
        return mlp_fail_memory("a PNG file");
    }
    *count = room;
    return MLP_OK;
}

mlp_status mlp_image_encode(const mlp_image *image, const unsigned char *alpha,
                            unsigned char **bytes, size_t *count)
{
    *bytes = NULL;
    *count = 0;
    if (alpha == NULL) {
        return encode(image, false, bytes, count);
    }
    mlp_image woven = interleave(image, alpha);
    if (woven.pixels == NULL) {
        return mlp_fail_memory("a picture");
    }
    mlp_status status = encode(&woven, true, bytes, count);
    mlp_image_destroy(&woven);
    return status;
}
