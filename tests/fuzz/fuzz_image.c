/** @file
 *  Fuzz target: a PNG or JPEG picture, resized, inverted and centered.
 */
#include "fuzz.h"
#include "image/image.h"

enum { PIXELS_MOST = 1 << 16 };

static void use(const mlp_image *image)
{
    mlp_image resized, centered;
    if (image->height * image->width > PIXELS_MOST) {
        return;
    }
    if (mlp_image_resize(image, 9, 7, &resized) == MLP_OK) {
        mlp_image_invert(&resized);
        mlp_image_destroy(&resized);
    }
    if (image->channels == 1 &&
        mlp_image_center(image, 28, 28, &centered) == MLP_OK) {
        mlp_image_destroy(&centered);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    for (size_t channels = 1; channels <= 3; channels += 2) {
        mlp_image image;
        mlp_status status =
            mlp_image_decode("a picture", data, size, channels, &image);
        fuzz_expect(status != MLP_OK ||
                        (image.pixels != NULL && image.channels == channels &&
                         image.height > 0 && image.width > 0),
                    "a picture that was read is whole");
        if (status == MLP_OK) {
            use(&image);
            mlp_image_destroy(&image);
        }
    }
    return 0;
}
