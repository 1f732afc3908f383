/** @file
 *  Pictures of misclassified rows, and of deformed ones.
 */
#include <math.h>
#include <stdlib.h>

#include "image/image.h"
#include "report.h"

mlp_status mlp_page_image(mlp_markup *m, const mlp_image *image,
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

size_t mlp_report_channels(const mlp_checkpoint *checkpoint)
{
    return checkpoint->channels > 1 ? checkpoint->channels : 1;
}

/* ---- misclassified rows */

static mlp_status paint(const mlp_tool_case *loaded, size_t row,
                        mlp_image *image)
{
    const mlp_dataset *data = &loaded->dataset;
    const mlp_checkpoint *c = &loaded->checkpoint;
    size_t count;
    const void *values = mlp_dataset_read(data, (mlp_range){row, 1}, &count);
    const mlp_tool_grid grid = {c->height, c->width, c->channels, data->element,
                                loaded->largest};
    MLP_TRY(mlp_dataset_status(data));
    return mlp_tool_paint(&grid, values, image);
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
                               const mlp_example *example)
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
        MLP_TRY(paint(&r->loaded, example->row, &image));
        mlp_status status = mlp_page_image(m, &image, NULL, alt);
        mlp_image_destroy(&image);
        MLP_TRY(status);
    }
    mlp_markup_element(m, "b", NULL, "%s taken for %s", truth, taken);
    bars(m, r, mistake);
    mlp_markup_element(m, "span", "note", "row %zu", example->row);
    mlp_markup_close(m);
    return MLP_OK;
}

mlp_status mlp_page_mistakes(mlp_markup *m, const mlp_report_input *input)
{
    const mlp_review *r = &input->review;
    uint64_t mistakes = r->tally.rows - r->tally.hits;
    char count[64];
    if (r->example_count == mistakes) {
        snprintf(count, sizeof count, "All %zu", r->example_count);
    } else {
        snprintf(count, sizeof count, "The worst %zu of %llu", r->example_count,
                 (unsigned long long)mistakes);
    }
    mlp_page_section(m, "mistakes", "Mistakes");
    mlp_markup_element(m, "p", "note",
                       "%s misclassified test rows, those whose true class has "
                       "the lowest probability first, with the three most "
                       "likely classes; the true class is blue if among them.",
                       count);
    mlp_markup_open(m, "ul");
    mlp_markup_attribute(m, "class", "mistakes");
    for (size_t i = 0; i < r->example_count; i++) {
        MLP_TRY(mistake_card(m, r, &r->examples[i]));
    }
    mlp_markup_close(m);
    mlp_markup_close(m);
    return MLP_OK;
}

mlp_status mlp_page_deformed(mlp_markup *m, const mlp_report_input *input)
{
    const mlp_deformed *deformed = &input->review.deformed;
    mlp_image sheet;
    if (deformed->count == 0) {
        return MLP_OK;
    }
    mlp_page_section(m, "deformed", "Deformed images");
    mlp_markup_element(m, "p", "note",
                       "The first training rows, each beside what it was in "
                       "the first epoch. Each epoch deforms them anew.");
    MLP_TRY(mlp_deformed_sheet(deformed, &sheet));
    mlp_markup_open(m, "div");
    mlp_markup_attribute(m, "class", "deformed");
    mlp_status status = mlp_page_image(
        m, &sheet, NULL, "Training images before and after deformation");
    mlp_image_destroy(&sheet);
    mlp_markup_close(m);
    mlp_markup_close(m);
    return status;
}
