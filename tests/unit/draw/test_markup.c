/** @file
 *  Markup that nothing from outside can break out of.
 */
#include "draw/markup.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "run_suite.h"

static char *text;
static size_t size;
static mlp_markup m;

static void setup(void)
{
    m = (mlp_markup){.out = open_memstream(&text, &size)};
    ck_assert_ptr_nonnull(m.out);
}

static void teardown(void)
{
    fclose(m.out);
    free(text);
}

static const char *written(void)
{
    fflush(m.out);
    return text;
}

START_TEST(elements_nest_and_close_by_their_names)
{
    mlp_markup_open(&m, "p");
    mlp_markup_attribute(&m, "class", "n%d", 7);
    mlp_markup_text(&m, "a ");
    mlp_markup_element(&m, "b", NULL, "%s", "c");
    mlp_markup_open(&m, "img");
    mlp_markup_attribute(&m, "alt", "%s", "");
    mlp_markup_close_empty(&m);
    mlp_markup_close(&m);
    ck_assert_str_eq(written(), "<p class=\"n7\">a <b>c</b><img alt=\"\"></p>");
    ck_assert_uint_eq(m.depth, 0);
}
END_TEST

START_TEST(text_and_attributes_cannot_break_out)
{
    const char *evil = "\"'><script>&amp;";
    mlp_markup_open(&m, "i");
    mlp_markup_attribute(&m, "title", "%s", evil);
    mlp_markup_text(&m, "%s", evil);
    mlp_markup_close(&m);
    ck_assert_str_eq(written(),
                     "<i title=\"&quot;&#39;&gt;&lt;script&gt;&amp;amp;\">"
                     "&quot;&#39;&gt;&lt;script&gt;&amp;amp;</i>");
}
END_TEST

START_TEST(what_is_no_text_of_xml_is_replaced)
{
    /* control, lone continuation, too long, surrogate, cut short, NEL, U+FFFF
     */
    mlp_markup_text(&m, "%s",
                    "a\001\200\xc0\x80\xed\xa0\x80\xe2\x82|\xc2\x85\xef\xbf"
                    "\xbfz");
    const char *s = written();
    ck_assert_int_eq(s[0], 'a');
    ck_assert_int_eq(s[strlen(s) - 1], 'z');
    ck_assert_ptr_nonnull(strchr(s, '|'));
    for (s++; s[1] != '\0'; s += 3) {
        s += *s == '|';
        ck_assert_int_eq(memcmp(s, "\xef\xbf\xbd", 3), 0);
    }
}
END_TEST

START_TEST(letters_of_all_lengths_stay)
{
    const char *letters = "a\303\244\342\202\254\360\237\230\200\t\n";
    mlp_markup_text(&m, "%s", letters);
    ck_assert_str_eq(written(), letters);
}
END_TEST

START_TEST(long_text_is_whole)
{
    char *letters = malloc(5001);
    ck_assert_ptr_nonnull(letters);
    memset(letters, 'x', 5000);
    letters[5000] = '\0';
    mlp_markup_text(&m, "%s", letters);
    ck_assert_str_eq(written(), letters);
    free(letters);
}
END_TEST

START_TEST(bytes_are_base64)
{
    static const char *const answers[] = {"", "Zg==", "Zm8=", "Zm9v",
                                          "Zm9vYg=="};
    for (size_t i = 0; i < 5; i++) { /* RFC 4648, section 10 */
        char expected[64];
        teardown();
        setup();
        mlp_markup_open(&m, "a");
        mlp_markup_data(&m, "b", "c/d", (const unsigned char *)"foob", i);
        mlp_markup_close(&m);
        snprintf(expected, sizeof expected, "<a b=\"data:c/d;base64,%s\"></a>",
                 answers[i]);
        ck_assert_str_eq(written(), expected);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("markup");
    TCase *tests = tcase_create("markup");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, elements_nest_and_close_by_their_names);
    tcase_add_test(tests, text_and_attributes_cannot_break_out);
    tcase_add_test(tests, what_is_no_text_of_xml_is_replaced);
    tcase_add_test(tests, letters_of_all_lengths_stay);
    tcase_add_test(tests, long_text_is_whole);
    tcase_add_test(tests, bytes_are_base64);
    suite_add_tcase(suite, tests);
    return run_suite(suite, CK_FORK_GETENV);
}
