/** @file
 *  Laps add up by thread and phase; a trace keeps the first ones.
 */
#include "system/profile.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"

#include "run_suite.h"

enum { THREADS = 3, KEPT = 4 };

/* Sums of doubles of some seconds on a clock of some weeks. */
static const double TOLERANCE = 1e-7;

static mlp_profile *create(size_t laps)
{
    mlp_profile *profile = NULL;
    ck_assert_int_eq(mlp_profile_create(THREADS, laps, &profile), MLP_OK);
    return profile;
}

static void sleep_milliseconds(long milliseconds)
{
    struct timespec wait = {.tv_nsec = 1000000 * milliseconds};
    nanosleep(&wait, NULL);
}

static double sum_of(const mlp_profile *profile, size_t thread)
{
    double sum = 0.0;
    for (mlp_phase phase = 0; phase < MLP_PHASES; phase++) {
        sum += mlp_profile_seconds(profile, thread, phase);
    }
    return sum;
}

START_TEST(each_phase_has_a_name_of_its_own)
{
    ck_assert_str_eq(mlp_phase_name(MLP_PHASE_GATHER), "gather");
    ck_assert_str_eq(mlp_phase_name(MLP_PHASE_FORWARD), "forward");
    ck_assert_str_eq(mlp_phase_name(MLP_PHASE_LOSS), "loss");
    ck_assert_str_eq(mlp_phase_name(MLP_PHASE_BACKWARD), "backward");
    ck_assert_str_eq(mlp_phase_name(MLP_PHASE_GRADIENT), "gradient");
    ck_assert_str_eq(mlp_phase_name(MLP_PHASE_EXCHANGE), "exchange");
    ck_assert_str_eq(mlp_phase_name(MLP_PHASE_UPDATE), "update");
    ck_assert_str_eq(mlp_phase_name(MLP_PHASE_WAIT), "wait");
}
END_TEST

START_TEST(a_new_profile_has_no_time_and_no_laps)
{
    mlp_profile *profile = create(KEPT);
    for (size_t thread = 0; thread < THREADS; thread++) {
        size_t count = 1;
        mlp_profile_laps(profile, thread, &count);
        ck_assert_uint_eq(count, 0);
        ck_assert(sum_of(profile, thread) == 0.0);
    }
    mlp_profile_destroy(&profile);
    ck_assert_ptr_null(profile);
}
END_TEST

START_TEST(a_lap_is_as_long_as_what_it_timed)
{
    mlp_profile *profile = create(0);
    double before = mlp_clock_seconds();
    mlp_profile_start(profile, 1);
    sleep_milliseconds(20);
    mlp_profile_lap(profile, 1, MLP_PHASE_LOSS);
    double most = mlp_clock_seconds() - before;
    double seconds = mlp_profile_seconds(profile, 1, MLP_PHASE_LOSS);
    ck_assert_double_ge(seconds, 0.02 - TOLERANCE);
    ck_assert_double_le(seconds, most + TOLERANCE);
    ck_assert(sum_of(profile, 1) == seconds);
    mlp_profile_destroy(&profile);
}
END_TEST

START_TEST(laps_of_a_phase_add_up_and_no_time_is_lost_between_phases)
{
    mlp_profile *profile = create(2 * KEPT);
    mlp_profile_start(profile, 0);
    for (size_t i = 0; i < KEPT; i++) {
        sleep_milliseconds(1);
        mlp_profile_lap(profile, 0, MLP_PHASE_FORWARD);
        mlp_profile_lap(profile, 0, MLP_PHASE_WAIT);
    }
    size_t count;
    const mlp_lap *laps = mlp_profile_laps(profile, 0, &count);
    ck_assert_uint_eq(count, 2 * KEPT);
    double forward = 0.0;
    for (size_t i = 0; i < count; i++) {
        mlp_phase expected = i % 2 == 0 ? MLP_PHASE_FORWARD : MLP_PHASE_WAIT;
        ck_assert_uint_eq(laps[i].phase, expected);
        ck_assert_uint_eq(laps[i].thread, 0);
        forward += i % 2 == 0 ? laps[i].seconds : 0.0;
        if (i > 0) { /* it begins where the one before ended */
            double end = laps[i - 1].start + laps[i - 1].seconds;
            ck_assert_double_le(fabs(laps[i].start - end), TOLERANCE);
        }
    }
    double seconds = mlp_profile_seconds(profile, 0, MLP_PHASE_FORWARD);
    ck_assert_double_le(fabs(seconds - forward), TOLERANCE);
    double end = laps[count - 1].start + laps[count - 1].seconds;
    double whole = end - laps[0].start;
    ck_assert_double_le(fabs(sum_of(profile, 0) - whole), TOLERANCE);
    mlp_profile_destroy(&profile);
}
END_TEST

START_TEST(time_before_a_start_belongs_to_no_lap)
{
    mlp_profile *profile = create(0);
    mlp_profile_start(profile, 0);
    sleep_milliseconds(20);
    double restart = mlp_clock_seconds();
    mlp_profile_start(profile, 0);
    mlp_profile_lap(profile, 0, MLP_PHASE_UPDATE);
    double most = mlp_clock_seconds() - restart;
    double seconds = mlp_profile_seconds(profile, 0, MLP_PHASE_UPDATE);
    ck_assert_double_le(seconds, most + TOLERANCE);
    mlp_profile_destroy(&profile);
}
END_TEST

START_TEST(threads_do_not_share_laps)
{
    mlp_profile *profile = create(KEPT);
    for (size_t thread = 0; thread < THREADS; thread++) {
        mlp_profile_start(profile, thread);
    }
    mlp_profile_lap(profile, 0, MLP_PHASE_GATHER);
    sleep_milliseconds(1);
    mlp_profile_lap(profile, 2, MLP_PHASE_EXCHANGE);
    size_t count;
    mlp_profile_laps(profile, 0, &count);
    ck_assert_uint_eq(count, 1);
    mlp_profile_laps(profile, 1, &count);
    ck_assert_uint_eq(count, 0);
    const mlp_lap *laps = mlp_profile_laps(profile, 2, &count);
    ck_assert_uint_eq(count, 1);
    ck_assert_uint_eq(laps[0].thread, 2);
    ck_assert(mlp_profile_seconds(profile, 0, MLP_PHASE_EXCHANGE) == 0.0);
    ck_assert(mlp_profile_seconds(profile, 2, MLP_PHASE_EXCHANGE) > 0.0);
    mlp_profile_destroy(&profile);
}
END_TEST

START_TEST(the_first_laps_are_kept_and_later_ones_still_count)
{
    mlp_profile *profile = create(KEPT);
    mlp_profile_start(profile, 0);
    for (size_t i = 0; i < KEPT; i++) {
        mlp_profile_lap(profile, 0, MLP_PHASE_GATHER);
    }
    double end = mlp_clock_seconds();
    sleep_milliseconds(1);
    mlp_profile_lap(profile, 0, MLP_PHASE_UPDATE);
    size_t count;
    const mlp_lap *laps = mlp_profile_laps(profile, 0, &count);
    ck_assert_uint_eq(count, KEPT);
    for (size_t i = 0; i < KEPT; i++) {
        ck_assert_uint_eq(laps[i].phase, MLP_PHASE_GATHER);
        ck_assert_double_le(laps[i].start + laps[i].seconds, end + TOLERANCE);
    }
    double late = mlp_profile_seconds(profile, 0, MLP_PHASE_UPDATE);
    ck_assert_double_ge(late, 0.001 - TOLERANCE);
    mlp_profile_destroy(&profile);
}
END_TEST

START_TEST(without_room_for_a_trace_only_sums_are_kept)
{
    mlp_profile *profile = create(0);
    mlp_profile_start(profile, 0);
    sleep_milliseconds(1);
    mlp_profile_lap(profile, 0, MLP_PHASE_BACKWARD);
    size_t count = 1;
    mlp_profile_laps(profile, 0, &count);
    ck_assert_uint_eq(count, 0);
    ck_assert(mlp_profile_seconds(profile, 0, MLP_PHASE_BACKWARD) > 0.0);
    mlp_profile_destroy(&profile);
}
END_TEST

START_TEST(no_profile_costs_nothing_and_does_nothing)
{
    mlp_profile *profile = NULL;
    mlp_profile_start(profile, 0);
    mlp_profile_lap(profile, 0, MLP_PHASE_FORWARD);
    mlp_profile_destroy(&profile);
    ck_assert_ptr_null(profile);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("profile");
    TCase *tcase = tcase_create("profile");
    tcase_add_test(tcase, each_phase_has_a_name_of_its_own);
    tcase_add_test(tcase, a_new_profile_has_no_time_and_no_laps);
    tcase_add_test(tcase, a_lap_is_as_long_as_what_it_timed);
    tcase_add_test(tcase,
                   laps_of_a_phase_add_up_and_no_time_is_lost_between_phases);
    tcase_add_test(tcase, time_before_a_start_belongs_to_no_lap);
    tcase_add_test(tcase, threads_do_not_share_laps);
    tcase_add_test(tcase, the_first_laps_are_kept_and_later_ones_still_count);
    tcase_add_test(tcase, without_room_for_a_trace_only_sums_are_kept);
    tcase_add_test(tcase, no_profile_costs_nothing_and_does_nothing);
    suite_add_tcase(suite, tcase);
    return run_suite(suite, CK_FORK_GETENV);
}
