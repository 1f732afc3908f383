/** @file
 *  The orientation of a picture: cameras store the sensor's rows as they are,
 *  and how to rotate them in the file's Exif segment.
 *
 *  Source: CIPA DC-008, "Exchangeable image file format for digital still
 *  cameras: Exif", section 4.6.4, tag Orientation; TIFF 6.0, section 2.
 */
#include <stdint.h>
#include <string.h>

#include "formats.h"

/* The Exif segment: a TIFF file without a picture. */
typedef struct {
    const unsigned char *bytes;
    size_t count;
    bool is_little; /* endian */
} tiff;

/* A number of `width` bytes; 0 beyond the end. */
static size_t number(const tiff *t, size_t at, size_t width)
{
    size_t value = 0;
    if (at > t->count || width > t->count - at) {
        return 0;
    }
    for (size_t i = 0; i < width; i++) {
        size_t place = t->is_little ? width - 1 - i : i;
        value = value << 8 | t->bytes[at + place];
    }
    return value;
}

/* The orientation tag of the first directory. */
static unsigned orientation_of(const tiff *t)
{
    enum { TAG = 0x0112, SHORT = 3, ENTRY = 12 };
    size_t directory = number(t, 4, 4);
    size_t entries = number(t, directory, 2);
    for (size_t i = 0; i < entries; i++) {
        size_t at = directory + 2 + i * ENTRY;
        if (number(t, at, 2) == TAG && number(t, at + 2, 2) == SHORT) {
            return (unsigned)number(t, at + 8, 2);
        }
    }
    return MLP_IMAGE_UPRIGHT;
}

unsigned mlp_image_exif_orientation(const unsigned char *bytes, size_t count)
{
    static const unsigned char mark[] = {'E', 'x', 'i', 'f', 0, 0};
    enum { APP1 = 0xe1, SCAN = 0xda, HEAD = 4 };
    unsigned found = MLP_IMAGE_UPRIGHT;
    for (size_t at = 2; at + HEAD <= count && bytes[at] == 0xff;) {
        size_t length = (size_t)bytes[at + 2] << 8 | bytes[at + 3];
        size_t end = at + 2 + length;
        if (bytes[at + 1] == SCAN || length < 2 || end > count) {
            break;
        }
        size_t begin = at + HEAD + sizeof mark;
        if (bytes[at + 1] == APP1 && begin < end &&
            memcmp(bytes + at + HEAD, mark, sizeof mark) == 0) {
            const tiff t = {bytes + begin, end - begin, bytes[begin] == 'I'};
            found = orientation_of(&t);
            break;
        }
        at = end;
    }
    return found > MLP_IMAGE_UPRIGHT && found <= 8 ? found : MLP_IMAGE_UPRIGHT;
}

/* Orientations 5 to 8 transpose; besides, rows, columns or both are flipped. */
mlp_status mlp_image_turn(unsigned orientation, mlp_image *image)
{
    bool swaps = orientation >= 5;
    bool flips_rows = orientation == 3 || orientation == 4 ||
                      orientation == 6 || orientation == 7;
    bool flips_columns = orientation == 2 || orientation == 3 ||
                         orientation == 7 || orientation == 8;
    mlp_image turned;
    if (orientation == MLP_IMAGE_UPRIGHT) {
        return MLP_OK;
    }
    MLP_TRY(mlp_image_create(swaps ? image->width : image->height,
                             swaps ? image->height : image->width,
                             image->channels, &turned));
    unsigned char *to = turned.pixels;
    for (size_t y = 0; y < turned.height; y++) {
        for (size_t x = 0; x < turned.width; x++) {
            size_t row = swaps ? x : y;
            size_t column = swaps ? y : x;
            row = flips_rows ? image->height - 1 - row : row;
            column = flips_columns ? image->width - 1 - column : column;
            memcpy(to,
                   image->pixels +
                       (row * image->width + column) * image->channels,
                   image->channels);
            to += image->channels;
        }
    }
    mlp_image_destroy(image);
    *image = turned;
    return MLP_OK;
}
