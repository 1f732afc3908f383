/** @file
 *  The progress line on a terminal of a given width.
 */
#include "record/progress.h"
#include "run_suite.h"
#include "system/terminal.h"

#include <check.h>
#include <fcntl.h>
#include <pty.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

static const char begin_line[] = "\r\033[?7l";
static const char end_line[] = "\033[?7h\033[J\r";
static const char erase[] = "\r\033[J";
static const mlp_tally train = {.loss_sum = 231.4, .hits = 931, .rows = 1000};

static int keyboard; /* our end of the terminal */
static FILE *screen; /* the program's end */
static char seen[4096];

static void open_terminal(void)
{
    struct termios raw = {0};
    int end = -1;
    setenv("TERM", "xterm", 1);
    setenv("NO_COLOR", "1", 1);
    setenv("LC_ALL", "C", 1);
    cfmakeraw(&raw);
    ck_assert_int_eq(openpty(&keyboard, &end, NULL, &raw, NULL), 0);
    screen = fdopen(end, "w");
    ck_assert_ptr_nonnull(screen);
}

static void close_terminal(void)
{
    fclose(screen);
    close(keyboard);
}

static void set_columns(unsigned short columns)
{
    struct winsize size = {.ws_row = 24, .ws_col = columns};
    ck_assert_int_eq(ioctl(keyboard, TIOCSWINSZ, &size), 0);
}

/* Output since the last call. Terminals deliver output late, but in order: read
 * up to a byte that the program never writes, added at the end. */
static const char *look(void)
{
    const char last = '\1';
    size_t n = 0;
    ck_assert_int_eq(write(fileno(screen), &last, 1), 1);
    do {
        ssize_t got = read(keyboard, seen + n, sizeof seen - 1 - n);
        ck_assert_int_gt(got, 0);
        n += (size_t)got;
    } while (seen[n - 1] != last);
    seen[n - 1] = '\0';
    return seen;
}

static mlp_progress begin(mlp_progress_mode mode)
{
    mlp_progress progress;
    mlp_progress_init(&progress, screen, mode, 10);
    return progress;
}

START_TEST(auto_draws_on_a_terminal_of_known_width)
{
    set_columns(80);
    ck_assert(begin(MLP_PROGRESS_AUTO).is_wanted);
    set_columns(0);
    ck_assert(!begin(MLP_PROGRESS_AUTO).is_wanted);
    ck_assert(begin(MLP_PROGRESS_ALWAYS).is_wanted);
    ck_assert(!begin(MLP_PROGRESS_NEVER).is_wanted);
}
END_TEST

START_TEST(auto_does_not_draw_into_a_file)
{
    mlp_progress progress;
    FILE *file = tmpfile();
    ck_assert_ptr_nonnull(file);
    mlp_progress_init(&progress, file, MLP_PROGRESS_AUTO, 10);
    ck_assert(!progress.is_wanted);
    ck_assert(!mlp_progress_is_due(&progress));
    fclose(file);
}
END_TEST

START_TEST(a_dumb_terminal_is_never_drawn_on)
{
    set_columns(80);
    setenv("TERM", "dumb", 1);
    ck_assert(!begin(MLP_PROGRESS_AUTO).is_wanted);
    ck_assert(!begin(MLP_PROGRESS_ALWAYS).is_wanted);
}
END_TEST

START_TEST(the_line_has_bar_steps_loss_and_accuracy)
{
    set_columns(80);
    mlp_progress progress = begin(MLP_PROGRESS_AUTO);
    mlp_progress_draw(&progress, 3, 234, 468, &train);
    ck_assert_str_eq(look(), "\r\033[?7lepoch 3/10 234/468 "
                             "[===============               ]"
                             "  loss 0.2314  acc 93.10%\033[?7h\033[J\r");
}
END_TEST

START_TEST(a_terminal_of_utf8_and_colors_gets_them)
{
    set_columns(53);
    setenv("LC_ALL", "C.UTF-8", 1);
    unsetenv("NO_COLOR");
    mlp_progress progress = begin(MLP_PROGRESS_AUTO);
    mlp_progress_draw(&progress, 3, 4, 8, &train);
    ck_assert_str_eq(look(), "\r\033[?7lepoch 3/10 4/8 \033[32m━━━━━"
                             "\033[0;2m─────\033[0m"
                             "  loss 0.2314  acc 93.10%\033[?7h\033[J\r");
}
END_TEST

START_TEST(the_locale_is_the_first_variable_that_is_set)
{
    setenv("LC_ALL", "", 1);
    setenv("LC_CTYPE", "de_DE.utf8", 1);
    setenv("LANG", "C", 1);
    ck_assert(mlp_terminal_has_utf8());
    unsetenv("LC_CTYPE");
    ck_assert(!mlp_terminal_has_utf8());
    unsetenv("LANG");
    ck_assert(!mlp_terminal_has_utf8());
}
END_TEST

START_TEST(no_color_means_none_unless_it_is_empty)
{
    set_columns(80);
    ck_assert(!mlp_terminal_has_color(screen));
    setenv("NO_COLOR", "", 1);
    ck_assert(mlp_terminal_has_color(screen));
    setenv("TERM", "dumb", 1);
    ck_assert(!mlp_terminal_has_color(screen));
}
END_TEST

START_TEST(an_epoch_without_rows_yet_keeps_the_line)
{
    static const mlp_tally none;
    set_columns(80);
    mlp_progress progress = begin(MLP_PROGRESS_AUTO);
    mlp_progress_draw(&progress, 3, 468, 468, &train);
    look();
    mlp_progress_draw(&progress, 4, 0, 468, &none);
    ck_assert_ptr_nonnull(strstr(look(), "epoch 4/10 0/468 "));
    ck_assert_ptr_nonnull(strstr(seen, "loss 0.2314  acc 93.10%"));
}
END_TEST

START_TEST(the_second_line_has_rate_and_time_left)
{
    set_columns(100);
    mlp_progress progress = begin(MLP_PROGRESS_AUTO);
    mlp_tally later = train;
    later.rows = 3000;
    mlp_progress_draw(&progress, 10, 100, 300, &train);
    progress.first_seconds -= 100; /* as if that long ago */
    progress.epoch_seconds -= 100;
    look();
    mlp_progress_draw(&progress, 10, 200, 300, &later);
    /* 2000 rows and 100 steps in 100 s, and 100 steps to go */
    ck_assert_ptr_nonnull(strstr(look(), "  20 rows/s  1:40 left"));
}
END_TEST

START_TEST(the_time_left_is_that_of_all_epochs)
{
    set_columns(100);
    mlp_progress progress = begin(MLP_PROGRESS_AUTO);
    mlp_progress_draw(&progress, 1, 50, 100, &train);
    progress.first_seconds -= 20;
    look();
    /* 100 steps in 20 s, and 850 to go: 170 s */
    mlp_progress_draw(&progress, 2, 50, 100, &train);
    ck_assert_ptr_nonnull(strstr(look(), "  2:50 left"));
}
END_TEST

START_TEST(the_line_never_reaches_the_last_column)
{
    mlp_tally later = train;
    later.rows = 3000;
    for (unsigned short columns = 20; columns <= 200; columns += 9) {
        set_columns(columns);
        mlp_progress progress = begin(MLP_PROGRESS_AUTO);
        mlp_progress_draw(&progress, 1, 100, 100000, &train);
        progress.first_seconds -= 2;
        progress.epoch_seconds -= 2;
        look();
        mlp_progress_draw(&progress, 1, 200, 100000, &later);
        ck_assert_int_eq(strncmp(look(), begin_line, strlen(begin_line)), 0);
        size_t shown = strlen(seen) - strlen(begin_line) - strlen(end_line);
        ck_assert_uint_lt(shown, columns);
        ck_assert_uint_ge(shown, 15);
    }
}
END_TEST

START_TEST(a_terminal_below_20_columns_stays_empty)
{
    set_columns(19);
    mlp_progress progress = begin(MLP_PROGRESS_AUTO);
    mlp_progress_draw(&progress, 1, 1, 2, &train);
    mlp_progress_erase(&progress);
    ck_assert_str_eq(look(), "");
}
END_TEST

START_TEST(a_drawn_line_is_erased_once)
{
    set_columns(80);
    mlp_progress progress = begin(MLP_PROGRESS_AUTO);
    mlp_progress_erase(&progress);
    ck_assert_str_eq(look(), "");
    mlp_progress_draw(&progress, 1, 1, 2, &train);
    look();
    mlp_progress_erase(&progress);
    mlp_progress_erase(&progress);
    fflush(screen);
    ck_assert_str_eq(look(), erase);
}
END_TEST

START_TEST(a_redraw_is_due_after_a_tenth_of_a_second)
{
    set_columns(80);
    mlp_progress progress = begin(MLP_PROGRESS_AUTO);
    ck_assert(mlp_progress_is_due(&progress));
    mlp_progress_draw(&progress, 1, 1, 2, &train);
    progress.drawn_seconds += 10; /* however slow this machine is */
    ck_assert(!mlp_progress_is_due(&progress));
    progress.drawn_seconds -= 10.1;
    ck_assert(mlp_progress_is_due(&progress));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("progress");
    TCase *tests = tcase_create("progress");
    tcase_add_checked_fixture(tests, open_terminal, close_terminal);
    tcase_add_test(tests, auto_draws_on_a_terminal_of_known_width);
    tcase_add_test(tests, auto_does_not_draw_into_a_file);
    tcase_add_test(tests, a_dumb_terminal_is_never_drawn_on);
    tcase_add_test(tests, the_line_has_bar_steps_loss_and_accuracy);
    tcase_add_test(tests, a_terminal_of_utf8_and_colors_gets_them);
    tcase_add_test(tests, the_locale_is_the_first_variable_that_is_set);
    tcase_add_test(tests, no_color_means_none_unless_it_is_empty);
    tcase_add_test(tests, an_epoch_without_rows_yet_keeps_the_line);
    tcase_add_test(tests, the_time_left_is_that_of_all_epochs);
    tcase_add_test(tests, the_second_line_has_rate_and_time_left);
    tcase_add_test(tests, the_line_never_reaches_the_last_column);
    tcase_add_test(tests, a_terminal_below_20_columns_stays_empty);
    tcase_add_test(tests, a_drawn_line_is_erased_once);
    tcase_add_test(tests, a_redraw_is_due_after_a_tenth_of_a_second);
    suite_add_tcase(suite, tests);
    return run_suite(suite, CK_FORK_GETENV);
}
