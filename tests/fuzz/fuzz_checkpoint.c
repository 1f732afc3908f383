/** @file
 *  Fuzz target: a checkpoint with a valid seal, as an attacker would make it.
 *  The input is the content after the seal.
 */
#include <stdlib.h>
#include <string.h>

#include "checkpoint/seal.h"
#include "fuzz_hdf5.h"

enum { SIZE_MAX_BYTES = 1 << 16 };

static void expect_complete(const mlp_checkpoint *c)
{
    size_t count;
    fuzz_expect(mlp_checkpoint_count(&c->config, c->widths, c->layers,
                                     &count) == MLP_OK &&
                    count == c->parameter_count && c->parameters != NULL,
                "a checkpoint that was loaded is whole");
    fuzz_expect(count * sizeof(float) <= SIZE_MAX_BYTES,
                "no more numbers than the file has bytes for");
}

static void fuzz_target(const uint8_t *data, size_t size)
{
    mlp_checkpoint checkpoint;
    if (size == 0 || size > SIZE_MAX_BYTES - MLP_SEAL_BYTES) {
        return;
    }
    uint8_t *bytes = calloc(1, MLP_SEAL_BYTES + size);
    fuzz_expect(bytes != NULL, "there is memory");
    memcpy(bytes + MLP_SEAL_BYTES, data, size);
    fuzz_expect(mlp_seal_fill(bytes, MLP_SEAL_BYTES + size) == MLP_OK,
                "anything can be sealed");
    const char *path = fuzz_file("c.h5", bytes, MLP_SEAL_BYTES + size);
    free(bytes);
    mlp_status status = mlp_checkpoint_load(path, &checkpoint);
    fuzz_expect(status == MLP_OK || mlp_failure()[0] != '\0',
                "a refusal has a reason");
    if (status == MLP_OK) {
        expect_complete(&checkpoint);
        mlp_checkpoint_destroy(&checkpoint);
    }
}
