/** @file
 *  Centers a drawn digit in an image, as MNIST does.
 */
#include <math.h>

#include "image.h"

enum { INK_MIN = 64 }; /* of 255; less is paper or camera noise */

/* Bounding box of the ink. */
typedef struct {
    size_t top, bottom, left, right; /* bottom and right are exclusive */
} box;

static bool find_ink(const mlp_image *image, box *ink)
{
    *ink = (box){image->height, 0, image->width, 0};
    for (size_t y = 0; y < image->height; y++) {
        for (size_t x = 0; x < image->width; x++) {
            if (image->pixels[y * image->width + x] >= INK_MIN) {
                ink->top = y < ink->top ? y : ink->top;
                ink->bottom = y + 1;
                ink->left = x < ink->left ? x : ink->left;
                ink->right = x + 1 > ink->right ? x + 1 : ink->right;
            }
        }
    }
    return ink->bottom > 0;
}

static mlp_status crop(const mlp_image *image, const box *ink, mlp_image *part)
{
    MLP_TRY(mlp_image_create(ink->bottom - ink->top, ink->right - ink->left, 1,
                             part));
    for (size_t y = 0; y < part->height; y++) {
        for (size_t x = 0; x < part->width; x++) {
            part->pixels[y * part->width + x] =
                image->pixels[(ink->top + y) * image->width + ink->left + x];
        }
    }
    return MLP_OK;
}

/* A length of the digit on the new grid: at least one pixel. */
static size_t scaled(size_t length, double factor)
{
    double pixels = floor((double)length * factor + 0.5);
    return pixels < 1.0 ? 1 : (size_t)pixels;
}

/* Offset of the digit such that its center of mass is the grid's center,
 * clamped so that the digit stays on the grid. */
static size_t begin_of(double center, size_t length, size_t grid)
{
    double begin = floor((double)grid / 2.0 - center + 0.5);
    double most = (double)(grid - length);
    begin = begin < most ? begin : most;
    return begin > 0.0 ? (size_t)begin : 0;
}

static void paste(const mlp_image *digit, mlp_image *grid)
{
    double mass = 0.0, down = 0.0, across = 0.0;
    for (size_t y = 0; y < digit->height; y++) {
        for (size_t x = 0; x < digit->width; x++) {
            double ink = digit->pixels[y * digit->width + x];
            mass += ink;
            down += ink * ((double)y + 0.5);
            across += ink * ((double)x + 0.5);
        }
    }
    size_t top =
        begin_of(mass > 0.0 ? down / mass : 0.0, digit->height, grid->height);
    size_t left =
        begin_of(mass > 0.0 ? across / mass : 0.0, digit->width, grid->width);
    for (size_t y = 0; y < digit->height; y++) {
        for (size_t x = 0; x < digit->width; x++) {
            grid->pixels[(top + y) * grid->width + left + x] =
                digit->pixels[y * digit->width + x];
        }
    }
}

/* Five sevenths of the grid: 20 of 28 pixels. */
static mlp_status center(const mlp_image *part, mlp_image *centered)
{
    mlp_image digit;
    double high = 5.0 / 7.0 * (double)centered->height / (double)part->height;
    double wide = 5.0 / 7.0 * (double)centered->width / (double)part->width;
    double factor = high < wide ? high : wide;
    MLP_TRY(mlp_image_resize(part, scaled(part->height, factor),
                             scaled(part->width, factor), &digit));
    paste(&digit, centered);
    mlp_image_destroy(&digit);
    return MLP_OK;
}

mlp_status mlp_image_center(const mlp_image *image, size_t height, size_t width,
                            mlp_image *centered)
{
    box ink;
    mlp_image part;
    MLP_TRY(mlp_image_create(height, width, 1, centered));
    if (!find_ink(image, &ink)) {
        return MLP_OK;
    }
    mlp_status status = crop(image, &ink, &part);
    if (status == MLP_OK) {
        status = center(&part, centered);
    }
    mlp_image_destroy(&part);
    if (status != MLP_OK) {
        mlp_image_destroy(centered);
    }
    return status;
}
