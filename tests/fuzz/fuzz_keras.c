/** @file
 *  Fuzz target: a dense net in an HDF5 file of Keras.
 */
#include "fuzz_hdf5.h"
#include "fuzz_import.h"

static void fuzz_target(const uint8_t *data, size_t size)
{
    fuzz_import(fuzz_file("a.h5", data, size), mlp_import_keras);
}
