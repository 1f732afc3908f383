/** @file
 *  The state of --check-digest, for verify.c (training the segment) and
 *  verify_report.c (variants and output).
 */
#ifndef MLP_RUN_VERIFY_H
#define MLP_RUN_VERIFY_H

#include "internal.h"

typedef struct {
    mlp_run_parts run; /**< the run of the whole team */
    uint64_t epoch_steps;
    uint64_t first; /**< global step before the segment */
    size_t steps;   /**< of the segment */
    size_t layers;
    mlp_range *ranges;  /**< [layers, ranks]: which floats a rank updates */
    uint64_t *expected; /**< [steps, layers, ranks] digests of the reference */
    uint64_t *found;    /**< the same, of the team */
    char weights[MLP_DIGEST_HEX]; /**< after the segment; rank 0 */
    size_t passes;                /**< variants with equal digests */
} mlp_verification;

/** Number of digests after one step. */
static inline size_t mlp_verify_row(const mlp_verification *v)
{
    return v->layers * mlp_comm_size(v->run.job.comm);
}

/** Train the segment with run.kernels, NULL for the default, and compare.
 *  Collective. MLP_ERROR_DATA when something differs. */
mlp_status mlp_verify_pass(mlp_verification *v, bool is_resumed);

/** A pass that stops in the middle, saves to a temporary directory and
 *  resumes. Collective. */
mlp_status mlp_verify_resumed(mlp_verification *v);

/** A pass with each instruction set that all ranks have, except the default.
 *  Collective. */
mlp_status mlp_verify_instruction_sets(mlp_verification *v);

/** Compare the team's digests with the reference; rank 0 prints the result. */
mlp_status mlp_verify_compare(mlp_verification *v, bool is_resumed,
                              double seconds);

/** Print the first and the last lines. Rank 0. */
void mlp_verify_begin(const mlp_verification *v, double seconds);
mlp_status mlp_verify_end(const mlp_verification *v);

#endif
