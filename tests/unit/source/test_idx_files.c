/** @file
 *  Which files in a directory are taken for a data set, by their names.
 */
#include "source/idx_files.h"

#include <sys/stat.h>

#include "idx_writer.h"
#include "run_suite.h"

static const char *const mnist[MLP_IDX_ROLES] = {
    "train-images-idx3-ubyte", "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"};
static const char *const emnist[MLP_IDX_ROLES] = {
    "emnist-letters-train-images-idx3-ubyte.gz",
    "emnist-letters-train-labels-idx1-ubyte.gz",
    "emnist-letters-test-images-idx3-ubyte.gz",
    "emnist-letters-test-labels-idx1-ubyte.gz"};

static char directory[64];
static mlp_idx_files files;

static void set_up(void)
{
    make_directory(directory);
}

static void tear_down(void)
{
    remove_directory(directory);
}

static void touch(const char *name)
{
    file_image empty = {.size = 0};
    write_file(directory, name, &empty);
}

static void touch_all(const char *const names[MLP_IDX_ROLES])
{
    for (size_t role = 0; role < MLP_IDX_ROLES; role++) {
        touch(names[role]);
    }
}

static void expect_found(const char *const names[MLP_IDX_ROLES])
{
    ck_assert_msg(mlp_idx_files_find(directory, &files) == MLP_OK, "%s",
                  mlp_failure());
    for (size_t role = 0; role < MLP_IDX_ROLES; role++) {
        char path[256];
        snprintf(path, sizeof path, "%s/%s", directory, names[role]);
        ck_assert_str_eq(files.path[role], path);
    }
}

static void expect_failure(mlp_status expected, const char *part,
                           const char *other_part)
{
    ck_assert_int_eq(mlp_idx_files_find(directory, &files), expected);
    ck_assert_msg(strstr(mlp_failure(), part) != NULL, "%s", mlp_failure());
    ck_assert_msg(strstr(mlp_failure(), other_part) != NULL, "%s",
                  mlp_failure());
}

START_TEST(mnist_names_are_found)
{
    touch_all(mnist);
    expect_found(mnist);
}
END_TEST

START_TEST(names_with_a_dot_are_found)
{
    const char *const names[] = {
        "train-images.idx3-ubyte", "train-labels.idx1-ubyte.gz",
        "t10k-images.idx3-ubyte.gz", "t10k-labels.idx1-ubyte"};
    touch_all(names);
    expect_found(names);
}
END_TEST

START_TEST(emnist_names_are_found)
{
    touch_all(emnist);
    expect_found(emnist);
}
END_TEST

START_TEST(plain_file_wins_over_its_gzip)
{
    touch_all(mnist);
    touch("train-images-idx3-ubyte.gz");
    touch("t10k-labels-idx1-ubyte.gz");
    expect_found(mnist);
}
END_TEST

START_TEST(other_files_do_not_matter)
{
    touch_all(mnist);
    touch("._train-images-idx3-ubyte");
    touch("train-images-idx3-ubyte.gz.part");
    touch("train-images-idx3-ubyte.bak");
    touch("train-images.png");
    touch("README");
    expect_found(mnist);
}
END_TEST

START_TEST(two_sets_in_a_directory_are_refused_by_name)
{
    touch_all(mnist);
    touch("emnist-digits-train-labels-idx1-ubyte");
    expect_failure(MLP_ERROR_DATA, "emnist-digits-train-labels-idx1-ubyte",
                   " train-labels-idx1-ubyte");
}
END_TEST

START_TEST(dash_and_dot_forms_side_by_side_are_refused)
{
    touch_all(mnist);
    touch("t10k-labels.idx1-ubyte");
    expect_failure(MLP_ERROR_DATA, "t10k-labels-idx1-ubyte",
                   "t10k-labels.idx1-ubyte");
}
END_TEST

START_TEST(parts_of_different_sets_are_refused)
{
    touch(mnist[MLP_IDX_TRAIN_IMAGES]);
    touch(mnist[MLP_IDX_TRAIN_LABELS]);
    touch(emnist[MLP_IDX_TEST_IMAGES]);
    touch(emnist[MLP_IDX_TEST_LABELS]);
    expect_failure(MLP_ERROR_DATA, mnist[MLP_IDX_TRAIN_IMAGES],
                   emnist[MLP_IDX_TEST_IMAGES]);
}
END_TEST

START_TEST(the_first_missing_file_is_named)
{
    for (size_t role = 0; role < MLP_IDX_ROLES; role++) {
        expect_failure(MLP_ERROR_MISSING, mnist[role], directory);
        touch(mnist[role]);
    }
    expect_found(mnist);
}
END_TEST

START_TEST(a_missing_directory_is_named)
{
    ck_assert_int_eq(mlp_idx_files_find("/no/such/directory", &files),
                     MLP_ERROR_MISSING);
    ck_assert_str_eq(mlp_failure(), "/no/such/directory: cannot be opened: No "
                                    "such file or directory");
}
END_TEST

START_TEST(a_directory_beside_a_file_is_passed_over)
{
    char path[256];
    snprintf(path, sizeof path, "%s/train-images.idx3-ubyte", directory);
    touch_all(mnist);
    ck_assert_int_eq(mkdir(path, 0700), 0);
    expect_found(mnist);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("idx_files");
    TCase *tcase = tcase_create("idx_files");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, mnist_names_are_found);
    tcase_add_test(tcase, names_with_a_dot_are_found);
    tcase_add_test(tcase, emnist_names_are_found);
    tcase_add_test(tcase, plain_file_wins_over_its_gzip);
    tcase_add_test(tcase, other_files_do_not_matter);
    tcase_add_test(tcase, two_sets_in_a_directory_are_refused_by_name);
    tcase_add_test(tcase, dash_and_dot_forms_side_by_side_are_refused);
    tcase_add_test(tcase, parts_of_different_sets_are_refused);
    tcase_add_test(tcase, the_first_missing_file_is_named);
    tcase_add_test(tcase, a_missing_directory_is_named);
    tcase_add_test(tcase, a_directory_beside_a_file_is_passed_over);
    suite_add_tcase(suite, tcase);
    return run_suite(suite, CK_FORK_GETENV);
}
