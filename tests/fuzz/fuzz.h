/** @file
 *  What the fuzz targets share. A target is a function of bytes that reads
 *  them as a reader of this project would, and must come back. libFuzzer
 *  (clang) feeds it mutations; without it, replay.c feeds it the kept corpus.
 *
 *      build/fuzz/tests/fuzz/fuzz_idx tests/fuzz/corpus/idx    mutate
 *      build/test/tests/fuzz/fuzz_idx tests/fuzz/corpus/idx    replay
 */
#ifndef MLP_FUZZ_H
#define MLP_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/** The target: each source file of a fuzzer defines one. Returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/** A folder in memory for this process, which goes away at exit. */
const char *fuzz_folder(void);

/** Write a file of that folder, and say where it is, until the next but one
 *  call. A disk that fails ends the process: nothing was tested then. */
const char *fuzz_file(const char *name, const uint8_t *data, size_t size);

/** What is not as it should be ends the process, as a crash does. */
void fuzz_expect(int is_true, const char *claim);

#endif
