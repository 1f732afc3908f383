/** @file
 *  Zstandard in a build without libzstd: such files are refused.
 */
#include "decoder.h"
#include "decoder_zstd_magic.h"

static mlp_status create(const char *path, void **state)
{
    *state = NULL;
    return mlp_fail(MLP_ERROR_DATA,
                    "%s: is packed with zstd, and this build has no libzstd: "
                    "unpack the file, or pack it with gzip",
                    path);
}

const mlp_decoder mlp_decoder_zstd = {
    .name = "zstd", .begins = mlp_zstd_begins, .create = create};
