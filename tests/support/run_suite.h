/** @file
 *  Runs a suite of Check: the main of every test program.
 */
#ifndef MLP_TEST_RUN_SUITE_H
#define MLP_TEST_RUN_SUITE_H

#include <check.h>
#include <stdlib.h>

/** Run all tests and free the suite.
 *  @param fork_status  CK_FORK_GETENV, or CK_NOFORK for tests on several
 *                      ranks: Open MPI does not survive a fork
 *  @return the program's exit status */
static inline int run_suite(Suite *suite, enum fork_status fork_status)
{
    SRunner *runner = srunner_create(suite);
    srunner_set_fork_status(runner, fork_status);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

#endif
