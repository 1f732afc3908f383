/** @file
 *  Fuzz target: the run log to which a resumed run appends.
 */
#include "fuzz.h"
#include "record/runlog_parts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *path = fuzz_file("log.jsonl", data, size);
    mlp_status status = mlp_runlog_truncate(path, 100, 1);
    fuzz_expect(status == MLP_OK || status == MLP_ERROR_DATA,
                "what is no record is wrong data");
    if (status == MLP_OK) {
        fuzz_expect(mlp_runlog_truncate(path, 100, 1) == MLP_OK,
                    "what was cut once needs no second cut");
    }
    return 0;
}
