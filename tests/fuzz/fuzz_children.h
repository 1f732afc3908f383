/** @file
 *  Finds the owner of a crash in a child of a fuzz target. Targets of HDF5
 *  files try them in a child first (src/system/sandbox.h), whose crash refuses
 *  the file: a crash inside libhdf5 is expected, one in our code is a finding.
 *
 *  Needs AddressSanitizer and UBSan; without them, no crash is attributed. A
 *  child that is out of memory or CPU time is sound.
 */
#ifndef MLP_FUZZ_CHILDREN_H
#define MLP_FUZZ_CHILDREN_H

#include <stdbool.h>

/** Whether a child that has ended since the last call left a sanitizer's report
 *  about our code: of UBSan, or one whose uppermost frame is ours, not counting
 *  those of the C library and of the sanitizers. Copies it to stderr. */
bool fuzz_children_fault(void);

/** End the process if so. Each target with children calls it last. */
void fuzz_expect_sound_children(void);

#endif
