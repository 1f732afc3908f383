/** @file
 *  Shared by the fuzz targets. A target passes bytes to a reader of this
 *  project, which must return. libFuzzer (clang) generates mutations; without
 *  libFuzzer, replay.c runs the stored corpus.
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

/** A folder in memory for this process, removed at exit. */
const char *fuzz_folder(void);

/** Write a file to that folder; returns its path, valid until the next but one
 *  call. Ends the process on a write error, as nothing was tested. */
const char *fuzz_file(const char *name, const uint8_t *data, size_t size);

/** Abort, as in a crash, if the condition is false. */
void fuzz_expect(int is_true, const char *claim);

#endif
