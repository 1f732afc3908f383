/** @file
 *  Tests of the memory limit, with files like those of control groups.
 */
#include "system/memory.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "run_suite.h"

static char root[64];

static void make_root(void)
{
    snprintf(root, sizeof root, "/tmp/test_memory.XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(root));
}

static void remove_root(void)
{
    char command[96];
    snprintf(command, sizeof command, "rm -r %s", root);
    ck_assert_int_eq(system(command), 0);
}

/* Write a file below the root, and its directories. */
static void put(const char *path, const char *text)
{
    char whole[256];
    snprintf(whole, sizeof whole, "%s%s", root, path);
    for (char *at = whole + 1; *at != '\0'; at++) {
        if (*at == '/') {
            *at = '\0';
            mkdir(whole, 0700);
            *at = '/';
        }
    }
    FILE *file = fopen(whole, "w");
    ck_assert_ptr_nonnull(file);
    fputs(text, file);
    fclose(file);
}

START_TEST(without_groups_it_is_the_computers)
{
    ck_assert_uint_gt(mlp_memory_limit_below(root), 1 << 20);
    ck_assert_uint_ge(mlp_memory_limit_below(root), mlp_memory_limit());
}
END_TEST

START_TEST(the_least_limit_of_a_group_and_those_above_counts)
{
    put("/proc/self/cgroup", "0::/job/step\n");
    put("/sys/fs/cgroup/job/step/memory.max", "max\n");
    put("/sys/fs/cgroup/job/memory.max", "1048576\n");
    ck_assert_uint_eq(mlp_memory_limit_below(root), 1048576);
    put("/sys/fs/cgroup/job/step/memory.max", "4096\n");
    ck_assert_uint_eq(mlp_memory_limit_below(root), 4096);
    put("/sys/fs/cgroup/memory.max", "2048\n");
    ck_assert_uint_eq(mlp_memory_limit_below(root), 2048);
}
END_TEST

START_TEST(groups_of_version_1_have_limits_of_their_own)
{
    put("/proc/self/cgroup",
        "12:cpu,cpuacct:/job\n5:memory:/slurm/job_3\n0::/other\n");
    put("/sys/fs/cgroup/memory/slurm/job_3/memory.limit_in_bytes", "65536\n");
    put("/sys/fs/cgroup/job/memory.max", "1\n"); /* not a group of ours */
    ck_assert_uint_eq(mlp_memory_limit_below(root), 65536);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("memory");
    tcase_add_checked_fixture(tests, make_root, remove_root);
    tcase_add_test(tests, without_groups_it_is_the_computers);
    tcase_add_test(tests, the_least_limit_of_a_group_and_those_above_counts);
    tcase_add_test(tests, groups_of_version_1_have_limits_of_their_own);
    Suite *suite = suite_create("the memory limit");
    suite_add_tcase(suite, tests);
    return run_suite(suite, CK_FORK_GETENV);
}
