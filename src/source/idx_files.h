/** @file
 *  Finds the four IDX files of a data set in a directory by their names.
 */
#ifndef MLP_IDX_FILES_H
#define MLP_IDX_FILES_H

#include "base/status.h"

/** In the order in which a missing one is reported. */
typedef enum {
    MLP_IDX_TRAIN_IMAGES,
    MLP_IDX_TRAIN_LABELS,
    MLP_IDX_TEST_IMAGES,
    MLP_IDX_TEST_LABELS
} mlp_idx_role;
enum { MLP_IDX_ROLES = 4 };

typedef struct {
    char path[MLP_IDX_ROLES][4096];
} mlp_idx_files;

/** Find MNIST's names (train-images-idx3-ubyte, t10k-labels.idx1-ubyte ...),
 *  or the same behind a prefix (emnist-letters-test-images-idx3-ubyte), plain
 *  or .gz; of the two the plain one is taken.
 *
 *  MLP_ERROR_MISSING: the directory, or one of the files, named.
 *  MLP_ERROR_DATA: more than one file could be meant; two are named.
 */
mlp_status mlp_idx_files_find(const char *directory, mlp_idx_files *files);

#endif
