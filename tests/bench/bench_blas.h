/** @file
 *  Our kernels and another library's products on the same matrices.
 */
#ifndef BENCH_BLAS_H
#define BENCH_BLAS_H

#include <stddef.h>

/** Load a BLAS by file name and time its sgemm against our dense kernels, one
 *  core, in turns; print a JSON line for every pair: peak, and for forward,
 *  backward and gradient of a layer [in, out] with `rows` rows the seconds of
 *  one call of either. Ends with 2 when the library cannot be loaded or when
 *  its results are not ours. Nothing else links to it.
 *
 *  The library reads its environment when it is loaded: set
 *  OMP_NUM_THREADS=1, and OPENBLAS_CORETYPE or BLIS_ARCH_TYPE, before.
 */
int bench_blas(const char *library, size_t in, size_t out, size_t rows,
               size_t pairs);

#endif
