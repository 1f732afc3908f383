/** @file
 *  The formats of picture files, one function for each. Private to image.
 */
#ifndef MLP_IMAGE_FORMATS_H
#define MLP_IMAGE_FORMATS_H

#include "image.h"

/** Whether so large a picture may be decoded. MLP_ERROR_DATA. */
mlp_status mlp_image_check_extents(const char *name, size_t height,
                                   size_t width);

/** As mlp_image_decode, but on failure the caller destroys the image. */
mlp_status mlp_image_decode_png(const char *name, const unsigned char *bytes,
                                size_t count, size_t channels,
                                mlp_image *image);
mlp_status mlp_image_decode_jpeg(const char *name, const unsigned char *bytes,
                                 size_t count, size_t channels,
                                 mlp_image *image);

#endif
