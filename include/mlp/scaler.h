/** @file
 *  Feature scaling: x -> (x - shift) * scale, fitted on the training rows.
 */
#ifndef MLP_SCALER_H
#define MLP_SCALER_H

/** With shift 0 a zero stays an exact zero, which the kernels skip. */
typedef struct {
    float shift, scale;
} mlp_scaler;

/** Division by the largest absolute value, as scikit-learn's MaxAbsScaler.
 *  @param largest  over all training rows; 0 gives the identity */
mlp_scaler mlp_scaler_max(float largest);

#endif
