/** @file
 *  mlp data import: makes an HDF5 data set from a folder of PNG and JPEG files,
 *  with one sub-folder per class. Rows are in random order, the last ones are
 *  test rows.
 */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/log.h"
#include "base/rng.h"
#include "data.h"
#include "image/image.h"
#include "system/files.h"

enum { FOLDERS_MOST = 4096 };

typedef struct {
    char *path;
    uint16_t label;
    bool is_bad;
} picture;

typedef struct {
    const mlp_tool_options *options;
    mlp_names classes; /* names of the sub-folders */
    picture *pictures; /* [count] */
    size_t count, room;
    size_t bad;
    size_t bytes;        /* of a row */
    unsigned char *rows; /* [count, bytes]; rows of invalid files are unused */
    unsigned char *sorted; /* [count - bad, bytes] */
    uint16_t *labels;      /* [count - bad] */
} import;

/* ---- files ------------------------------------------------------------- */

static mlp_status join(const char *directory, const char *name,
                       char path[MLP_MAX_PATH])
{
    int length = snprintf(path, MLP_MAX_PATH, "%s/%s", directory, name);
    return length < MLP_MAX_PATH
               ? MLP_OK
               : mlp_fail(MLP_ERROR_DATA, "%s: has paths that are too long",
                          directory);
}

static mlp_status add_picture(import *in, const char *path, size_t label)
{
    if (in->count == in->room) {
        size_t room = in->room == 0 ? 256 : 2 * in->room;
        picture *more = reallocarray(in->pictures, room, sizeof *more);
        if (more == NULL) {
            return mlp_fail_memory("the names of pictures");
        }
        in->pictures = more;
        in->room = room;
    }
    char *copy = strdup(path);
    if (copy == NULL || in->count == UINT32_MAX) {
        free(copy);
        return mlp_fail_memory("the names of pictures");
    }
    picture *added = &in->pictures[in->count++];
    added->path = copy;
    added->label = (uint16_t)label;
    added->is_bad = false;
    return MLP_OK;
}

static mlp_status open_folder(const char *path, DIR **folder)
{
    *folder = opendir(path);
    return *folder != NULL ? MLP_OK : mlp_fail_open(path);
}

/* Every sub-folder is a class. */
static mlp_status find_classes(import *in)
{
    DIR *folder;
    mlp_status status = MLP_OK;
    MLP_TRY(open_folder(in->options->operands[1], &folder));
    for (struct dirent *entry; mlp_directory_next(in->options->operands[1],
                                                  folder, &entry, &status);) {
        char path[MLP_MAX_PATH];
        struct stat facts;
        if (entry->d_name[0] == '.') {
            continue;
        }
        status = join(in->options->operands[1], entry->d_name, path);
        if (status == MLP_OK && stat(path, &facts) != 0) {
            status =
                errno == ENOENT ? MLP_OK : mlp_fail_read(path); /* a link */
        } else if (status == MLP_OK && S_ISDIR(facts.st_mode)) {
            status = mlp_names_add(&in->classes, entry->d_name, FOLDERS_MOST);
        }
    }
    closedir(folder);
    if (status != MLP_OK) {
        return mlp_fail(status, "%s: %s", in->options->operands[1],
                        mlp_failure());
    }
    return in->classes.count >= 2
               ? MLP_OK
               : mlp_fail(MLP_ERROR_DATA,
                          "%s: expected a sub-folder for each of two classes "
                          "or more, found %zu",
                          in->options->operands[1], in->classes.count);
}

static mlp_status list_class(import *in, size_t label)
{
    char path[MLP_MAX_PATH], file[MLP_MAX_PATH];
    size_t before = in->count;
    DIR *folder;
    MLP_TRY(join(in->options->operands[1], in->classes.items[label], path));
    MLP_TRY(open_folder(path, &folder));
    mlp_status status = MLP_OK;
    for (struct dirent *entry;
         mlp_directory_next(path, folder, &entry, &status);) {
        if (entry->d_name[0] != '.' && mlp_image_has_name(entry->d_name)) {
            status = join(path, entry->d_name, file);
            if (status == MLP_OK) {
                status = add_picture(in, file, label);
            }
        }
    }
    closedir(folder);
    if (status == MLP_OK && in->count == before) {
        return mlp_fail(MLP_ERROR_DATA, "%s: has no .png, .jpg or .jpeg file",
                        path);
    }
    return status;
}

/* Entries of readdir have no defined order. */
static int compare(const void *a, const void *b)
{
    return strcmp(((const picture *)a)->path, ((const picture *)b)->path);
}

static mlp_status list_pictures(import *in)
{
    MLP_TRY(find_classes(in));
    for (size_t label = 0; label < in->classes.count; label++) {
        size_t before = in->count;
        MLP_TRY(list_class(in, label));
        qsort(in->pictures + before, in->count - before, sizeof *in->pictures,
              compare);
    }
    return MLP_OK;
}

/* ---- pictures as rows -------------------------------------------------- */

static mlp_status read_picture(const import *in, const picture *from,
                               unsigned char *row)
{
    const mlp_tool_options *options = in->options;
    mlp_image read, resized;
    size_t channels = options->is_gray ? 1 : 3;
    MLP_TRY(mlp_image_read(from->path, channels, &read));
    mlp_status status = mlp_image_resize(&read, options->size.height,
                                         options->size.width, &resized);
    mlp_image_destroy(&read);
    MLP_TRY(status);
    memcpy(row, resized.pixels, in->bytes);
    mlp_image_destroy(&resized);
    return MLP_OK;
}

static mlp_status read_pictures(import *in)
{
    in->bytes = in->options->size.height * in->options->size.width *
                (in->options->is_gray ? 1 : 3);
    in->rows = reallocarray(NULL, in->count, in->bytes);
    if (in->rows == NULL) {
        return mlp_fail_memory("the pictures");
    }
    for (size_t i = 0; i < in->count; i++) {
        picture *from = &in->pictures[i];
        mlp_status status = read_picture(in, from, in->rows + i * in->bytes);
        if (status != MLP_OK &&
            in->options->bad_images == MLP_BAD_IMAGES_FAIL) {
            return status;
        }
        if (status != MLP_OK) {
            mlp_log_warning("skipped: %s", mlp_failure());
            from->is_bad = true;
            in->bad++;
        }
    }
    return MLP_OK;
}

/* ---- random order ------------------------------------------------------ */

static mlp_status sort_rows(import *in)
{
    const mlp_rng_key key = {in->options->seed, MLP_RNG_SPLIT, 0};
    size_t good = in->count - in->bad;
    uint32_t *all = calloc(in->count + 1, sizeof *all);
    in->sorted = reallocarray(NULL, good + 1, in->bytes);
    in->labels = calloc(good + 1, sizeof *in->labels);
    if (all == NULL || in->sorted == NULL || in->labels == NULL) {
        free(all);
        return mlp_fail_memory("the pictures");
    }
    mlp_rng_permutation(key, 0, in->count, all);
    for (size_t i = 0, to = 0; i < in->count; i++) {
        const picture *from = &in->pictures[all[i]];
        if (!from->is_bad) {
            memcpy(in->sorted + to * in->bytes,
                   in->rows + (size_t)all[i] * in->bytes, in->bytes);
            in->labels[to++] = from->label;
        }
    }
    free(all);
    return MLP_OK;
}

/* ---- the file ---------------------------------------------------------- */

static mlp_status write_file(const import *in, size_t train)
{
    const mlp_tool_options *options = in->options;
    const mlp_data_set set = {
        .element = MLP_ELEMENT_U8,
        .rank = options->is_gray ? 2 : 3,
        .dims = {options->size.height, options->size.width, 3},
        .rows = {train, in->count - in->bad - train},
        .values = {in->sorted, in->sorted + train * in->bytes},
        .labels = {in->labels, in->labels + train},
        .class_names = &in->classes};
    return mlp_data_write(&set, options->output);
}

static mlp_status import_all(import *in, mlp_tool_output *output)
{
    MLP_TRY(list_pictures(in));
    MLP_TRY(read_pictures(in));
    size_t good = in->count - in->bad;
    size_t train =
        good - (size_t)(in->options->test_fraction * (double)good + 0.5);
    if (train == 0) {
        return mlp_fail(MLP_ERROR_DATA,
                        "%s: has %zu pictures that can be read, too few",
                        in->options->operands[1], good);
    }
    MLP_TRY(sort_rows(in));
    MLP_TRY(write_file(in, train));
    fprintf(output->file,
            "%s: %zu training and %zu test pictures of %zu x %zu, %s, in %zu "
            "classes; %zu skipped\n",
            in->options->output, train, good - train, in->options->size.height,
            in->options->size.width, in->options->is_gray ? "gray" : "color",
            in->classes.count, in->bad);
    return MLP_OK;
}

mlp_status mlp_data_import(const mlp_tool_options *options,
                           mlp_tool_output *output)
{
import in = {.options = options };
    if (options->size.height == 0) {
        return mlp_fail(MLP_ERROR_USAGE,
                        "data import needs --size HEIGHTxWIDTH, like 32x32");
    }
    if (options->output == NULL) {
        return mlp_fail(MLP_ERROR_USAGE, "data import needs --output FILE");
    }
    mlp_status status = import_all(&in, output);
    for (size_t i = 0; i < in.count; i++) {
        free(in.pictures[i].path);
    }
    free(in.pictures);
    free(in.rows);
    free(in.sorted);
    free(in.labels);
    mlp_names_destroy(&in.classes);
    return status;
}
