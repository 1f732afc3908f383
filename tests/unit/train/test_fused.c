/** @file
 *  Tests of the bound below which gradient and update may be one.
 */
#include <check.h>
#include <math.h>
#include <string.h>

#include "run_suite.h"
#include "train/step.h"

enum { THREADS = 3, LAYERS = 2 };

static uint32_t bits_of(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

/* All threads have seen 1 everywhere; thread 1 this, in layer 1. */
static bool is_bounded(float input, float dz, size_t rows)
{
    mlp_thread_bounds bounds[THREADS];
    memset(bounds, 0, sizeof bounds);
    for (size_t t = 0; t < THREADS; t++) {
        for (size_t l = 0; l < LAYERS; l++) {
            bounds[t].extent.input[l] = bounds[t].extent.dz[l] = bits_of(1.0F);
        }
    }
    bounds[1].extent.input[1] = bits_of(input);
    bounds[1].extent.dz[1] = bits_of(dz);
    return mlp_fused_is_bounded(bounds, THREADS, LAYERS, rows);
}

START_TEST(inputs_and_dz_may_be_2_to_the_50)
{
    float beyond = nextafterf(0x1p50F, INFINITY);
    ck_assert(is_bounded(0x1p50F, 0x1p50F, 1 << 20));
    ck_assert(!is_bounded(beyond, 0.0F, 1));
    ck_assert(!is_bounded(0.0F, beyond, 1));
    ck_assert(!is_bounded(0x1.fffffep127F, 0x1.fffffep127F, 1));
}
END_TEST

START_TEST(more_than_2_to_the_20_rows_are_too_many)
{
    ck_assert(is_bounded(1.0F, 1.0F, 1 << 20));
    ck_assert(!is_bounded(1.0F, 1.0F, (1 << 20) + 1));
}
END_TEST

START_TEST(what_is_not_finite_has_no_bound)
{
    ck_assert(!is_bounded(INFINITY, 0.0F, 1));
    ck_assert(!is_bounded(NAN, 0.0F, 1));
    ck_assert(!is_bounded(1.0F, INFINITY, 1));
    ck_assert(!is_bounded(1.0F, NAN, 1));
    ck_assert(!is_bounded(1.0F, NAN, 0));
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("fused");
    tcase_add_test(tests, inputs_and_dz_may_be_2_to_the_50);
    tcase_add_test(tests, more_than_2_to_the_20_rows_are_too_many);
    tcase_add_test(tests, what_is_not_finite_has_no_bound);
    Suite *suite = suite_create("fused");
    suite_add_tcase(suite, tests);
    return run_suite(suite, CK_FORK_GETENV);
}
