/** @file
 *  Threads that use HDF5 files concurrently, in a program that also uses the
 *  library itself: data is right, and the library's settings are kept.
 */
#include <check.h>
#include <hdf5.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hdf5/h5file.h"
#include "hdf5/lock.h"

#include "run_suite.h"

enum { TIMES = 200, VALUES = 1000, THREADS = 3 };

static const char pattern[] = "/tmp/mlp_test_h5lock.XXXXXX";
static char folder[sizeof pattern];

static void begin(void)
{
    snprintf(folder, sizeof folder, "%s", pattern);
    ck_assert_ptr_nonnull(mkdtemp(folder));
}

static void end(void)
{
    ck_assert_int_eq(rmdir(folder), 0);
}

/* ---- settings ---------------------------------------------------------- */

static herr_t report(hid_t stack, void *context)
{
    (void)stack, (void)context;
    return 0;
}

static void fail_to_open(void)
{
    static unsigned char bytes[4096];
    mlp_h5file *file = NULL;
    ck_assert_int_eq(mlp_h5file_open_image("zeros", bytes, sizeof bytes, &file),
                     MLP_ERROR_DATA);
}

START_TEST(the_callers_settings_are_put_back)
{
    H5E_auto2_t function;
    void *context;
    unsigned plugins;
    ck_assert_int_ge(H5Eset_auto2(H5E_DEFAULT, report, &plugins), 0);
    ck_assert_int_ge(H5PLset_loading_state(H5PL_FILTER_PLUGIN), 0);
    fail_to_open();
    ck_assert_int_ge(H5Eget_auto2(H5E_DEFAULT, &function, &context), 0);
    ck_assert(function == report);
    ck_assert_ptr_eq(context, &plugins);
    ck_assert_int_ge(H5PLget_loading_state(&plugins), 0);
    ck_assert_uint_eq(plugins, H5PL_FILTER_PLUGIN);
}
END_TEST

#ifndef H5_NO_DEPRECATED_SYMBOLS
static herr_t old_report(void *context)
{
    (void)context;
    return 0;
}

START_TEST(so_is_an_error_handler_of_the_old_kind)
{
    H5E_auto1_t function;
    void *context;
    ck_assert_int_ge(H5Eset_auto1(old_report, folder), 0);
    fail_to_open();
    ck_assert_int_ge(H5Eget_auto1(&function, &context), 0);
    ck_assert(function == old_report);
    ck_assert_ptr_eq(context, folder);
}
END_TEST
#endif

START_TEST(the_callers_errors_are_still_there)
{
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    ck_assert_int_lt(H5Fopen("/nowhere", H5F_ACC_RDONLY, H5P_DEFAULT), 0);
    ssize_t before = H5Eget_num(H5E_DEFAULT);
    ck_assert_int_gt(before, 0);
    fail_to_open();
    ck_assert_int_eq(H5Eget_num(H5E_DEFAULT), before);
}
END_TEST

/* ---- threads ----------------------------------------------------------- */

/* Write a file and read it, again and again. */
static void *use_files(void *number)
{
    static const mlp_h5_shape shape = {MLP_H5_F32, 1, {VALUES}};
    float values[VALUES], found[VALUES];
    char path[sizeof folder + 16];
    snprintf(path, sizeof path, "%s/%d.h5", folder, *(int *)number);
    for (int t = 0; t < TIMES; t++) {
        mlp_h5file *file = NULL;
        for (int i = 0; i < VALUES; i++) {
            values[i] = (float)(i * t + *(int *)number);
        }
        if (mlp_h5file_create(path, 0, &file) != MLP_OK ||
            mlp_h5file_write(file, "values", shape, values) != MLP_OK ||
            mlp_h5file_close(&file) != MLP_OK ||
            mlp_h5file_open(path, &file) != MLP_OK ||
            mlp_h5file_read_rows(file, "values", 0, VALUES, MLP_H5_F32,
                                 found) != MLP_OK) {
            return "a call failed";
        }
        mlp_h5file_abandon(&file);
        unlink(path);
        for (int i = 0; i < VALUES; i++) {
            if (found[i] != values[i]) {
                return "a value differs";
            }
        }
    }
    return NULL;
}

/* The library itself, under the lock, with settings of its own. */
static void *use_library(void *unused)
{
    (void)unused;
    for (int t = 0; t < TIMES; t++) {
        hsize_t dims[] = {7};
        H5E_auto2_t function;
        void *context;
        mlp_h5_lock();
        H5Eset_auto2(H5E_DEFAULT, report, folder);
        hid_t space = H5Screate_simple(1, dims, NULL);
        bool is_right = H5Sget_simple_extent_npoints(space) == 7;
        fail_to_open();
        H5Eget_auto2(H5E_DEFAULT, &function, &context);
        is_right = is_right && function == report && context == folder &&
                   H5Sclose(space) >= 0;
        mlp_h5_unlock();
        if (!is_right) {
            return "the library's user was disturbed";
        }
    }
    return NULL;
}

static void start(pthread_t threads[THREADS])
{
    static int numbers[THREADS] = {0, 1, 2};
    for (int i = 0; i < THREADS; i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL,
                                        i == 0 ? use_library : use_files,
                                        &numbers[i]),
                         0);
    }
}

static void join(const pthread_t threads[THREADS])
{
    for (int i = 0; i < THREADS; i++) {
        void *fault;
        pthread_join(threads[i], &fault);
        ck_assert_msg(fault == NULL, "%s", (const char *)fault);
    }
}

START_TEST(threads_do_not_disturb_each_other)
{
    pthread_t threads[THREADS];
    start(threads);
    join(threads);
}
END_TEST

START_TEST(a_child_process_finds_the_lock_free)
{
    pthread_t threads[THREADS];
    int result = 0;
    start(threads);
    for (int i = 0; i < 20; i++) {
        pid_t child = fork();
        if (child == 0) {
            alarm(20); /* it would block if the lock is held */
            mlp_h5_lock();
            mlp_h5_unlock();
            _exit(0);
        }
        ck_assert_int_eq(waitpid(child, &result, 0), child);
        ck_assert(WIFEXITED(result) && WEXITSTATUS(result) == 0);
    }
    join(threads);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("h5file_lock");
    TCase *tcase = tcase_create("h5file_lock");
    tcase_add_checked_fixture(tcase, begin, end);
    tcase_add_test(tcase, the_callers_settings_are_put_back);
#ifndef H5_NO_DEPRECATED_SYMBOLS
    tcase_add_test(tcase, so_is_an_error_handler_of_the_old_kind);
#endif
    tcase_add_test(tcase, the_callers_errors_are_still_there);
    tcase_add_test(tcase, threads_do_not_disturb_each_other);
    tcase_add_test(tcase, a_child_process_finds_the_lock_free);
    suite_add_tcase(suite, tcase);
    return run_suite(suite, CK_FORK_GETENV);
}
