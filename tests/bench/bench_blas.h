/** @file
 *  Compares our kernels and another library's products on the same matrices.
 */
#ifndef BENCH_BLAS_H
#define BENCH_BLAS_H

#include <stddef.h>

/** Load a BLAS by file name and time its sgemm and our dense kernels on one
 *  core, alternating. Prints a JSON line for each pair: peak, and the seconds
 *  of a call of both for forward, backward and gradient of a layer [in, out]
 *  with `rows` rows. Exits with 2 when the library cannot be loaded or its
 *  results differ from ours.
 *
 *  The library reads its environment when it is loaded: set
 *  OMP_NUM_THREADS=1, and OPENBLAS_CORETYPE or BLIS_ARCH_TYPE, before.
 */
int bench_blas(const char *library, size_t in, size_t out, size_t rows,
               size_t pairs);

#endif
