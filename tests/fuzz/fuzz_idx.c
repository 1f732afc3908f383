/** @file
 *  Fuzz target: a directory of IDX files. The first two bytes of the input are
 *  the length of the images file; the rest is the labels file.
 */
#include <stdio.h>
#include <unistd.h>

#include "fuzz_rows.h"

/* The test files are links to the training files, as data sets may have. */
static void link_test_files(void)
{
    static int is_done;
    char path[256];
    if (!is_done) {
        snprintf(path, sizeof path, "%s/t10k-images-idx3-ubyte", fuzz_folder());
        fuzz_expect(symlink("train-images-idx3-ubyte", path) == 0, "links");
        snprintf(path, sizeof path, "%s/t10k-labels-idx1-ubyte", fuzz_folder());
        fuzz_expect(symlink("train-labels-idx1-ubyte", path) == 0, "links");
        is_done = 1;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    mlp_source *source = NULL;
    if (size < 2) {
        return 0;
    }
    size_t images = data[0] | (size_t)data[1] << 8;
    data += 2;
    size -= 2;
    images = images < size ? images : size;
    link_test_files();
    fuzz_file("train-labels-idx1-ubyte", data + images, size - images);
    const char *path = fuzz_file("train-images-idx3-ubyte", data, images);
    if (mlp_source_open(fuzz_folder(), &source) == MLP_OK) {
        fuzz_rows(source);
        mlp_source_close(&source);
    }
    if (mlp_source_open_images(path, &source) == MLP_OK) {
        fuzz_rows(source);
        mlp_source_close(&source);
    }
    return 0;
}
