/** @file
 *  The loss at the last layer for one instruction set: what is wanted of each
 *  output, how far a row is from it, and the derivative.
 */
#include <string.h>

#include "isa.h"

/* What is wanted of output j of row r. */
INLINE float wanted(const mlp_loss_rows *loss, size_t r, size_t j)
{
    if (loss->targets != NULL) {
        return loss->targets[r * loss->stride + j];
    }
    bool is_on = loss->cols == 1 ? loss->labels[r] == 1 : j == loss->labels[r];
    return is_on ? loss->on : loss->off;
}

static uint32_t largest(const float *values, size_t n)
{
    size_t best = 0;
    for (size_t j = 1; j < n; j++) {
        best = values[j] > values[best] ? j : best;
    }
    return (uint32_t)best;
}

/* y[j] = exp(y[j] - top), 0 below MLP_LEAST_DZ; returns their sum, in float64.
 * The order is 16 interleaved chains, then these in sequence: the same for
 * every width. */
static double exponentials(float *y, size_t cols, size_t stride, float top)
{
    double lanes[MLP_ALIGN] = {0};
    for (size_t j = 0; j < stride; j += LANES) {
        vec e = vec_exp(vec_load(y + j) - vec_all(top));
        vec_store(y + j, vec_flush_dz(e));
    }
    memset(y + cols, 0, (stride - cols) * sizeof *y);
    for (size_t j = 0; j < stride; j += MLP_ALIGN) {
        for (size_t lane = 0; lane < MLP_ALIGN; lane++) {
            lanes[lane] += (double)y[j + lane];
        }
    }
    double sum = 0.0;
    for (size_t lane = 0; lane < MLP_ALIGN; lane++) {
        sum += lanes[lane];
    }
    return sum;
}

/* The cross-entropy's distance of the logits from the largest one, weighted by
 * what is wanted of them. */
static double wanted_distance(const mlp_loss_rows *loss, size_t r,
                              const float *y, float top)
{
    size_t label = loss->labels[r];
    double sum = (double)loss->on * ((double)top - (double)y[label]);
    for (size_t j = 0; loss->off != 0.0f && j < loss->cols; j++) {
        if (j != label) {
            sum += (double)loss->off * ((double)top - (double)y[j]);
        }
    }
    return sum;
}

static void softmax_row(const mlp_loss_rows *loss, size_t r)
{
    float *y = loss->outputs + r * loss->stride;
    uint32_t best = largest(y, loss->cols);
    float top = y[best];
    double distance =
        loss->losses != NULL ? wanted_distance(loss, r, y, top) : 0.0;
    double sum = exponentials(y, loss->cols, loss->stride, top);
    loss->predicted[r] = best;
    if (loss->losses != NULL) {
        loss->losses[r] = Sleef_finz_logd1_u10purecfma(sum) + distance;
    }
    float share = (float)(1.0 / sum);
    for (size_t j = 0; j < loss->stride; j++) {
        y[j] *= share;
    }
    if (loss->dz != NULL) {
        uint16_t label = loss->labels[r];
        float *dz = loss->dz + r * loss->stride;
        memcpy(dz, y, loss->stride * sizeof *dz);
        for (size_t j = 0; loss->off != 0.0f && j < loss->cols; j++) {
            dz[j] -= j == label ? 0.0f : loss->off;
        }
        dz[label] -= loss->on;
    }
}

/* The cross-entropy of a row's logits under the sigmoid, summed:
 * log(1 + e^z) - t z, in a form that is finite. */
static double sigmoid_deviance(const mlp_loss_rows *loss, size_t r)
{
    const float *y = loss->outputs + r * loss->stride;
    double sum = 0.0;
    for (size_t j = 0; j < loss->cols; j++) {
        double z = (double)y[j];
        double e = Sleef_finz_expd1_u10purecfma(z > 0.0 ? -z : z);
        sum += (z > 0.0 ? z : 0.0) - (double)wanted(loss, r, j) * z +
               Sleef_finz_log1pd1_u10purecfma(e);
    }
    return sum;
}

/* Half the Poisson deviance of a row's logits, summed:
 * a - t - t log(a / t) with a = e^z. */
static double poisson_deviance(const mlp_loss_rows *loss, size_t r)
{
    const float *y = loss->outputs + r * loss->stride;
    double sum = 0.0;
    for (size_t j = 0; j < loss->cols; j++) {
        double z = (double)y[j];
        double t = (double)wanted(loss, r, j);
        double ratio = t > 0.0 ? Sleef_finz_logd1_u10purecfma(t) - z : 0.0;
        sum += Sleef_finz_expd1_u10purecfma(z) - t + t * ratio;
    }
    return sum;
}

/* Logits become probabilities, or means. */
static void apply_link(mlp_loss kind, float *y, size_t stride)
{
    for (size_t j = 0; j < stride; j += LANES) {
        vec z = vec_load(y + j);
        vec_store(y + j,
                  kind == MLP_LOSS_POISSON ? vec_exp(z) : vec_sigmoid(z));
    }
}

/* The loss of an error a - t that is a function of it alone. */
static double error_cost(mlp_loss kind, double delta, double error)
{
    double size = fabs(error);
    if (kind == MLP_LOSS_MAE || kind == MLP_LOSS_PERCEPTRON) {
        return size;
    }
    return kind == MLP_LOSS_HUBER && size > delta ? delta * (size - 0.5 * delta)
                                                  : 0.5 * error * error;
}

/* The derivative that goes to dz; a NaN stays one. */
static float error_slope(mlp_loss kind, float delta, float error)
{
    if (kind == MLP_LOSS_MAE) {
        return error > 0.0f ? 1.0f : error < 0.0f ? -1.0f : error;
    }
    if (kind == MLP_LOSS_HUBER) {
        return error > delta ? delta : error < -delta ? -delta : error;
    }
    return error;
}

/* Compare outputs with what is wanted: the sum of the errors' costs. */
static double compare_row(mlp_loss kind, const mlp_loss_rows *loss, size_t r)
{
    const float *a = loss->outputs + r * loss->stride;
    float *dz = loss->dz != NULL ? loss->dz + r * loss->stride : NULL;
    double sum = 0.0;
    for (size_t j = 0; j < loss->cols; j++) {
        float error = a[j] - wanted(loss, r, j);
        sum += error_cost(kind, (double)loss->delta, (double)error);
        if (dz != NULL) {
            dz[j] = error_slope(kind, loss->delta, error);
        }
    }
    if (dz != NULL) {
        memset(dz + loss->cols, 0, (loss->stride - loss->cols) * sizeof *dz);
    }
    return sum;
}

static void error_row(mlp_loss kind, const mlp_loss_rows *loss, size_t r)
{
    bool is_logistic = kind == MLP_LOSS_BINARY_CROSS_ENTROPY;
    bool is_log_linear = kind == MLP_LOSS_POISSON;
    bool has_link = is_logistic || is_log_linear;
    bool has_loss = loss->losses != NULL;
    float *a = loss->outputs + r * loss->stride;
    double deviance = !has_loss       ? 0.0
                      : is_logistic   ? sigmoid_deviance(loss, r)
                      : is_log_linear ? poisson_deviance(loss, r)
                                      : 0.0;
    if (has_link) {
        apply_link(kind, a, loss->stride);
    }
    if (has_loss) {
        double cost = compare_row(kind, loss, r);
        loss->losses[r] = has_link ? deviance : cost;
    }
    loss->predicted[r] = loss->targets != NULL ? 0
                         : loss->cols == 1     ? a[0] >= 0.5f
                                               : largest(a, loss->cols);
}

static void scale_row(const mlp_loss_rows *loss, size_t r, float weight)
{
    loss->losses[r] *= (double)weight;
    for (size_t j = 0; loss->dz != NULL && j < loss->cols; j++) {
        loss->dz[r * loss->stride + j] *= weight;
    }
}

/* A row that does not count: not even a loss that is not finite. */
static void clear_row(const mlp_loss_rows *loss, size_t r)
{
    loss->losses[r] = 0.0;
    if (loss->dz != NULL) {
        memset(loss->dz + r * loss->stride, 0, loss->stride * sizeof(float));
    }
}

static void weigh_row(const mlp_loss_rows *loss, size_t r)
{
    if (loss->class_weights != NULL) {
        scale_row(loss, r, loss->class_weights[loss->labels[r]]);
    }
    if (loss->weights != NULL && loss->weights[r] == 0.0f) {
        clear_row(loss, r);
    } else if (loss->weights != NULL) {
        scale_row(loss, r, loss->weights[r]);
    }
}

static void flush_row(float *dz, size_t stride)
{
    for (size_t j = 0; j < stride; j += LANES) {
        vec_store(dz + j, vec_flush_dz(vec_load(dz + j)));
    }
}

void ISA(mlp_loss)(mlp_loss kind, const mlp_loss_rows *loss,
                   const mlp_dense *layer, mlp_range rows)
{
    for (size_t r = rows.first; r < rows.first + rows.count; r++) {
        if (kind == MLP_LOSS_CROSS_ENTROPY) {
            softmax_row(loss, r);
        } else {
            error_row(kind, loss, r);
        }
        if (loss->losses != NULL) {
            weigh_row(loss, r);
        }
        if (loss->dz != NULL) {
            flush_row(loss->dz + r * loss->stride, loss->stride);
        }
    }
    bool has_slope =
        kind == MLP_LOSS_MSE || kind == MLP_LOSS_MAE || kind == MLP_LOSS_HUBER;
    if (has_slope && loss->dz != NULL) {
        const mlp_units units = {.a = loss->outputs};
        ISA(mlp_slope)
        (layer, &units, loss->dz, rows, (mlp_range){0, loss->stride});
    }
}
