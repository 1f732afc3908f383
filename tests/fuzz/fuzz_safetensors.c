/** @file
 *  Fuzz target: a dense net in a safetensors file.
 */
#include "fuzz_import.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_import(fuzz_file("a.safetensors", data, size), mlp_import_safetensors);
    return 0;
}
