/** @file
 *  The first layer's weights as pictures: each weight at the position of its
 *  input pixel.
 */
#include <math.h>
#include <stdlib.h>

#include "report.h"

enum { PICTURES_MAX = 64 }; /* or those of one unit */

typedef struct {
    size_t unit;
    double squares; /* sum of squares of its weights */
} unit_norm;

static int by_norm(const void *a, const void *b)
{
    const unit_norm *x = a, *y = b;
    return x->squares != y->squares ? (x->squares < y->squares ? 1 : -1)
           : x->unit < y->unit      ? -1
                                    : x->unit > y->unit;
}

/* Units of the first layer in descending order of their weights' norm; NULL
 * without memory. */
static unit_norm *rank_units(const mlp_checkpoint *c)
{
    size_t in = c->widths[0], out = c->widths[1];
    const float *weights = mlp_checkpoint_result(c);
    unit_norm *units = calloc(out, sizeof *units);
    for (size_t j = 0; units != NULL && j < out; j++) {
        units[j].unit = j;
        for (size_t i = 0; i < in; i++) {
            double w = (double)weights[i * out + j];
            units[j].squares += w * w;
        }
    }
    if (units != NULL) {
        qsort(units, out, sizeof *units, by_norm);
    }
    return units;
}

/* A unit's weights, scaled by the largest one. */
typedef struct {
    const mlp_checkpoint *of;
    const float *from; /* the layer's weights, [in, out] */
    size_t unit;
    float most;
} unit_weights;

static unit_weights weights_of(const mlp_checkpoint *c, size_t unit)
{
    unit_weights w = {c, mlp_checkpoint_result(c), unit, 0.0F};
    for (size_t i = 0; i < c->widths[0]; i++) {
        w.most = fmaxf(w.most, fabsf(w.from[i * c->widths[1] + unit]));
    }
    return w;
}

/* The scaled weight of an input, in [-1, 1]. */
static float weight(const unit_weights *w, size_t input)
{
    return w->most > 0.0F
               ? w->from[input * w->of->widths[1] + w->unit] / w->most
               : 0.0F;
}

/* Colors of pixels that raise the unit's activation are bright in the same
 * channel; gray is 0. */
static mlp_status put_colors(mlp_markup *m, const unit_weights *w)
{
    const mlp_checkpoint *c = w->of;
    mlp_image image;
    char alt[64];
    snprintf(alt, sizeof alt, "unit %zu", w->unit);
    MLP_TRY(mlp_image_create(c->height, c->width / 3, 3, &image));
    for (size_t i = 0; i < c->widths[0]; i++) {
        image.pixels[i] = (unsigned char)lrintf(127.5F * (1.0F + weight(w, i)));
    }
    mlp_status status = mlp_page_image(m, &image, NULL, alt);
    mlp_image_destroy(&image);
    return status;
}

/* Blue above 0, orange below, with opacity by magnitude: 0 shows the page's
 * background, light or dark. */
static mlp_status tint(const unit_weights *w, size_t channel, mlp_image *image,
                       unsigned char *alpha)
{
    static const unsigned char hues[2][3] = {{0xe0, 0x6c, 0x10},
                                             {0x2f, 0x7b, 0xf0}};
    size_t channels = mlp_report_channels(w->of);
    MLP_TRY(mlp_image_create(w->of->height, w->of->width / channels, 3, image));
    for (size_t i = 0; i < w->of->widths[0] / channels; i++) {
        float value = weight(w, i * channels + channel);
        for (size_t k = 0; k < 3; k++) {
            image->pixels[3 * i + k] = hues[value > 0.0F][k];
        }
        alpha[i] = (unsigned char)lrintf(255.0F * fabsf(value));
    }
    return MLP_OK;
}

static mlp_status put_channel(mlp_markup *m, const unit_weights *w,
                              size_t channel)
{
    mlp_image image;
    char alt[64];
    unsigned char *alpha = calloc(w->of->widths[0], 1);
    if (alpha == NULL) {
        return mlp_fail_memory("a picture of weights");
    }
    snprintf(alt, sizeof alt, "unit %zu", w->unit);
    if (mlp_report_channels(w->of) > 1) {
        snprintf(alt, sizeof alt, "unit %zu, channel %zu", w->unit, channel);
    }
    mlp_status status = tint(w, channel, &image, alpha);
    if (status == MLP_OK) {
        status = mlp_page_image(m, &image, alpha, alt);
        mlp_image_destroy(&image);
    }
    free(alpha);
    return status;
}

/* Pictures of a unit: one in color, or one for each channel. */
static size_t pictures_of(const mlp_checkpoint *c)
{
    size_t channels = mlp_report_channels(c);
    return channels == 3 ? 1 : channels;
}

static mlp_status put_unit(mlp_markup *m, const unit_weights *w)
{
    if (mlp_report_channels(w->of) == 3) {
        return put_colors(m, w);
    }
    for (size_t k = 0; k < pictures_of(w->of); k++) {
        MLP_TRY(put_channel(m, w, k));
    }
    return MLP_OK;
}

/* The legend of the pictures. */
static void print_legend(mlp_markup *m, const mlp_checkpoint *c, size_t shown)
{
    const char *colors = "Blue is above zero, orange below";
    char several[64] = "";
    if (mlp_report_channels(c) == 3) {
        colors = "Gray is zero; a channel is lighter above it, darker below";
    }
    if (pictures_of(c) > 1) {
        snprintf(several, sizeof several,
                 "A unit has %zu pictures, one per channel. ", pictures_of(c));
    }
    mlp_markup_element(m, "p", "note",
                       "%zu of %zu units, in descending order of weight norm. "
                       "%s%s; each %s has its own scale.",
                       shown, c->widths[1], several, colors,
                       pictures_of(c) > 1 ? "unit" : "picture");
}

mlp_status mlp_page_weights(mlp_markup *m, const mlp_report_input *input)
{
    const mlp_checkpoint *c = &input->runs[0].checkpoint;
    if (input->runs[0].checkpoint_path[0] == '\0' || c->height <= 1 ||
        c->height * c->width != c->widths[0]) {
        return MLP_OK;
    }
    unit_norm *units = rank_units(c);
    if (units == NULL) {
        return mlp_fail_memory("the units of a layer");
    }
    size_t most = PICTURES_MAX / pictures_of(c);
    size_t shown = most == 0 ? 1 : most < c->widths[1] ? most : c->widths[1];
    mlp_page_section(m, "weights", "Weights of the first layer");
    print_legend(m, c, shown);
    mlp_markup_open(m, "div");
    mlp_markup_attribute(m, "class", "weights");
    mlp_status status = MLP_OK;
    for (size_t i = 0; i < shown && status == MLP_OK; i++) {
        const unit_weights w = weights_of(c, units[i].unit);
        status = put_unit(m, &w);
    }
    free(units);
    mlp_markup_close(m);
    mlp_markup_close(m);
    return status;
}
