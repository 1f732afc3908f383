/** @file
 *  The arithmetic of mlp trace: textbook loops in double. Its results don't
 *  enter trained weights, so libm's functions are allowed.
 *
 *  Source: Rumelhart, Hinton and Williams 1986, "Learning representations by
 *  back-propagating errors".
 */
#include <math.h>
#include <string.h>

#include "trace.h"

static double sigmoid(double z)
{
    return 1.0 / (1.0 + exp(-z));
}

static double normal(double z)
{
    return 0.5 * (1.0 + erf(z * M_SQRT1_2));
}

static double value_of(mlp_activation activation, double z)
{
    switch (activation) {
    case MLP_ACTIVATION_SIGMOID:
        return sigmoid(z);
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
    case MLP_ACTIVATION_ELU:
        return z > 0.0 ? z : expm1(z);
    case MLP_ACTIVATION_SOFTPLUS:
        return fmax(z, 0.0) + log1p(exp(-fabs(z)));
    case MLP_ACTIVATION_SILU:
        return z * sigmoid(z);
    case MLP_ACTIVATION_GELU:
        return z * normal(z);
    default:
        return z;
    }
}

static double slope_of(mlp_activation activation, double z)
{
    double s = sigmoid(z);
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
    case MLP_ACTIVATION_ELU:
        return z > 0.0 ? 1.0 : exp(z);
    case MLP_ACTIVATION_SOFTPLUS:
        return s;
    case MLP_ACTIVATION_SILU:
        return s * (1.0 + z * (1.0 - s));
    case MLP_ACTIVATION_GELU:
        return normal(z) + z * 0.5 * M_2_SQRTPI * M_SQRT1_2 * exp(-0.5 * z * z);
    default:
        return 1.0;
    }
}

mlp_activation mlp_trace_activation(const mlp_trace *trace, size_t l)
{
    static const mlp_activation of_output[] = {
        [MLP_OUTPUT_SOFTMAX] = MLP_ACTIVATION_IDENTITY,
        [MLP_OUTPUT_SIGMOID] = MLP_ACTIVATION_SIGMOID,
        [MLP_OUTPUT_IDENTITY] = MLP_ACTIVATION_IDENTITY,
        [MLP_OUTPUT_TANH] = MLP_ACTIVATION_TANH,
        [MLP_OUTPUT_SOFTPLUS] = MLP_ACTIVATION_SOFTPLUS,
        [MLP_OUTPUT_STEP] = MLP_ACTIVATION_STEP,
        [MLP_OUTPUT_EXP] = MLP_ACTIVATION_IDENTITY};
    return l + 1 < trace->layers ? mlp_config_activation(&trace->config, l)
                                 : of_output[trace->config.output];
}

bool mlp_trace_has_slope(const mlp_trace *trace)
{
    return trace->config.loss == MLP_LOSS_MSE ||
           trace->config.loss == MLP_LOSS_MAE ||
           trace->config.loss == MLP_LOSS_HUBER;
}

static void forward(mlp_trace *trace)
{
    const double *below = trace->x;
    for (size_t l = 0; l < trace->layers; l++) {
        mlp_trace_layer *layer = &trace->layer[l];
        for (size_t j = 0; j < layer->out; j++) {
            layer->z[j] = layer->b[j];
            for (size_t i = 0; i < layer->in; i++) {
                layer->z[j] += below[i] * layer->w[i][j];
            }
            layer->a[j] = value_of(mlp_trace_activation(trace, l), layer->z[j]);
        }
        below = layer->a;
    }
}

static void softmax(mlp_trace_layer *last)
{
    double top = last->z[0];
    double sum = 0.0;
    for (size_t j = 1; j < last->out; j++) {
        top = fmax(top, last->z[j]);
    }
    for (size_t j = 0; j < last->out; j++) {
        last->a[j] = exp(last->z[j] - top);
        sum += last->a[j];
    }
    for (size_t j = 0; j < last->out; j++) {
        last->a[j] /= sum;
    }
}

/* One output's term of the loss. */
static double error_of(const mlp_config *config, double z, double a, double y)
{
    double delta = config->huber_delta;
    switch (config->loss) {
    case MLP_LOSS_CROSS_ENTROPY:
        return y > 0.0 ? -y * log(a) : 0.0;
    case MLP_LOSS_BINARY_CROSS_ENTROPY:
        return fmax(z, 0.0) - y * z + log1p(exp(-fabs(z)));
    case MLP_LOSS_PERCEPTRON:
    case MLP_LOSS_MAE:
        return fabs(a - y);
    case MLP_LOSS_HUBER:
        if (fabs(a - y) > delta) {
            return delta * (fabs(a - y) - 0.5 * delta);
        }
        break;
    case MLP_LOSS_POISSON:
        return a - y + (y > 0.0 ? y * log(y / a) : 0.0);
    case MLP_LOSS_MSE:
        break;
    }
    return 0.5 * (a - y) * (a - y);
}

/* Its derivative by a, or by z where that is part of the loss. */
static double derivative_of(const mlp_config *config, double a, double y)
{
    double delta = config->huber_delta;
    double error = a - y;
    switch (config->loss) {
    case MLP_LOSS_MAE:
        return (error > 0.0) - (error < 0.0);
    case MLP_LOSS_HUBER:
        return fmax(-delta, fmin(delta, error));
    default:
        return error;
    }
}

static void output_delta(mlp_trace *trace)
{
    mlp_trace_layer *last = &trace->layer[trace->layers - 1];
    mlp_activation f = mlp_trace_activation(trace, trace->layers - 1);
    trace->error = 0.0;
    for (size_t j = 0; j < last->out; j++) {
        double a = last->a[j];
        double y = trace->y[j];
        trace->error += error_of(&trace->config, last->z[j], a, y);
        last->delta[j] =
            derivative_of(&trace->config, a, y) *
            (mlp_trace_has_slope(trace) ? slope_of(f, last->z[j]) : 1.0);
    }
}

static void backward(mlp_trace *trace)
{
    for (size_t l = trace->layers - 1; l > 0; l--) {
        const mlp_trace_layer *above = &trace->layer[l];
        mlp_trace_layer *layer = &trace->layer[l - 1];
        mlp_activation f = mlp_trace_activation(trace, l - 1);
        for (size_t i = 0; i < layer->out; i++) {
            double sum = 0.0;
            for (size_t j = 0; j < above->out; j++) {
                sum += above->w[i][j] * above->delta[j];
            }
            layer->delta[i] = sum * slope_of(f, layer->z[i]);
        }
    }
}

void mlp_trace_run(mlp_trace *trace)
{
    forward(trace);
    if (trace->config.output == MLP_OUTPUT_SOFTMAX) {
        softmax(&trace->layer[trace->layers - 1]);
    }
    if (trace->config.output == MLP_OUTPUT_EXP) {
        mlp_trace_layer *last = &trace->layer[trace->layers - 1];
        for (size_t j = 0; j < last->out; j++) {
            last->a[j] = exp(last->z[j]);
        }
    }
    output_delta(trace);
    backward(trace);
}
