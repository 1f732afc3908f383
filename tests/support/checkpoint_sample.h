/** @file
 *  A small checkpoint with synthetic values, and a temporary folder.
 */
#ifndef MLP_CHECKPOINT_SAMPLE_H
#define MLP_CHECKPOINT_SAMPLE_H

#include <check.h>
#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "checkpoint/checkpoint.h"

/** Layers 2 x 2 pictures -> 3 -> 2. Every value differs from every other.
 *  @param moments  vectors of the optimizer, 0 to MLP_MOMENTS_MAX */
static inline mlp_checkpoint sample_create(uint64_t epoch, uint64_t step,
                                           size_t moments)
{
    enum { LAYERS = 2, PARAMETERS = 4 * 3 + 3 + 3 * 2 + 2 };
    mlp_checkpoint c = {.layers = LAYERS,
                        .height = 2,
                        .width = 2,
                        .channels = 2,
                        .classes = 2,
                        .scaler = {.scale = 1.0F / 255.0F},
                        .parameter_count = PARAMETERS,
                        .moment_count = moments,
                        .epoch = epoch,
                        .step = step,
                        .train_rows = 50000,
                        .running = {0.1 + 0.2, 12, 34},
                        .running_seconds = 1.0 / 3.0};
    mlp_config_init(&c.config);
    ck_assert_int_eq(mlp_config_set(&c.config, "hidden", "3"), MLP_OK);
    ck_assert_int_eq(mlp_config_set(&c.config, "lr", "0.1"), MLP_OK);
    ck_assert_int_eq(mlp_config_set(&c.config, "seed", "18446744073709551615"),
                     MLP_OK);
    ck_assert_int_eq(mlp_config_set(&c.config, "shards", "8"), MLP_OK);
    ck_assert_int_eq(mlp_config_set(&c.config, "every", "200steps"), MLP_OK);
    memset(c.config.given, 0, sizeof c.config.given);
    c.widths = calloc(LAYERS + 1, sizeof *c.widths);
    c.parameters = calloc(PARAMETERS, sizeof *c.parameters);
    ck_assert(c.widths != NULL && c.parameters != NULL);
    c.widths[0] = 4;
    c.widths[1] = 3;
    c.widths[2] = 2;
    for (size_t i = 0; i < PARAMETERS; i++) {
        c.parameters[i] = (float)i / 7.0F;
    }
    for (size_t m = 0; m < moments; m++) {
        c.moments[m] = calloc(PARAMETERS, sizeof *c.moments[m]);
        ck_assert_ptr_nonnull(c.moments[m]);
        for (size_t i = 0; i < PARAMETERS; i++) {
            c.moments[m][i] = (float)(100 * (m + 1) + i) / 9.0F;
        }
    }
    for (size_t i = 0; i < MLP_DIGEST_BYTES; i++) {
        c.data_digest[i] = (unsigned char)(200 + i);
    }
    return c;
}

/** Add a finished epoch. */
static inline void sample_add_epoch(mlp_checkpoint *c, uint64_t epoch,
                                    uint64_t step, uint64_t validation_hits)
{
    mlp_epoch_record record = {.epoch = epoch,
                               .step = step,
                               .train = {0.7 * (double)step, step, 50000},
                               .validation = {0.3, validation_hits, 10000},
                               .test = {NAN, 0, 0},
                               .learning_rate = 0.1,
                               .wall_seconds = 2.5};
    ck_assert_int_eq(mlp_history_add(&c->history, &record), MLP_OK);
}

/** A new empty folder. @param folder  ends in XXXXXX, which is replaced */
static inline void folder_create(char *folder)
{
    memcpy(folder + strlen(folder) - 6, "XXXXXX", 6);
    ck_assert_ptr_nonnull(mkdtemp(folder));
}

/** Remove a folder and the files in it. */
static inline void folder_destroy(const char *folder)
{
    char path[MLP_MAX_PATH];
    DIR *stream = opendir(folder);
    if (stream == NULL) {
        return;
    }
    for (struct dirent *entry; (entry = readdir(stream)) != NULL;) {
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        if (strcmp(entry->d_name, ".") != 0 &&
            strcmp(entry->d_name, "..") != 0 && unlink(path) != 0) {
            rmdir(path);
        }
    }
    closedir(stream);
    rmdir(folder);
}

#endif
