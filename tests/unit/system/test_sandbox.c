/** @file
 *  Tests of running in a child what could end the process.
 */
#include "system/sandbox.h"

#include <check.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "run_suite.h"

static mlp_status tried(mlp_status (*action)(void *context), void *context)
{
    return mlp_sandbox_try("a file", 1000, action, context);
}

static mlp_status succeed(void *context)
{
    *(int *)context = 1;
    return MLP_OK;
}

START_TEST(changes_to_memory_are_lost)
{
    int here = 0;
    ck_assert_int_eq(tried(succeed, &here), MLP_OK);
    ck_assert_int_eq(here, 0);
}
END_TEST

static mlp_status refuse(void *context)
{
    return mlp_fail(MLP_ERROR_DATA, "%s: has %d rows, expected 2",
                    (const char *)context, 1);
}

START_TEST(a_failure_returns_with_its_text)
{
    char name[] = "c.h5";
    ck_assert_int_eq(tried(refuse, name), MLP_ERROR_DATA);
    ck_assert_str_eq(mlp_failure(), "c.h5: has 1 rows, expected 2");
}
END_TEST

static mlp_status end_by_signal(void *context)
{
    raise(*(int *)context);
    return MLP_OK;
}

START_TEST(a_crash_is_an_error_of_the_file)
{
    static const int numbers[] = {SIGSEGV, SIGBUS, SIGFPE, SIGABRT, SIGILL};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        int number = numbers[i];
        ck_assert_int_eq(tried(end_by_signal, &number), MLP_ERROR_DATA);
        ck_assert_ptr_nonnull(strstr(mlp_failure(), "a file: damaged"));
        ck_assert_ptr_nonnull(strstr(mlp_failure(), strsignal(number)));
    }
}
END_TEST

START_TEST(a_request_to_stop_is_no_error)
{
    static const int numbers[] = {SIGTERM, SIGINT, SIGUSR1, SIGHUP};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        int number = numbers[i];
        ck_assert_int_eq(tried(end_by_signal, &number), MLP_OK);
    }
}
END_TEST

static mlp_status loop(void *context)
{
    volatile unsigned *count = context;
    while (*count != UINT32_MAX) {
        *count %= 1000;
        ++*count;
    }
    return MLP_OK;
}

START_TEST(an_endless_loop_is_ended)
{
    unsigned count = 0;
    ck_assert_int_eq(tried(loop, &count), MLP_ERROR_DATA);
    ck_assert_ptr_nonnull(strstr(mlp_failure(), "takes too long"));
}
END_TEST

static mlp_status allocate(void *context)
{
    volatile char *memory = malloc(*(size_t *)context);
    if (memory == NULL) {
        return mlp_fail_memory("a bomb");
    }
    memory[0] = 1;
    free((void *)memory);
    return MLP_OK;
}

START_TEST(memory_is_bounded_by_the_size_of_the_file)
{
    size_t modest = (size_t)1 << 24, greedy = (size_t)1 << 29;
    ck_assert_int_eq(tried(allocate, &modest), MLP_OK);
    /* AddressSanitizer ends the process in place of returning NULL */
    mlp_status status = tried(allocate, &greedy);
    ck_assert(status == MLP_ERROR_INTERNAL || status == MLP_ERROR_DATA);
    ck_assert_int_eq(mlp_sandbox_try("a file", greedy, allocate, &greedy),
                     MLP_OK);
}
END_TEST

static mlp_status write_file(void *context)
{
    FILE *file = context;
    return fputs("text", file) >= 0 && fflush(file) == 0
               ? MLP_OK
               : mlp_fail(MLP_ERROR_IO, "refused");
}

START_TEST(no_file_can_grow)
{
    FILE *file = tmpfile();
    ck_assert_ptr_nonnull(file);
    ck_assert_int_ne(tried(write_file, file), MLP_OK);
    ck_assert_int_eq(fseek(file, 0, SEEK_END), 0);
    ck_assert_int_eq(ftell(file), 0);
    fclose(file);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("sandbox");
    TCase *tcase = tcase_create("sandbox");
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, changes_to_memory_are_lost);
    tcase_add_test(tcase, a_failure_returns_with_its_text);
    tcase_add_test(tcase, a_crash_is_an_error_of_the_file);
    tcase_add_test(tcase, a_request_to_stop_is_no_error);
    tcase_add_test(tcase, an_endless_loop_is_ended);
    tcase_add_test(tcase, memory_is_bounded_by_the_size_of_the_file);
    tcase_add_test(tcase, no_file_can_grow);
    suite_add_tcase(suite, tcase);
    return run_suite(suite, CK_FORK_GETENV);
}
