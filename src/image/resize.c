/** @file
 *  Resampling: first along rows, then along columns. Only additions,
 *  multiplications and divisions of doubles in a fixed order, so that imported
 *  data is the same everywhere.
 */
#include <math.h>
#include <stdlib.h>

#include "image.h"

/* The pixels of a line that make up one pixel of the new line. */
typedef struct {
    size_t first, count;
    const double *weights; /* [count], their sum is 1 */
} taps;

/* Those of all pixels of the new line. */
typedef struct {
    size_t most; /* taps of one pixel */
    size_t *first, *count;
    double *weights; /* [pixels, most] */
} filter;

static void destroy(filter *f)
{
    free(f->first);
    free(f->count);
    free(f->weights);
}

/* The triangle around pixel `to`, truncated at the ends of the line. */
static void fill(filter *f, size_t to, size_t from_count, double scale)
{
    double reach = scale > 1.0 ? scale : 1.0;
    double center = ((double)to + 0.5) * scale - 0.5;
    double low = center - reach;
    double *weights = f->weights + to * f->most;
    double sum = 0.0;
    f->first[to] = low > 0.0 ? (size_t)low : 0;
    f->count[to] = 0;
    for (size_t s = f->first[to]; s < from_count && f->count[to] < f->most;
         s++) {
        double weight = 1.0 - fabs((double)s - center) / reach;
        if (weight <= 0.0 && sum > 0.0) {
            break;
        }
        weights[f->count[to]++] = weight > 0.0 ? weight : 0.0;
        sum += weight > 0.0 ? weight : 0.0;
    }
    for (size_t i = 0; i < f->count[to]; i++) {
        weights[i] /= sum;
    }
}

static mlp_status create(size_t from, size_t to, filter *f)
{
    double scale = (double)from / (double)to;
    f->most = 3 + 2 * (size_t)(scale > 1.0 ? scale : 1.0);
    f->first = calloc(to, sizeof *f->first);
    f->count = calloc(to, sizeof *f->count);
    f->weights = calloc(to * f->most, sizeof *f->weights);
    if (f->first == NULL || f->count == NULL || f->weights == NULL) {
        return mlp_fail_memory("a picture's filter");
    }
    for (size_t i = 0; i < to; i++) {
        fill(f, i, from, scale);
    }
    return MLP_OK;
}

static taps taps_of(const filter *f, size_t pixel)
{
    return (taps){f->first[pixel], f->count[pixel],
                  f->weights + pixel * f->most};
}

/* Along rows: [height, from, channels] to lines [height, to, channels]. */
static void shrink_rows(const mlp_image *image, const filter *f, size_t width,
                        double *lines)
{
    size_t channels = image->channels;
    for (size_t y = 0; y < image->height; y++) {
        const unsigned char *row = image->pixels + y * image->width * channels;
        double *line = lines + y * width * channels;
        for (size_t i = 0; i < width * channels; i++) {
            taps t = taps_of(f, i / channels);
            double sum = 0.0;
            for (size_t s = 0; s < t.count; s++) {
                sum +=
                    t.weights[s] * row[(t.first + s) * channels + i % channels];
            }
            line[i] = sum;
        }
    }
}

static void shrink_columns(const double *lines, const filter *f,
                           mlp_image *resized)
{
    size_t samples = resized->width * resized->channels;
    for (size_t y = 0; y < resized->height; y++) {
        taps t = taps_of(f, y);
        for (size_t i = 0; i < samples; i++) {
            double sum = 0.0;
            for (size_t s = 0; s < t.count; s++) {
                sum += t.weights[s] * lines[(t.first + s) * samples + i];
            }
            resized->pixels[y * samples + i] =
                (unsigned char)(sum < 254.5 ? sum + 0.5 : 255.0);
        }
    }
}

mlp_status mlp_image_resize(const mlp_image *image, size_t height, size_t width,
                            mlp_image *resized)
{
    filter along = {0};
    filter down = {0};
    *resized = (mlp_image){0};
    double *lines =
        calloc(image->height * width, image->channels * sizeof *lines);
    mlp_status status =
        lines != NULL ? MLP_OK : mlp_fail_memory("a picture's lines");
    if (status == MLP_OK) {
        status = create(image->width, width, &along);
    }
    if (status == MLP_OK) {
        status = create(image->height, height, &down);
    }
    if (status == MLP_OK) {
        status = mlp_image_create(height, width, image->channels, resized);
    }
    if (status == MLP_OK) {
        shrink_rows(image, &along, width, lines);
        shrink_columns(lines, &down, resized);
    }
    destroy(&along);
    destroy(&down);
    free(lines);
    return status;
}
