/** @file
 *  A verification under way, for verify.c (training the slice) and
 *  verify_report.c (its variants, and what is said of them).
 */
#ifndef MLP_RUN_VERIFY_H
#define MLP_RUN_VERIFY_H

#include "internal.h"

typedef struct {
    mlp_run_parts run; /**< of the whole team */
    uint64_t epoch_steps;
    uint64_t first; /**< global step before the slice */
    size_t steps;   /**< of the slice */
    size_t layers;
    mlp_range *slices;  /**< [layers, ranks]: which floats a rank updates */
    uint64_t *expected; /**< [steps, layers, ranks] digests of the reference */
    uint64_t *found;    /**< the same, of the team */
    char weights[MLP_DIGEST_HEX]; /**< after the slice; rank 0 */
    size_t passes;                /**< that were the same */
} mlp_verification;

/** Digests after one step. */
static inline size_t mlp_verify_row(const mlp_verification *v)
{
    return v->layers * mlp_comm_size(v->run.job.comm);
}

/** Train the slice with run.kernels, NULL for the usual ones, and compare.
 *  Collective. MLP_ERROR_DATA when something differs. */
mlp_status mlp_verify_pass(mlp_verification *v, bool is_resumed);

/** A pass that is stopped, saved to a temporary directory and resumed in its
 *  middle. Collective. */
mlp_status mlp_verify_resumed(mlp_verification *v);

/** A pass with each instruction set that all ranks have, but for the one that
 *  they use anyway. Collective. */
mlp_status mlp_verify_every_set(mlp_verification *v);

/** Compare what the team found; rank 0 says so. */
mlp_status mlp_verify_compare(mlp_verification *v, bool is_resumed,
                              double seconds);

/** The first and the last lines. Rank 0. */
void mlp_verify_begin(const mlp_verification *v, double seconds);
mlp_status mlp_verify_end(const mlp_verification *v);

#endif
