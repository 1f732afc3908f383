/** @file
 *  Fuzz target: an HDF5 data set.
 */
#include "fuzz_hdf5.h"
#include "fuzz_rows.h"

static void fuzz_target(const uint8_t *data, size_t size)
{
    mlp_source *source = NULL;
    const char *path = fuzz_file("a.h5", data, size);
    if (mlp_source_open(path, &source) == MLP_OK) {
        fuzz_rows(source);
        mlp_source_close(&source);
    }
    if (mlp_source_open_images(path, &source) == MLP_OK) {
        fuzz_rows(source);
        mlp_source_close(&source);
    }
}
