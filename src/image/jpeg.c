/** @file
 *  JPEG files, read with libjpeg-turbo.
 */
#include <turbojpeg.h>

#include "formats.h"

/* Each scan of a progressive file costs a pass over all pixels, and a small
 * file may ask for hundreds. Cameras and editors write about ten. */
enum { SCANNED_PIXELS_MAX = 1 << 30 };

/* Markers that begin a scan; 0xff in entropy-coded data is always followed by
 * 0. */
static size_t count_scans(const unsigned char *bytes, size_t count)
{
    size_t scans = 0;
    for (size_t i = 0; i + 1 < count; i++) {
        scans += bytes[i] == 0xff && bytes[i + 1] == 0xda;
    }
    return scans;
}

static mlp_status fail_damaged(const char *name, tjhandle decoder)
{
    return mlp_fail(MLP_ERROR_DATA, "%s: is a damaged JPEG file: %s", name,
                    tjGetErrorStr2(decoder));
}

static mlp_status check(const char *name, const unsigned char *bytes,
                        size_t count, int height, int width, int colors)
{
    MLP_TRY(mlp_image_check_extents(name, (size_t)height, (size_t)width));
    size_t scans = count_scans(bytes, count);
    if (scans > SCANNED_PIXELS_MAX / ((size_t)height * (size_t)width)) {
        return mlp_fail(MLP_ERROR_DATA,
                        "%s: has %zu scans of %d x %d pixels, which is more "
                        "than any picture needs",
                        name, scans, height, width);
    }
    if (colors == TJCS_CMYK || colors == TJCS_YCCK) {
        return mlp_fail(MLP_ERROR_DATA,
                        "%s: is a JPEG file in CMYK, for print; convert it to "
                        "RGB or gray",
                        name);
    }
    return MLP_OK;
}

static mlp_status decode(const char *name, tjhandle decoder,
                         const unsigned char *bytes, size_t count,
                         size_t channels, mlp_image *image)
{
    int height, width, sampling, colors;
    if (tjDecompressHeader3(decoder, bytes, count, &width, &height, &sampling,
                            &colors) != 0) {
        return fail_damaged(name, decoder);
    }
    MLP_TRY(check(name, bytes, count, height, width, colors));
    MLP_TRY(mlp_image_create((size_t)height, (size_t)width, channels, image));
    if (tjDecompress2(decoder, bytes, count, image->pixels, width, 0, height,
                      channels == 3 ? TJPF_RGB : TJPF_GRAY,
                      TJFLAG_ACCURATEDCT) != 0) {
        return fail_damaged(name, decoder);
    }
    return mlp_image_turn(mlp_image_exif_orientation(bytes, count), image);
}

mlp_status mlp_image_decode_jpeg(const char *name, const unsigned char *bytes,
                                 size_t count, size_t channels,
                                 mlp_image *image)
{
    tjhandle decoder = tjInitDecompress();
    if (decoder == NULL) {
        return mlp_fail_memory("a JPEG decoder");
    }
    mlp_status status = decode(name, decoder, bytes, count, channels, image);
    tjDestroy(decoder);
    return status;
}
