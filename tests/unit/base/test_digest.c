/** @file
 *  SHA-256 against the examples of NIST, and its streaming form against
 *  itself.
 */
#include "base/digest.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "run_suite.h"

static void expect_hex(const unsigned char *value, const char *expected)
{
    char hex[MLP_DIGEST_HEX];
    mlp_digest_hex(value, hex);
    ck_assert_str_eq(hex, expected);
}

START_TEST(text_abc_has_the_digest_of_fips_180)
{
    unsigned char value[MLP_DIGEST_BYTES];
    ck_assert_int_eq(mlp_digest_of("abc", 3, value), MLP_OK);
    expect_hex(value, "ba7816bf8f01cfea414140de5dae2223"
                      "b00361a396177a9cb410ff61f20015ad");
}
END_TEST

START_TEST(no_bytes_have_the_digest_of_nist)
{
    unsigned char value[MLP_DIGEST_BYTES];
    ck_assert_int_eq(mlp_digest_of("", 0, value), MLP_OK);
    expect_hex(value, "e3b0c44298fc1c149afbf4c8996fb924"
                      "27ae41e4649b934ca495991b7852b855");
}
END_TEST

START_TEST(a_million_letters_in_uneven_parts_match_nist)
{
    char letters[1000];
    memset(letters, 'a', sizeof letters);
    mlp_digest *digest = NULL;
    ck_assert_int_eq(mlp_digest_create(&digest), MLP_OK);
    for (size_t left = 1000000, part = 1; left > 0; left -= part) {
        part = part % sizeof letters + 7;
        part = part > sizeof letters ? sizeof letters : part;
        part = part > left ? left : part;
        ck_assert_int_eq(mlp_digest_update(digest, letters, part), MLP_OK);
    }
    unsigned char value[MLP_DIGEST_BYTES];
    ck_assert_int_eq(mlp_digest_finish(digest, value), MLP_OK);
    mlp_digest_destroy(&digest);
    ck_assert_ptr_null(digest);
    expect_hex(value, "cdc76e5c9914fb9281a1c7e284d73e67"
                      "f1809a48a497200e046d39ccc7112cd0");
}
END_TEST

START_TEST(updates_of_any_length_give_the_same_digest)
{
    unsigned char bytes[200], whole[MLP_DIGEST_BYTES];
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (unsigned char)(i * 37);
    }
    ck_assert_int_eq(mlp_digest_of(bytes, sizeof bytes, whole), MLP_OK);
    for (size_t cut = 0; cut <= sizeof bytes; cut++) {
        unsigned char value[MLP_DIGEST_BYTES];
        mlp_digest *digest = NULL;
        ck_assert_int_eq(mlp_digest_create(&digest), MLP_OK);
        ck_assert_int_eq(mlp_digest_update(digest, bytes, cut), MLP_OK);
        ck_assert_int_eq(
            mlp_digest_update(digest, bytes + cut, sizeof bytes - cut), MLP_OK);
        ck_assert_int_eq(mlp_digest_finish(digest, value), MLP_OK);
        mlp_digest_destroy(&digest);
        ck_assert_mem_eq(value, whole, sizeof whole);
    }
}
END_TEST

START_TEST(every_single_bit_changes_the_digest)
{
    unsigned char bytes[64] = {0}, before[MLP_DIGEST_BYTES];
    ck_assert_int_eq(mlp_digest_of(bytes, sizeof bytes, before), MLP_OK);
    for (size_t bit = 0; bit < 8 * sizeof bytes; bit++) {
        unsigned char after[MLP_DIGEST_BYTES];
        bytes[bit / 8] ^= (unsigned char)(1U << bit % 8);
        ck_assert_int_eq(mlp_digest_of(bytes, sizeof bytes, after), MLP_OK);
        bytes[bit / 8] ^= (unsigned char)(1U << bit % 8);
        ck_assert_mem_ne(after, before, sizeof before);
    }
}
END_TEST

START_TEST(hex_is_lower_case_high_digit_first)
{
    unsigned char value[MLP_DIGEST_BYTES] = {0x0f, 0xa0, 0xff};
    expect_hex(value, "0fa0ff00000000000000000000000000"
                      "00000000000000000000000000000000");
}
END_TEST

START_TEST(destroying_null_is_allowed)
{
    mlp_digest *digest = NULL;
    mlp_digest_destroy(&digest);
    ck_assert_ptr_null(digest);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("digest");
    TCase *tcase = tcase_create("digest");
    tcase_add_test(tcase, text_abc_has_the_digest_of_fips_180);
    tcase_add_test(tcase, no_bytes_have_the_digest_of_nist);
    tcase_add_test(tcase, a_million_letters_in_uneven_parts_match_nist);
    tcase_add_test(tcase, updates_of_any_length_give_the_same_digest);
    tcase_add_test(tcase, every_single_bit_changes_the_digest);
    tcase_add_test(tcase, hex_is_lower_case_high_digit_first);
    tcase_add_test(tcase, destroying_null_is_allowed);
    suite_add_tcase(suite, tcase);
    return run_suite(suite, CK_FORK_GETENV);
}
