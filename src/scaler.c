/** @file
 *  Feature scaling.
 */
#include "mlp/scaler.h"

#include <math.h>

mlp_scaler mlp_scaler_max(float largest)
{
    float scale = 1.0F / largest;
    /* 0 and the smallest subnormals have no finite reciprocal */
    return (mlp_scaler){0.0F, isfinite(scale) ? scale : 1.0F};
}
