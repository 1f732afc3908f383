/** @file
 *  JSON records, plain lines and truncation of the run log. Private to it.
 */
#ifndef MLP_RUNLOG_PARTS_H
#define MLP_RUNLOG_PARTS_H

#include <jansson.h>
#include <stdio.h>

#include "runlog.h"

/* JSON records. The caller owns each; NULL without memory. */

/** @param step  0, or the step from which the run resumes */
json_t *mlp_runlog_start_record(const mlp_config *config,
                                const mlp_placement *placement,
                                const char *resumed_from, uint64_t step);
json_t *mlp_runlog_epoch_record(const mlp_epoch_record *record);
json_t *mlp_runlog_profile_record(uint64_t step, const uint64_t *nanoseconds,
                                  size_t ranks, const uint64_t sent[2]);
json_t *mlp_runlog_warning_record(uint64_t step, const char *text, size_t units,
                                  size_t dead);
json_t *mlp_runlog_end_record(const mlp_epoch_record *last,
                              const char *weights_hex, double wall_seconds,
                              bool is_finished);

/* Plain lines. */

void mlp_runlog_print_start(FILE *out, const mlp_config *config,
                            const mlp_placement *placement,
                            const char *resumed_from, uint64_t step);
void mlp_runlog_print_epoch(FILE *out, const mlp_epoch_record *record,
                            uint64_t epochs);

/** Training rows per second in an epoch; NAN when no time was measured. */
double mlp_runlog_rate(const mlp_epoch_record *record);

/** Truncate a run log before its first record of a step > resume_step or of the
 *  end of an epoch > resume_epoch, and before an incomplete record. Nothing is
 *  rewritten, so nothing can get lost. A file that is absent or not regular is
 *  unchanged. MLP_ERROR_IO; MLP_ERROR_DATA when the file is not a run log. */
mlp_status mlp_runlog_truncate(const char *path, uint64_t resume_step,
                               uint64_t resume_epoch);

#endif
