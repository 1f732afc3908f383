/** @file
 *  The bins of a reliability diagram.
 */
#include "reliability.h"

#include <math.h>
#include <stdbool.h>

void mlp_reliability_add(mlp_reliability *reliability, const float *outputs,
                         size_t count, uint32_t label, uint32_t prediction)
{
    bool is_of_two = count <= 2;
    double p = (double)outputs[!is_of_two ? prediction : count - 1];
    bool is_hit = label == (is_of_two ? 1 : prediction);
    double place = p * MLP_RELIABILITY_BINS;
    size_t last = MLP_RELIABILITY_BINS - 1;
    size_t index = place < (double)last ? (size_t)place : last;
    mlp_reliability_bin *bin = &reliability->bins[index];
    bin->rows++;
    bin->hits += is_hit;
    bin->probabilities += p;
    reliability->rows++;
}

double mlp_reliability_probability(const mlp_reliability_bin *bin)
{
    return bin->rows > 0 ? bin->probabilities / (double)bin->rows : (double)NAN;
}

double mlp_reliability_share(const mlp_reliability_bin *bin)
{
    return bin->rows > 0 ? (double)bin->hits / (double)bin->rows : (double)NAN;
}

double mlp_reliability_error(const mlp_reliability *reliability)
{
    double sum = 0;
    for (size_t i = 0; i < MLP_RELIABILITY_BINS; i++) {
        const mlp_reliability_bin *bin = &reliability->bins[i];
        sum += fabs((double)bin->hits - bin->probabilities);
    }
    return reliability->rows > 0 ? sum / (double)reliability->rows
                                 : (double)NAN;
}
