/** @file
 *  Activations by their definitions, in double: reference for the float
 *  kernels.
 */
#ifndef MLP_TEST_REFERENCE_ACTIVATION_H
#define MLP_TEST_REFERENCE_ACTIVATION_H

#include <math.h>

#include "config/config.h"

static double reference_sigmoid(double z)
{
    return 1.0 / (1.0 + exp(-z));
}

/* The cumulative normal distribution. */
static double reference_normal(double z)
{
    return 0.5 * (1.0 + erf(z / sqrt(2.0)));
}

/* f(z); slope is that of PReLU. */
static double reference_activate(mlp_activation activation, double slope,
                                 double z)
{
    switch (activation) {
    case MLP_ACTIVATION_SIGMOID:
        return reference_sigmoid(z);
    case MLP_ACTIVATION_TANH:
        return tanh(z);
    case MLP_ACTIVATION_RELU:
        return z > 0.0 ? z : 0.0;
    case MLP_ACTIVATION_STEP:
        return z < 0.0 ? 0.0 : 1.0;
    case MLP_ACTIVATION_ARCTAN:
        return atan(z);
    case MLP_ACTIVATION_LEAKY_RELU:
        return z > 0.0 ? z : 0.01 * z;
    case MLP_ACTIVATION_PRELU:
        return z > 0.0 ? z : slope * z;
    case MLP_ACTIVATION_ELU:
        return z > 0.0 ? z : exp(z) - 1.0;
    case MLP_ACTIVATION_SOFTPLUS:
        return log(1.0 + exp(z));
    case MLP_ACTIVATION_SILU:
        return z * reference_sigmoid(z);
    case MLP_ACTIVATION_GELU:
        return z * reference_normal(z);
    default:
        return z;
    }
}

#endif
