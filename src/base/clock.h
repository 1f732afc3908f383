/** @file
 *  Time for measurements.
 */
#ifndef MLP_CLOCK_H
#define MLP_CLOCK_H

/** Seconds on a clock that never goes back, since some point in the past. */
double mlp_clock_seconds(void);

#endif
