/** @file
 *  The parts of the run log: JSON records, plain lines, the file to append
 *  to. Private to the run log.
 */
#ifndef MLP_RUNLOG_PARTS_H
#define MLP_RUNLOG_PARTS_H

#include <jansson.h>
#include <stdio.h>

#include "runlog.h"

/* Records for machines. The caller owns each; NULL without memory. */

/** @param step  where the run begins: 0, or the step it resumes after */
json_t *mlp_runlog_start_record(const mlp_config *config,
                                const mlp_placement *placement,
                                const char *resumed_from, uint64_t step);
json_t *mlp_runlog_epoch_record(const mlp_epoch_record *record);
json_t *mlp_runlog_profile_record(uint64_t step, const uint64_t *nanoseconds,
                                  size_t ranks);
json_t *mlp_runlog_warning_record(uint64_t step, const char *text, size_t units,
                                  size_t dead);
json_t *mlp_runlog_end_record(const mlp_epoch_record *last,
                              const char *weights_hex, double wall_seconds,
                              bool is_finished);

/* Lines for a person. */

void mlp_runlog_print_start(FILE *out, const mlp_config *config,
                            const mlp_placement *placement,
                            const char *resumed_from, uint64_t step);
void mlp_runlog_print_epoch(FILE *out, const mlp_epoch_record *record,
                            uint64_t epochs);

/** Rows of training a second in an epoch; NAN for no time. */
double mlp_runlog_rate(const mlp_epoch_record *record);

/** Cut a run log before its first record of a step > resume_step or of the end
 *  of an epoch > resume_epoch, and before a record that is not whole. What is
 *  kept is not rewritten, so nothing can get lost. A file that is not
 *  there or no regular file stays as it is.
 *  MLP_ERROR_IO; MLP_ERROR_DATA when the file is no run log. */
mlp_status mlp_runlog_cut(const char *path, uint64_t resume_step,
                          uint64_t resume_epoch);

#endif
