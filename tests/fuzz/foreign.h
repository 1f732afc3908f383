/** @file
 *  A third-party library, without a sanitizer, that crashes.
 */
#ifndef MLP_FUZZ_FOREIGN_H
#define MLP_FUZZ_FOREIGN_H

#include <stddef.h>

/** Write to *at. */
void foreign_write(int *at);

/** Copy with the C library's function. */
void foreign_copy(void *to, const void *from, size_t bytes);

/** Call it, and return 1. */
int foreign_call(void (*function)(void));

#endif
