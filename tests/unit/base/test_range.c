/** @file
 *  Tests of ranges of indices.
 */
#include "base/range.h"

#include <check.h>
#include <stdbool.h>
#include <stdint.h>

#include "run_suite.h"

START_TEST(parts_tile_the_whole)
{
    for (size_t parts = 1; parts <= 9; parts++) {
        size_t next = 0;
        for (size_t i = 0; i < parts; i++) {
            mlp_range part = mlp_range_part(7, parts, i);
            ck_assert_uint_eq(part.first, next);
            next += part.count;
        }
        ck_assert_uint_eq(next, 7);
    }
    mlp_range last = mlp_range_part(SIZE_MAX, 3, 2);
    ck_assert_uint_eq(last.first + last.count, SIZE_MAX);
}
END_TEST

START_TEST(a_run_of_parts_is_what_they_cover)
{
    for (size_t i = 0; i < 9 * 10 * 10; i++) {
        size_t parts = 1 + i % 9, first = i / 9 % 10, end = i / 90;
        size_t count = 0;
        if (end > parts || first > end) {
            continue;
        }
        mlp_range run =
            mlp_range_parts(7, parts, (mlp_range){first, end - first});
        for (size_t k = first; k < end; k++) {
            count += mlp_range_part(7, parts, k).count;
        }
        ck_assert_uint_eq(run.count, count);
        ck_assert(first == parts ||
                  run.first == mlp_range_part(7, parts, first).first);
    }
}
END_TEST

START_TEST(an_overlap_is_what_both_have)
{
    for (size_t i = 0; i < 6 * 6 * 6 * 6; i++) {
        mlp_range a = {i % 6, i / 6 % 6}, b = {i / 36 % 6, i / 216};
        mlp_range both = mlp_range_overlap(a, b);
        mlp_range turned = mlp_range_overlap(b, a);
        size_t common = 0;
        for (size_t k = 0; k < 12; k++) {
            bool is_in = k >= a.first && k < a.first + a.count &&
                         k >= b.first && k < b.first + b.count;
            common += is_in;
            ck_assert(!is_in ||
                      (k >= both.first && k < both.first + both.count));
        }
        ck_assert_uint_eq(both.count, common);
        ck_assert_uint_eq(turned.count, common);
    }
}
END_TEST

static Suite *create_suite(void)
{
    TCase *tests = tcase_create("ranges");
    tcase_add_test(tests, parts_tile_the_whole);
    tcase_add_test(tests, a_run_of_parts_is_what_they_cover);
    tcase_add_test(tests, an_overlap_is_what_both_have);
    Suite *suite = suite_create("ranges of indices");
    suite_add_tcase(suite, tests);
    return suite;
}

int main(void)
{
    return run_suite(create_suite(), CK_FORK_GETENV);
}
