/** @file
 *  A textbook multilayer perceptron: plain loops in double over parameters in
 *  canonical order (layer by layer, W [in, out] row-major, then b, then PReLU's
 *  slopes). Reference for the float kernels.
 *
 *  Source: Bishop 2006, "Pattern Recognition and Machine Learning", 5.3.
 */
#ifndef MLP_TEST_REFERENCE_MLP_H
#define MLP_TEST_REFERENCE_MLP_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "config/config.h"

#include "reference_activation.h"

enum { REFERENCE_LAYERS = 4, REFERENCE_WIDTH = 64 };

typedef struct {
    size_t layers;
    size_t widths[REFERENCE_LAYERS + 1];
    mlp_activation hidden;
    mlp_output output;
} reference_net;

/* Values of one row: a[0] is the row, a[l + 1] layer l's output, f of its sums
 * z[l + 1]. */
typedef struct {
    double a[REFERENCE_LAYERS + 1][REFERENCE_WIDTH];
    double z[REFERENCE_LAYERS + 1][REFERENCE_WIDTH];
} reference_row;

static mlp_activation reference_activation(const reference_net *net, size_t l)
{
    if (l + 1 < net->layers) {
        return net->hidden;
    }
    return net->output == MLP_OUTPUT_SIGMOID ? MLP_ACTIVATION_SIGMOID
                                             : MLP_ACTIVATION_IDENTITY;
}

/* Parameters of layer l: weights, biases, slopes. */
static size_t reference_layer_size(const reference_net *net, size_t l)
{
    bool has_slopes = reference_activation(net, l) == MLP_ACTIVATION_PRELU;
    return (net->widths[l] + 1 + has_slopes) * net->widths[l + 1];
}

static size_t reference_parameters(const reference_net *net)
{
    size_t count = 0;
    for (size_t l = 0; l < net->layers; l++) {
        count += reference_layer_size(net, l);
    }
    return count;
}

/* The density of the normal distribution. */
static double reference_density(double z)
{
    return exp(-0.5 * z * z) / sqrt(2.0 * acos(-1.0));
}

/* f'(z). */
static double reference_slope(mlp_activation activation, double slope, double z)
{
    double s = reference_sigmoid(z);
    switch (activation) {
    case MLP_ACTIVATION_SIGMOID:
        return s * (1.0 - s);
    case MLP_ACTIVATION_TANH:
        return 1.0 - tanh(z) * tanh(z);
    case MLP_ACTIVATION_RELU:
        return z > 0.0 ? 1.0 : 0.0;
    case MLP_ACTIVATION_STEP:
        return 0.0;
    case MLP_ACTIVATION_ARCTAN:
        return 1.0 / (1.0 + z * z);
    case MLP_ACTIVATION_LEAKY_RELU:
        return z > 0.0 ? 1.0 : 0.01;
    case MLP_ACTIVATION_PRELU:
        return z > 0.0 ? 1.0 : slope;
    case MLP_ACTIVATION_ELU:
        return z > 0.0 ? 1.0 : exp(z);
    case MLP_ACTIVATION_SOFTPLUS:
        return s;
    case MLP_ACTIVATION_SILU:
        return s * (1.0 + z * (1.0 - s));
    case MLP_ACTIVATION_GELU:
        return reference_normal(z) + z * reference_density(z);
    default:
        return 1.0;
    }
}

static void reference_softmax(double *z, size_t count)
{
    double largest = z[0];
    double sum = 0.0;
    for (size_t j = 1; j < count; j++) {
        largest = z[j] > largest ? z[j] : largest;
    }
    for (size_t j = 0; j < count; j++) {
        z[j] = exp(z[j] - largest);
        sum += z[j];
    }
    for (size_t j = 0; j < count; j++) {
        z[j] /= sum;
    }
}

/* Fill row->a[1 ...] from row->a[0]. */
static void reference_forward(const reference_net *net, const double *parameter,
                              reference_row *row)
{
    for (size_t l = 0; l < net->layers; l++) {
        size_t in = net->widths[l];
        size_t out = net->widths[l + 1];
        mlp_activation activation = reference_activation(net, l);
        for (size_t j = 0; j < out; j++) {
            double z = parameter[in * out + j];
            for (size_t i = 0; i < in; i++) {
                z += row->a[l][i] * parameter[i * out + j];
            }
            row->z[l + 1][j] = z;
            row->a[l + 1][j] =
                reference_activate(activation,
                                   activation == MLP_ACTIVATION_PRELU
                                       ? parameter[(in + 1) * out + j]
                                       : 0.0,
                                   z);
        }
        parameter += reference_layer_size(net, l);
    }
    if (net->output == MLP_OUTPUT_SOFTMAX) {
        reference_softmax(row->a[net->layers], net->widths[net->layers]);
    }
}

/* Cross-entropy under softmax, else half the squared error. */
static double reference_loss(const reference_net *net, const reference_row *row,
                             uint16_t label)
{
    const double *a = row->a[net->layers];
    double loss = 0.0;
    if (net->output == MLP_OUTPUT_SOFTMAX) {
        return -log(a[label]);
    }
    for (size_t j = 0; j < net->widths[net->layers]; j++) {
        double error = a[j] - (j == label);
        loss += 0.5 * error * error;
    }
    return loss;
}

/* dz of layer l from da: dz = da f'(z), and the gradient of PReLU's slopes.
 * Both are at the layer's parameters. */
static void reference_add_slopes(const reference_net *net, size_t l,
                                 const double *parameters,
                                 const reference_row *row, const double *da,
                                 double *dz, double *gradient)
{
    mlp_activation activation = reference_activation(net, l);
    size_t slopes = (net->widths[l] + 1) * net->widths[l + 1];
    for (size_t j = 0; j < net->widths[l + 1]; j++) {
        double z = row->z[l + 1][j];
        bool is_prelu = activation == MLP_ACTIVATION_PRELU;
        double slope = is_prelu ? parameters[slopes + j] : 0.0;
        dz[j] = da[j] * reference_slope(activation, slope, z);
        if (is_prelu && z <= 0.0) {
            gradient[slopes + j] += da[j] * z;
        }
    }
}

/* Add one row's gradient, by backpropagation. The row has been forward. */
static void reference_add_gradient(const reference_net *net,
                                   const double *parameters,
                                   const reference_row *row, uint16_t label,
                                   double *gradient)
{
    double da[REFERENCE_WIDTH];
    size_t at = reference_parameters(net);
    for (size_t j = 0; j < net->widths[net->layers]; j++) {
        da[j] = row->a[net->layers][j] - (j == label);
    }
    for (size_t l = net->layers; l-- > 0;) {
        double dz[REFERENCE_WIDTH];
        size_t in = net->widths[l];
        size_t out = net->widths[l + 1];
        at -= reference_layer_size(net, l);
        reference_add_slopes(net, l, parameters + at, row, da, dz,
                             gradient + at);
        memset(da, 0, sizeof da);
        for (size_t j = 0; j < out; j++) {
            for (size_t i = 0; i < in; i++) {
                gradient[at + i * out + j] += row->a[l][i] * dz[j];
                da[i] += parameters[at + i * out + j] * dz[j];
            }
            gradient[at + in * out + j] += dz[j];
        }
    }
}

#endif
