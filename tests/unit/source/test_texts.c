/** @file
 *  Tests of numbered texts.
 */
#include "source/texts.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "run_suite.h"

START_TEST(texts_are_numbered_in_the_order_they_come)
{
    mlp_texts texts = {0};
    size_t code;
    ck_assert_uint_eq(mlp_texts_find(&texts, "a", 1), 0);
    for (size_t round = 0; round < 2; round++) {
        for (size_t i = 0; i < 5000; i++) {
            char text[16];
            size_t length = (size_t)sprintf(text, "t%zu", i);
            ck_assert_int_eq(mlp_texts_add(&texts, text, length, &code),
                             MLP_OK);
            ck_assert_uint_eq(code, i);
        }
    }
    ck_assert_uint_eq(texts.count, 5000);
    ck_assert_str_eq(mlp_texts_item(&texts, 4321), "t4321");
    ck_assert_uint_eq(mlp_texts_find(&texts, "t43215", 5), 4321);
    ck_assert_uint_eq(mlp_texts_find(&texts, "t43215", 6), 5000);
    mlp_texts_destroy(&texts);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("texts");
    TCase *tests = tcase_create("texts");
    tcase_add_test(tests, texts_are_numbered_in_the_order_they_come);
    suite_add_tcase(suite, tests);
    return run_suite(suite, CK_FORK_GETENV);
}
