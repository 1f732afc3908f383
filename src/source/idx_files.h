/** @file
 *  Finds the four IDX files of a data set in a directory by name.
 */
#ifndef MLP_IDX_FILES_H
#define MLP_IDX_FILES_H

#include "base/status.h"

/** In the order in which missing ones are reported. */
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
 *  also with a prefix (emnist-letters-test-images-idx3-ubyte), plain or .gz;
 *  the plain file takes precedence.
 *
 *  MLP_ERROR_MISSING with the directory, or with the missing file.
 *  MLP_ERROR_DATA with both names when two files fit.
 */
mlp_status mlp_idx_files_find(const char *directory, mlp_idx_files *files);

#endif
