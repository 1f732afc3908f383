/** @file
 *  Tests of rounding to bfloat16.
 */
#include "base/bfloat16.h"

#include <check.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "run_suite.h"

START_TEST(values_worked_out_by_hand)
{
    /* between 1 and 2 the spacing is 2^-7; ties round to even */
    const float cases[][2] = {{1.0F, 1.0F},
                              {0x1.01p0F, 1.0F},
                              {0x1.010002p0F, 0x1.02p0F},
                              {0x1.03p0F, 0x1.04p0F},
                              {-0x1.03p0F, -0x1.04p0F},
                              {0x1.fffp0F, 2.0F},
                              {0.0F, 0.0F},
                              {3.14159265F, 3.140625F},
                              {0x1p-133F, 0x1p-133F},    /* the least */
                              {0x1.8p-134F, 0x1p-133F}}; /* below it */
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ck_assert(mlp_bfloat16_round(cases[i][0]) == cases[i][1]);
    }
    ck_assert(signbit(mlp_bfloat16_round(-0.0F)));
}
END_TEST

START_TEST(infinity_and_nan_are_kept)
{
    const uint32_t nans[] = {0x7f800001U, 0x7fffffffU, 0x7fc00000U, 0xff800001U,
                             0xffffffffU};
    for (size_t i = 0; i < sizeof nans / sizeof nans[0]; i++) {
        float rounded = mlp_bfloat16_round(mlp_float_of_bits(nans[i]));
        ck_assert(isnan(rounded));
        ck_assert(isnan(mlp_bfloat16_unpack(mlp_bfloat16_pack(rounded))));
    }
    ck_assert(mlp_bfloat16_round(INFINITY) == INFINITY);
    ck_assert(mlp_bfloat16_round(-INFINITY) == -INFINITY);
    ck_assert(mlp_bfloat16_round(FLT_MAX) == INFINITY);
    ck_assert(mlp_bfloat16_round(0x1.fep127F) == 0x1.fep127F);
}
END_TEST

/* Every bfloat16 rounds to itself, and so do all floats that are closer to it
 * than to its neighbours. */
START_TEST(rounding_is_to_the_nearest)
{
    for (uint32_t half = 0; half < 0x7f80U; half++) {
        float x = mlp_bfloat16_unpack((uint16_t)half);
        ck_assert(mlp_bfloat16_round(x) == x);
        ck_assert_uint_eq(mlp_bfloat16_pack(x), half);
        uint32_t bits = half << 16;
        float up = mlp_bfloat16_round(mlp_float_of_bits(bits + 0x8001U));
        float down = mlp_bfloat16_round(mlp_float_of_bits(bits + 0x7fffU));
        float tie = mlp_bfloat16_round(mlp_float_of_bits(bits + 0x8000U));
        ck_assert(up > x);
        ck_assert(down == x);
        ck_assert(tie == (half % 2 == 0 ? x : up));
        ck_assert(mlp_bfloat16_round(-mlp_float_of_bits(bits + 0x7fffU)) == -x);
    }
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("bfloat16");
    tcase_add_test(tests, values_worked_out_by_hand);
    tcase_add_test(tests, infinity_and_nan_are_kept);
    tcase_add_test(tests, rounding_is_to_the_nearest);
    Suite *suite = suite_create("bfloat16");
    suite_add_tcase(suite, tests);
    return run_suite(suite, CK_FORK_GETENV);
}
