/** @file
 *  Fuzz target: a plain or gzip file, which is read, sought and finished.
 */
#include "fuzz.h"
#include "source/stream.h"

enum { BLOCK = 300, MOST = 1 << 16 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    mlp_stream *stream = NULL;
    unsigned char block[BLOCK];
    if (mlp_stream_open(fuzz_file("a", data, size), &stream) != MLP_OK) {
        return 0;
    }
    mlp_status status = mlp_stream_check_length(stream, 2 * size);
    fuzz_expect(status == MLP_OK || status == MLP_ERROR_DATA,
                "a wrong length is wrong data");
    size_t read = 0;
    status = MLP_OK;
    while (status == MLP_OK && read < MOST) {
        status = mlp_stream_read(stream, block, sizeof block);
        read += sizeof block;
    }
    if (status == MLP_OK) { /* back to the beginning */
        status = mlp_stream_seek(stream, 7);
    }
    if (status == MLP_OK) {
        status = mlp_stream_read(stream, block, 1);
    }
    if (status == MLP_OK) {
        (void)mlp_stream_finish(stream);
    }
    mlp_stream_close(&stream);
    return 0;
}
