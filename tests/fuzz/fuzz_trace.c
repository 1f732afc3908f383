/** @file
 *  Fuzz target: the text file that mlp trace reads.
 */
#include "fuzz.h"
#include "tool/trace/trace.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static FILE *nowhere;
    static mlp_trace trace; /* large */
    if (nowhere == NULL) {
        nowhere = fopen("/dev/null", "we");
        fuzz_expect(nowhere != NULL, "there is /dev/null");
    }
    if (mlp_trace_read(fuzz_file("a.txt", data, size), &trace) == MLP_OK) {
        mlp_trace_run(&trace);
        mlp_trace_print(nowhere, &trace, data[size - 1] % 2 == 0);
    }
    return 0;
}
