/** @file
 *  Scalar functions that give the same bits on every machine, for the few
 *  places outside the kernels that need one. sqrt is exact anyway.
 */
#ifndef MLP_ACCURATE_H
#define MLP_ACCURATE_H

/** Natural logarithm of x > 0. */
double mlp_accurate_log(double x);

/** e to the x. */
double mlp_accurate_exp(double x);

/** cos(pi x), sin(pi x). */
double mlp_accurate_cospi(double x);
double mlp_accurate_sinpi(double x);

#endif
