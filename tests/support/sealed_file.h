/** @file
 *  Seals a test's file, as an attacker could.
 */
#ifndef MLP_SEALED_FILE_H
#define MLP_SEALED_FILE_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "checkpoint/seal.h"

/** Write a valid seal into a file with space for it. False on failure. */
static inline bool seal_file(const char *path)
{
    enum { BYTES_MAX = 1 << 24 };
    FILE *file = fopen(path, "r+b");
    unsigned char *bytes = malloc(BYTES_MAX);
    bool is_sealed = false;
    if (file != NULL && bytes != NULL) {
        size_t size = fread(bytes, 1, BYTES_MAX, file);
        is_sealed = size > MLP_SEAL_BYTES &&
                    mlp_seal_fill(bytes, size) == MLP_OK &&
                    fseek(file, 0, SEEK_SET) == 0 &&
                    fwrite(bytes, 1, MLP_SEAL_BYTES, file) == MLP_SEAL_BYTES;
    }
    free(bytes);
    return file != NULL && fclose(file) == 0 && is_sealed;
}

#endif
