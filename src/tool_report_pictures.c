/** @file
 *  The pictures of a report: what the model got wrong, and its weights.
 */
#include <math.h>
#include <stdlib.h>

#include "image.h"
#include "tool_report.h"

static mlp_status put_image(mlp_markup *m, const mlp_image *image,
                            const unsigned char *alpha, const char *alt)
{
    unsigned char *bytes;
    size_t count;
    MLP_TRY(mlp_image_encode(image, alpha, &bytes, &count));
    mlp_markup_open(m, "img");
    mlp_markup_attribute(m, "alt", "%s", alt);
    mlp_markup_attribute(m, "width", "%zu", image->width);
    mlp_markup_attribute(m, "height", "%zu", image->height);
    mlp_markup_data(m, "src", "image/png", bytes, count);
    mlp_markup_close_empty(m);
    free(bytes);
    return MLP_OK;
}

/* ---- mistakes */

static mlp_status paint(const mlp_tool_case *loaded, size_t row, float largest,
                        mlp_image *image)
{
    const mlp_dataset *data = &loaded->dataset;
    size_t count;
    const void *values = mlp_dataset_look(data, (mlp_range){row, 1}, &count);
    MLP_TRY(mlp_dataset_status(data));
    size_t channels = loaded->checkpoint.channels == 3 ? 3 : 1;
    MLP_TRY(mlp_image_create(loaded->checkpoint.height,
                             loaded->checkpoint.width / channels, channels,
                             image));
    for (size_t i = 0; i < data->features; i++) {
        float value = data->element == MLP_ELEMENT_U8
                          ? ((const unsigned char *)values)[i]
                          : ((const float *)values)[i];
        float light = largest > 0.0F ? value / largest : 0.0F;
        image->pixels[i] =
            light > 0.0F ? (unsigned char)lrintf(255.0F * fminf(light, 1.0F))
                         : 0;
    }
    return MLP_OK;
}

static void bars(mlp_markup *m, const mlp_review *r, const mlp_mistake *mistake)
{
    char number[MLP_CLASS_NUMBER];
    for (size_t i = 0; i < mistake->likeliest_count; i++) {
        bool is_truth = mistake->likeliest[i] == mistake->truth;
        double percent = 100.0 * mistake->probabilities[i];
        mlp_markup_open(m, "div");
        mlp_markup_attribute(m, "class", is_truth ? "bar hit" : "bar");
        mlp_markup_element(m, "span", NULL, "%s",
                           mlp_review_class(r, mistake->likeliest[i], number));
        mlp_markup_open(m, "i");
        mlp_markup_attribute(m, "style", "width:%.1f%%",
                             fmax(0.0, fmin(percent, 100.0)));
        mlp_markup_text(m, "%s", "");
        mlp_markup_close(m);
        if (percent < 0.01) {
            mlp_markup_element(m, "span", NULL, "<0.01%%");
        } else {
            mlp_markup_element(m, "span", NULL, "%.2f%%", percent);
        }
        mlp_markup_close(m);
    }
}

static mlp_status mistake_card(mlp_markup *m, const mlp_review *r,
                               const mlp_example *example, float largest)
{
    const mlp_mistake *mistake = &example->mistake;
    char alt[640], numbers[2][MLP_CLASS_NUMBER];
    mlp_image image;
    const char *truth = mlp_review_class(r, mistake->truth, numbers[0]);
    const char *taken = mlp_review_class(r, mistake->prediction, numbers[1]);
    snprintf(alt, sizeof alt, "Test row %zu: %s taken for %s", example->row,
             truth, taken);
    mlp_markup_open(m, "li");
    if (r->loaded.checkpoint.height > 1) {
        MLP_TRY(paint(&r->loaded, example->row, largest, &image));
        mlp_status status = put_image(m, &image, NULL, alt);
        mlp_image_destroy(&image);
        MLP_TRY(status);
    }
    mlp_markup_element(m, "b", NULL, "%s taken for %s", truth, taken);
    bars(m, r, mistake);
    mlp_markup_element(m, "span", "note", "row %zu", example->row);
    mlp_markup_close(m);
    return MLP_OK;
}

mlp_status mlp_page_mistakes(mlp_markup *m, const mlp_account *account)
{
    const mlp_review *r = &account->review;
    mlp_page_section(m, "mistakes", "Worst mistakes");
    mlp_markup_element(m, "p", "note",
                       "Test rows whose true class the model held for the "
                       "least likely, with its most likely three; the true "
                       "one is blue where it is among them.");
    mlp_markup_open(m, "ul");
    mlp_markup_attribute(m, "class", "mistakes");
    for (size_t i = 0; i < r->example_count; i++) {
        MLP_TRY(mistake_card(m, r, &r->examples[i], r->loaded.largest));
    }
    mlp_markup_close(m);
    mlp_markup_close(m);
    return MLP_OK;
}

/* ---- weights */

enum { UNITS_MAX = 64 };

typedef struct {
    size_t unit;
    double squares; /* of its weights */
} strength;

static int stronger(const void *a, const void *b)
{
    const strength *x = a, *y = b;
    return x->squares != y->squares ? (x->squares < y->squares ? 1 : -1)
           : x->unit < y->unit      ? -1
                                    : x->unit > y->unit;
}

/* Units of the first layer, those of the largest weights first; NULL without
 * memory. */
static strength *rank_units(const mlp_checkpoint *c)
{
    size_t in = c->widths[0], out = c->widths[1];
    strength *units = calloc(out, sizeof *units);
    for (size_t j = 0; units != NULL && j < out; j++) {
        units[j].unit = j;
        for (size_t i = 0; i < in; i++) {
            double w = (double)c->parameters[i * out + j];
            units[j].squares += w * w;
        }
    }
    if (units != NULL) {
        qsort(units, out, sizeof *units, stronger);
    }
    return units;
}

/* Blue above 0, orange below, and the less opaque the nearer to it: so 0 is the
 * page, light or dark. */
static mlp_status put_unit(mlp_markup *m, const mlp_checkpoint *c, size_t unit)
{
    static const unsigned char hues[2][3] = {{0xe0, 0x6c, 0x10},
                                             {0x2f, 0x7b, 0xf0}};
    size_t in = c->widths[0], out = c->widths[1];
    float most = 0.0F;
    mlp_image image;
    unsigned char *alpha = calloc(in, 1);
    char alt[64];
    if (alpha == NULL) {
        return mlp_fail_memory("a picture of weights");
    }
    mlp_status status = mlp_image_create(c->height, c->width, 3, &image);
    for (size_t i = 0; i < in; i++) {
        most = fmaxf(most, fabsf(c->parameters[i * out + unit]));
    }
    for (size_t i = 0; status == MLP_OK && i < in; i++) {
        float w = most > 0.0F ? c->parameters[i * out + unit] / most : 0.0F;
        for (size_t k = 0; k < 3; k++) {
            image.pixels[3 * i + k] = hues[w > 0.0F][k];
        }
        alpha[i] = (unsigned char)lrintf(255.0F * fabsf(w));
    }
    snprintf(alt, sizeof alt, "unit %zu", unit);
    if (status == MLP_OK) {
        status = put_image(m, &image, alpha, alt);
    }
    mlp_image_destroy(&image);
    free(alpha);
    return status;
}

mlp_status mlp_page_weights(mlp_markup *m, const mlp_account *account)
{
    const mlp_checkpoint *c = &account->stories[0].checkpoint;
    if (account->stories[0].checkpoint_path[0] == '\0' || c->height <= 1 ||
        c->height * c->width != c->widths[0]) {
        return MLP_OK;
    }
    strength *units = rank_units(c);
    if (units == NULL) {
        return mlp_fail_memory("the units of a layer");
    }
    size_t shown = c->widths[1] < UNITS_MAX ? c->widths[1] : UNITS_MAX;
    mlp_page_section(m, "weights", "Weights of the first layer");
    mlp_markup_element(m, "p", "note",
                       "%zu of %zu units, those of the largest weights first. "
                       "Blue is above zero, orange below; each picture on a "
                       "scale of its own.",
                       shown, c->widths[1]);
    mlp_markup_open(m, "div");
    mlp_markup_attribute(m, "class", "weights");
    mlp_status status = MLP_OK;
    for (size_t i = 0; i < shown && status == MLP_OK; i++) {
        status = put_unit(m, c, units[i].unit);
    }
    free(units);
    mlp_markup_close(m);
    mlp_markup_close(m);
    return status;
}
