/** @file
 *  A multilayer perceptron as the textbooks have it: plain loops in double
 *  over parameters in canonical order (layer by layer, W [in, out] row-major,
 *  then b). What the float kernels are compared with.
 *
 *  Source: Bishop 2006, "Pattern Recognition and Machine Learning", 5.3.
 */
#ifndef MLP_TEST_REFERENCE_MLP_H
#define MLP_TEST_REFERENCE_MLP_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "mlp/config.h"

enum { REFERENCE_LAYERS = 4, REFERENCE_WIDTH = 64 };

typedef struct {
    size_t layers;
    size_t widths[REFERENCE_LAYERS + 1];
    mlp_activation hidden;
    mlp_output output;
} reference_net;

/* What one row makes of a net: a[0] is the row, a[l + 1] layer l's output. */
typedef struct {
    double a[REFERENCE_LAYERS + 1][REFERENCE_WIDTH];
} reference_row;

static size_t reference_parameters(const reference_net *net)
{
    size_t count = 0;
    for (size_t l = 0; l < net->layers; l++) {
        count += (net->widths[l] + 1) * net->widths[l + 1];
    }
    return count;
}

static mlp_activation reference_activation(const reference_net *net, size_t l)
{
    if (l + 1 < net->layers) {
        return net->hidden;
    }
    return net->output == MLP_OUTPUT_SIGMOID ? MLP_ACTIVATION_SIGMOID
                                             : MLP_ACTIVATION_IDENTITY;
}

static double reference_activate(mlp_activation activation, double z)
{
    switch (activation) {
    case MLP_ACTIVATION_SIGMOID:
        return 1.0 / (1.0 + exp(-z));
    case MLP_ACTIVATION_TANH:
        return tanh(z);
    case MLP_ACTIVATION_RELU:
        return z > 0.0 ? z : 0.0;
    default:
        return z;
    }
}

/* f'(z), given a = f(z). */
static double reference_slope(mlp_activation activation, double a)
{
    switch (activation) {
    case MLP_ACTIVATION_SIGMOID:
        return a * (1.0 - a);
    case MLP_ACTIVATION_TANH:
        return 1.0 - a * a;
    case MLP_ACTIVATION_RELU:
        return a > 0.0 ? 1.0 : 0.0;
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
        for (size_t j = 0; j < out; j++) {
            double z = parameter[in * out + j];
            for (size_t i = 0; i < in; i++) {
                z += row->a[l][i] * parameter[i * out + j];
            }
            row->a[l + 1][j] =
                reference_activate(reference_activation(net, l), z);
        }
        parameter += (in + 1) * out;
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

/* Add one row's gradient, by backpropagation. The row has been forward. */
static void reference_add_gradient(const reference_net *net,
                                   const double *parameters,
                                   const reference_row *row, uint16_t label,
                                   double *gradient)
{
    double dz[REFERENCE_WIDTH];
    size_t end = reference_parameters(net);
    for (size_t j = 0; j < net->widths[net->layers]; j++) {
        double a = row->a[net->layers][j];
        dz[j] = (a - (j == label)) *
                reference_slope(reference_activation(net, net->layers - 1), a);
    }
    for (size_t l = net->layers; l-- > 0;) {
        double before[REFERENCE_WIDTH] = {0};
        size_t in = net->widths[l];
        size_t out = net->widths[l + 1];
        end -= (in + 1) * out;
        for (size_t j = 0; j < out; j++) {
            for (size_t i = 0; i < in; i++) {
                gradient[end + i * out + j] += row->a[l][i] * dz[j];
                before[i] += parameters[end + i * out + j] * dz[j];
            }
            gradient[end + in * out + j] += dz[j];
        }
        for (size_t i = 0; l > 0 && i < in; i++) {
            dz[i] =
                before[i] *
                reference_slope(reference_activation(net, l - 1), row->a[l][i]);
        }
    }
}

#endif
