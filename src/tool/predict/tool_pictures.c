/** @file
 *  Picture files as rows for a model.
 */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "image/image.h"
#include "predict.h"
#include "system/files.h"

/* ---- list of files */

/* @param path  owned by the list from now on */
static mlp_status add(mlp_pictures *pictures, char *path)
{
    bool is_full = (pictures->count & (pictures->count - 1)) == 0;
    if (is_full && path != NULL) { /* at 0, 1, 2, 4 ...: twice the room */
        size_t room = pictures->count == 0 ? 1 : 2 * pictures->count;
        char **more = reallocarray(pictures->paths, room, sizeof *more);
        if (more == NULL) {
            free(path);
            path = NULL;
        } else {
            pictures->paths = more;
        }
    }
    if (path == NULL) {
        return mlp_fail_memory("the names of pictures");
    }
    pictures->paths[pictures->count++] = path;
    return MLP_OK;
}

static char *join(const char *directory, const char *name)
{
    size_t room = strlen(directory) + strlen(name) + 2;
    char *path = malloc(room);
    if (path != NULL) {
        snprintf(path, room, "%s/%s", directory, name);
    }
    return path;
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static mlp_status add_directory(mlp_pictures *pictures, const char *path)
{
    size_t before = pictures->count;
    mlp_status status = MLP_OK;
    DIR *directory = opendir(path);
    if (directory == NULL) {
        return mlp_fail_open(path);
    }
    struct dirent *entry;
    while (mlp_directory_next(path, directory, &entry, &status)) {
        if (mlp_image_has_name(entry->d_name)) {
            status = add(pictures, join(path, entry->d_name));
        }
    }
    closedir(directory);
    if (status == MLP_OK && pictures->count == before) {
        return mlp_fail(MLP_ERROR_MISSING,
                        "%s: has no .png, .jpg or .jpeg file", path);
    }
    if (status == MLP_OK) {
        qsort(pictures->paths + before, pictures->count - before,
              sizeof *pictures->paths, compare);
    }
    return status;
}

mlp_status mlp_pictures_list(char *const *paths, size_t count,
                             mlp_pictures *pictures)
{
    for (size_t i = 0; i < count; i++) {
        struct stat facts;
        if (stat(paths[i], &facts) != 0) {
            return mlp_fail_open(paths[i]);
        }
        MLP_TRY(S_ISDIR(facts.st_mode) ? add_directory(pictures, paths[i])
                                       : add(pictures, strdup(paths[i])));
    }
    return MLP_OK;
}

void mlp_pictures_destroy(mlp_pictures *pictures)
{
    for (size_t i = 0; i < pictures->count; i++) {
        free(pictures->paths[i]);
    }
    free(pictures->paths);
    *pictures = (mlp_pictures){0};
}

/* ---- files as rows */

/* The gray, or red, value of a pixel. */
static size_t pixel(const mlp_image *image, size_t y, size_t x)
{
    return image->pixels[(y * image->width + x) * image->channels];
}

/* Whether the edge pixels are light, as on paper. */
static bool has_light_edges(const mlp_image *image)
{
    size_t last = image->height - 1, right = image->width - 1;
    size_t sum = 0;
    for (size_t x = 0; x < image->width; x++) {
        sum += pixel(image, 0, x) + pixel(image, last, x);
    }
    for (size_t y = 0; y < image->height; y++) {
        sum += pixel(image, y, 0) + pixel(image, y, right);
    }
    return sum > 170 * 2 * (image->height + image->width);
}

static mlp_status read_one(const char *path, const mlp_tool_options *options,
                           const mlp_checkpoint *checkpoint, mlp_image *image)
{
    mlp_image whole;
    size_t channels = checkpoint->channels == 3 ? 3 : 1;
    if (channels > 1 && options->is_center) {
        return mlp_fail(MLP_ERROR_USAGE, "--center requires a model of "
                                         "pictures in gray, this one has "
                                         "color");
    }
    MLP_TRY(mlp_image_read(path, channels, &whole));
    if (options->is_inverted) {
        mlp_image_invert(&whole);
    }
    mlp_status status =
        (options->is_center ? mlp_image_center : mlp_image_resize)(
            &whole, checkpoint->height, checkpoint->width / channels, image);
    mlp_image_destroy(&whole);
    return status;
}

mlp_status mlp_pictures_read(mlp_pictures *pictures, mlp_range which,
                             const mlp_tool_options *options,
                             const mlp_checkpoint *checkpoint,
                             mlp_dataset *dataset)
{
    float white = mlp_checkpoint_white(checkpoint);
    float *values = dataset->values;
    for (size_t r = 0; r < which.count; r++) {
        mlp_image image;
        MLP_TRY(read_one(pictures->paths[which.first + r], options, checkpoint,
                         &image));
        pictures->light_count += has_light_edges(&image);
        for (size_t i = 0; i < dataset->features; i++) {
            *values++ = (float)image.pixels[i] * white / 255.0F;
        }
        mlp_image_destroy(&image);
    }
    dataset->range = (mlp_range){0, which.count};
    return MLP_OK;
}

mlp_status mlp_pictures_create_rows(size_t rows, size_t features,
                                    mlp_dataset *dataset)
{
    size_t bytes = rows * features * sizeof(float);
    *dataset = (mlp_dataset){
        .range = {0, rows}, .features = features, .element = MLP_ELEMENT_F32};
    dataset->values = aligned_alloc(64, (bytes + 63) / 64 * 64);
    dataset->labels = calloc(rows, sizeof *dataset->labels);
    if (dataset->values == NULL || dataset->labels == NULL) {
        mlp_dataset_destroy(dataset);
        return mlp_fail_memory("pictures");
    }
    return MLP_OK;
}
