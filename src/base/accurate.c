/** @file
 *  Scalar functions with the same bits everywhere: SLEEF's finz variants.
 */
#include "accurate.h"

/* Have sleef.h declare the functions that need a fused multiply-add, though
 * this file is compiled for any CPU: mlp_kernels_find refuses one without. */
#ifndef FP_FAST_FMA
#define FP_FAST_FMA 1
#endif
#include <sleef.h>

double mlp_accurate_log(double x)
{
    return Sleef_finz_logd1_u10purecfma(x);
}

double mlp_accurate_exp(double x)
{
    return Sleef_finz_expd1_u10purecfma(x);
}

double mlp_accurate_cospi(double x)
{
    return Sleef_finz_cospid1_u05purecfma(x);
}

double mlp_accurate_sinpi(double x)
{
    return Sleef_finz_sinpid1_u05purecfma(x);
}
