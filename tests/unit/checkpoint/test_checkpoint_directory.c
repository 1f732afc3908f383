/** @file
 *  A directory of checkpoints: which one is loaded, which are deleted, files of
 *  dead runs, and the lock.
 */
#include "base/log.h"
#include "checkpoint/checkpoint.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>

#include "checkpoint/names.h"
#include "checkpoint_sample.h"
#include "file_size_limit.h"
#include "run_suite.h"

static char folder[] = "/tmp/mlp_test_directory.XXXXXX";
static char path[MLP_MAX_PATH];
static unsigned char digest[MLP_DIGEST_BYTES]; /* of the saved file */
static mlp_checkpoint loaded;

static void begin(void)
{
    folder_create(folder);
    loaded = (mlp_checkpoint){0};
}

static void end(void)
{
    mlp_checkpoint_destroy(&loaded);
    chmod(folder, 0700);
    folder_destroy(folder);
}

/* DIR/NAME, until the next call. */
static const char *in_folder(const char *name)
{
    static char joined[MLP_MAX_PATH];
    snprintf(joined, sizeof joined, "%s/%s", folder, name);
    return joined;
}

static bool exists(const char *name)
{
    struct stat facts;
    return lstat(in_folder(name), &facts) == 0;
}

static void put_file(const char *name, const char *text)
{
    int fd = open(in_folder(name), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
}

static size_t count_files(void)
{
    size_t count = 0;
    DIR *stream = opendir(folder);
    while (readdir(stream) != NULL) {
        count++;
    }
    closedir(stream);
    return count - 2; /* . and .. */
}

static void save(uint64_t epoch, uint64_t step, size_t keep)
{
    mlp_checkpoint c = sample_create(epoch, step, 0);
    unsigned char state[MLP_DIGEST_BYTES];
    ck_assert_int_eq(mlp_checkpoint_save(folder, keep, &c, digest, path),
                     MLP_OK);
    ck_assert_int_eq(mlp_checkpoint_digest(&c, state), MLP_OK);
    ck_assert_mem_eq(digest, state, sizeof state);
    mlp_checkpoint_destroy(&c);
}

static void damage(const char *name)
{
    unsigned char byte;
    int fd = open(in_folder(name), O_RDWR);
    ck_assert_int_eq(pread(fd, &byte, 1, 1000), 1);
    byte ^= 1;
    ck_assert_int_eq(pwrite(fd, &byte, 1, 1000), 1);
    close(fd);
}

/* ---- names */

START_TEST(names_carry_epoch_and_step)
{
    char text[MLP_NAME_BYTES];
    mlp_checkpoint_name name = {2, 938};
    mlp_checkpoint_name_format(name, text);
    ck_assert_str_eq(text, "ckpt-000002-00000938.h5");
    name = (mlp_checkpoint_name){UINT64_MAX, UINT64_MAX};
    mlp_checkpoint_name_format(name, text);
    mlp_checkpoint_name parsed;
    ck_assert(mlp_checkpoint_name_parse(text, &parsed));
    ck_assert_uint_eq(parsed.epoch, UINT64_MAX);
    ck_assert_uint_eq(parsed.step, UINT64_MAX);
}
END_TEST

START_TEST(only_exact_names_are_checkpoints)
{
    static const char *const wrong[] = {"ckpt-000002-00000938.h5.bak",
                                        "ckpt-000002-00000938.h",
                                        "ckpt-2-938.h5",
                                        "ckpt-0000002-00000938.h5",
                                        "ckpt--00002-00000938.h5",
                                        "ckpt-+00002-00000938.h5",
                                        "ckpt- 00002-00000938.h5",
                                        "ckpt-000002.h5",
                                        "ckpt-",
                                        ".ckpt-000002-00000938.h5",
                                        "my-ckpt-000002-00000938.h5",
                                        "ckpt-99999999999999999999-00000938.h5",
                                        ""};
    mlp_checkpoint_name name;
    ck_assert(mlp_checkpoint_name_parse("ckpt-000002-00000938.h5", &name));
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        ck_assert_msg(!mlp_checkpoint_name_parse(wrong[i], &name), "%s",
                      wrong[i]);
    }
}
END_TEST

/* ---- newest */

START_TEST(an_empty_directory_has_no_newest_and_one_must_be_there)
{
    ck_assert_int_eq(
        mlp_checkpoint_load_newest(in_folder("absent"), &loaded, path),
        MLP_ERROR_MISSING);
    ck_assert_ptr_nonnull(strstr(mlp_failure(), "there is no such directory"));
    ck_assert_str_eq(path, "");
    put_file("notes.txt", "not a checkpoint");
    ck_assert_int_eq(mlp_checkpoint_load_newest(folder, &loaded, path), MLP_OK);
    ck_assert_str_eq(path, "");
    ck_assert_ptr_null(loaded.parameters);
}
END_TEST

START_TEST(the_highest_step_is_the_newest_in_any_order_of_saves)
{
    save(2, 9, 9);
    save(10, 100, 9);
    save(9, 99, 9);
    ck_assert_int_eq(mlp_checkpoint_load_newest(folder, &loaded, path), MLP_OK);
    ck_assert_uint_eq(loaded.step, 100);
    ck_assert_uint_eq(loaded.epoch, 10);
    ck_assert_str_eq(path, in_folder("ckpt-000010-00000100.h5"));
}
END_TEST

/* Run load_newest, and copy its output on stderr to `said`. */
static mlp_status load_newest_capturing(char *said, size_t size)
{
    const char *errors = "stderr.txt";
    fflush(stderr);
    int kept = dup(STDERR_FILENO);
    int fd = open(in_folder(errors), O_RDWR | O_CREAT | O_TRUNC, 0600);
    dup2(fd, STDERR_FILENO);
    mlp_log_open("mlp", 1, 0);
    mlp_status status = mlp_checkpoint_load_newest(folder, &loaded, path);
    fflush(stderr);
    dup2(kept, STDERR_FILENO);
    ssize_t length = pread(fd, said, size - 1, 0);
    said[length < 0 ? 0 : length] = '\0';
    close(fd);
    close(kept);
    return status;
}

START_TEST(damaged_files_are_skipped_with_a_warning_that_names_both)
{
    char said[4096];
    save(1, 1, 9);
    save(2, 2, 9);
    save(3, 3, 9);
    damage("ckpt-000003-00000003.h5");
    put_file("ckpt-000002-00000002.h5", "");
    ck_assert_int_eq(load_newest_capturing(said, sizeof said), MLP_OK);
    ck_assert_uint_eq(loaded.step, 1);
    ck_assert_str_eq(path, in_folder("ckpt-000001-00000001.h5"));
    char *second = strstr(said, "\n");
    ck_assert_ptr_nonnull(second);
    *second++ = '\0';
    ck_assert_ptr_nonnull(strstr(said, "ckpt-000003-00000003.h5: damaged"));
    ck_assert_ptr_nonnull(strstr(said, "trying ckpt-000002-00000002.h5"));
    ck_assert_ptr_nonnull(strstr(second, "ckpt-000002-00000002.h5: has 0"));
    ck_assert_ptr_nonnull(strstr(second, "trying ckpt-000001-00000001.h5"));
}
END_TEST

START_TEST(if_all_are_damaged_the_message_names_the_newest)
{
    char said[4096];
    save(1, 1, 9);
    save(2, 2, 9);
    damage("ckpt-000001-00000001.h5");
    damage("ckpt-000002-00000002.h5");
    ck_assert_int_eq(load_newest_capturing(said, sizeof said), MLP_ERROR_DATA);
    ck_assert_ptr_nonnull(strstr(mlp_failure(), "ckpt-000002-00000002.h5"));
    ck_assert_ptr_nonnull(strstr(mlp_failure(), "damaged"));
    ck_assert_ptr_null(loaded.parameters);
    ck_assert_str_eq(path, "");
}
END_TEST

START_TEST(a_fresh_start_is_refused_where_checkpoints_are)
{
    ck_assert_int_eq(mlp_checkpoint_refuse_used(folder), MLP_OK);
    ck_assert_int_eq(mlp_checkpoint_refuse_used(in_folder("absent")), MLP_OK);
    save(1, 1, 9);
    save(2, 2, 9);
    ck_assert_int_eq(mlp_checkpoint_refuse_used(folder), MLP_ERROR_USAGE);
    ck_assert_ptr_nonnull(strstr(mlp_failure(), "ckpt-000002-00000002.h5"));
    ck_assert_ptr_nonnull(strstr(mlp_failure(), "--resume"));
}
END_TEST

/* ---- saving and keeping */

START_TEST(saving_leaves_one_file_and_returns_its_path)
{
    save(2, 938, 3);
    ck_assert_str_eq(path, in_folder("ckpt-000002-00000938.h5"));
    ck_assert_uint_eq(count_files(), 1);
    save(2, 938, 3); /* again, in its own place */
    ck_assert_uint_eq(count_files(), 1);
    ck_assert_int_eq(mlp_checkpoint_load(path, &loaded), MLP_OK);
}
END_TEST

START_TEST(the_newest_are_kept)
{
    for (uint64_t step = 1; step <= 6; step++) {
        save(0, step, 3);
    }
    ck_assert_uint_eq(count_files(), 3);
    ck_assert(exists("ckpt-000000-00000004.h5"));
    ck_assert(exists("ckpt-000000-00000005.h5"));
    ck_assert(exists("ckpt-000000-00000006.h5"));
}
END_TEST

START_TEST(the_best_by_validation_is_kept_beside_the_newest)
{
    static const uint64_t hits[] = {9000, 9500, 9400, 9500, 9300, 9200};
    mlp_checkpoint c = sample_create(0, 0, 0);
    for (uint64_t epoch = 1; epoch <= 6; epoch++) {
        c.epoch = epoch;
        c.step = 10 * epoch;
        sample_add_epoch(&c, epoch, c.step, hits[epoch - 1]);
        ck_assert_int_eq(mlp_checkpoint_save(folder, 2, &c, digest, NULL),
                         MLP_OK);
    }
    mlp_checkpoint_destroy(&c);
    ck_assert_uint_eq(count_files(), 3);
    ck_assert(exists("ckpt-000002-00000020.h5")); /* the first of two bests */
    ck_assert(exists("ckpt-000005-00000050.h5"));
    ck_assert(exists("ckpt-000006-00000060.h5"));
}
END_TEST

START_TEST(an_epoch_is_the_best_when_none_before_was_as_good)
{
    static const uint64_t hits[] = {9000, 9000, 9100, 8000, 9101};
    static const bool is_best[] = {true, false, true, false, true};
    mlp_checkpoint c = sample_create(0, 0, 0);
    ck_assert(!mlp_checkpoint_is_best(&c.config, &c.history));
    for (uint64_t i = 0; i < 5; i++) {
        sample_add_epoch(&c, i + 1, 10 * (i + 1), hits[i]);
        ck_assert(mlp_checkpoint_is_best(&c.config, &c.history) == is_best[i]);
    }
    mlp_checkpoint_destroy(&c);
}
END_TEST

START_TEST(without_validation_the_newest_alone_are_kept)
{
    static const uint64_t hits[] = {50, 90, 70, 60};
    mlp_checkpoint c = sample_create(0, 0, 0);
    for (uint64_t epoch = 1; epoch <= 4; epoch++) {
        mlp_epoch_record record = {
            .epoch = epoch, .step = epoch, .test = {0.0, hits[epoch - 1], 100}};
        ck_assert_int_eq(mlp_history_add(&c.history, &record), MLP_OK);
        c.epoch = c.step = epoch;
        ck_assert_int_eq(mlp_checkpoint_save(folder, 1, &c, digest, NULL),
                         MLP_OK);
    }
    mlp_checkpoint_destroy(&c);
    ck_assert_uint_eq(count_files(), 1);
    ck_assert(exists("ckpt-000004-00000004.h5"));
}
END_TEST

START_TEST(files_of_others_survive)
{
    put_file("notes.txt", "mine");
    put_file("model.h5", "mine");
    put_file("ckpt-000000-00000000.h5.bak", "mine");
    put_file("ckpt-000000-00000001.h5", "our name, but not our bytes");
    for (uint64_t step = 2; step <= 5; step++) {
        save(0, step, 1);
    }
    ck_assert(exists("notes.txt"));
    ck_assert(exists("model.h5"));
    ck_assert(exists("ckpt-000000-00000000.h5.bak"));
    ck_assert(exists("ckpt-000000-00000001.h5"));
    ck_assert(exists("ckpt-000000-00000005.h5"));
    ck_assert_uint_eq(count_files(), 5);
}
END_TEST

START_TEST(a_link_of_our_name_is_not_followed_to_be_deleted)
{
    save(0, 1, 9);
    ck_assert_int_eq(rename(path, in_folder("precious")), 0);
    ck_assert_int_eq(symlink("precious", in_folder("ckpt-000000-00000001.h5")),
                     0);
    save(0, 2, 1);
    save(0, 3, 1);
    ck_assert(exists("precious"));
    ck_assert(exists("ckpt-000000-00000001.h5"));
    ck_assert(!exists("ckpt-000000-00000002.h5"));
}
END_TEST

START_TEST(the_one_just_saved_is_never_deleted_for_newer_ones)
{
    save(9, 900, 1);
    save(1, 100, 1);
    ck_assert(exists("ckpt-000009-00000900.h5"));
    ck_assert(exists("ckpt-000001-00000100.h5"));
}
END_TEST

START_TEST(a_failed_save_leaves_only_the_older_ones)
{
    mlp_checkpoint c = sample_create(0, 2, 0);
    signal(SIGXFSZ, SIG_IGN);
    save(0, 1, 1);
    for (rlim_t limit = 0; limit < 6000; limit += 1001) {
        bool is_limited = limit_file_size(limit);
        mlp_status status = mlp_checkpoint_save(folder, 1, &c, digest, NULL);
        bool is_free = limit_file_size(RLIM_INFINITY);
        ck_assert(is_limited && is_free);
        ck_assert_int_eq(status, MLP_ERROR_IO);
        ck_assert_uint_eq(count_files(), 1);
    }
    mlp_checkpoint_destroy(&c);
    ck_assert_int_eq(mlp_checkpoint_load_newest(folder, &loaded, path), MLP_OK);
    ck_assert_uint_eq(loaded.step, 1);
}
END_TEST

START_TEST(saving_where_no_directory_is_fails)
{
    mlp_checkpoint c = sample_create(0, 1, 0);
    ck_assert_int_eq(
        mlp_checkpoint_save(in_folder("absent"), 1, &c, digest, NULL),
        MLP_ERROR_IO);
    ck_assert_ptr_nonnull(strstr(mlp_failure(), "No such file"));
    mlp_checkpoint_destroy(&c);
}
END_TEST

/* ---- preparing */

/* The process id of a child that has ended. */
static pid_t dead_process(void)
{
    pid_t pid = fork();
    if (pid == 0) {
        _exit(0);
    }
    waitpid(pid, NULL, 0);
    return pid;
}

static void put_temporary(char name[MLP_NAME_BYTES], pid_t pid,
                          const char *host)
{
    snprintf(name, MLP_NAME_BYTES, ".ckpt-000001-00000001.h5.tmp.%jd.%.127s",
             (intmax_t)pid, host);
    put_file(name, "half a checkpoint");
}

START_TEST(temporary_files_of_dead_runs_are_removed_and_no_others)
{
    char here[MLP_NAME_BYTES], dead[MLP_NAME_BYTES], alive[MLP_NAME_BYTES];
    char elsewhere[MLP_NAME_BYTES], aged[MLP_NAME_BYTES];
    mlp_host_name(here);
    put_temporary(dead, dead_process(), here);
    put_temporary(alive, getppid(), here);
    put_temporary(elsewhere, 12345, "no-such-host.invalid");
    put_temporary(aged, 12346, "no-such-host.invalid");
    time_t yesterday = time(NULL) - 25L * 60 * 60;
    const struct timeval times[2] = {{yesterday, 0}, {yesterday, 0}};
    ck_assert_int_eq(utimes(in_folder(aged), times), 0);
    put_file(".ckpt-000001-00000001.h5", "hidden by somebody");
    put_file("notes.tmp.1.here", "mine");

    ck_assert_int_eq(mlp_checkpoint_prepare(folder), MLP_OK);

    ck_assert(!exists(dead));
    ck_assert(!exists(aged));
    ck_assert(exists(alive));
    ck_assert(exists(elsewhere));
    ck_assert(exists(".ckpt-000001-00000001.h5"));
    ck_assert(exists("notes.tmp.1.here"));
    ck_assert_uint_eq(count_files(), 4);
}
END_TEST

START_TEST(temporary_files_are_never_the_newest)
{
    char name[MLP_NAME_BYTES];
    save(1, 1, 9);
    put_temporary(name, 1, "here");
    ck_assert_int_eq(mlp_checkpoint_load_newest(folder, &loaded, path), MLP_OK);
    ck_assert_uint_eq(loaded.step, 1);
}
END_TEST

START_TEST(the_directory_is_made_with_all_that_is_missing_above_it)
{
    ck_assert_int_eq(mlp_checkpoint_prepare(in_folder("runs")), MLP_OK);
    ck_assert_int_eq(mlp_checkpoint_prepare(in_folder("runs")), MLP_OK);
    ck_assert_int_eq(mlp_checkpoint_prepare(in_folder("runs/a/b")), MLP_OK);
    ck_assert_int_eq(mlp_checkpoint_prepare(in_folder("runs//c//d/")), MLP_OK);
    ck_assert_int_eq(rmdir(in_folder("runs/a/b")), 0); /* no probe is left */
    ck_assert_int_eq(rmdir(in_folder("runs/a")), 0);
    ck_assert_int_eq(rmdir(in_folder("runs/c/d")), 0);
    ck_assert_int_eq(rmdir(in_folder("runs/c")), 0);
    ck_assert_int_eq(rmdir(in_folder("runs")), 0);
}
END_TEST

START_TEST(a_relative_directory_is_made_from_here)
{
    int here = open(".", O_RDONLY | O_DIRECTORY);
    ck_assert_int_eq(chdir(folder), 0);
    mlp_status status = mlp_checkpoint_prepare("runs/a");
    ck_assert_int_eq(fchdir(here), 0);
    close(here);
    ck_assert_int_eq(status, MLP_OK);
    ck_assert_int_eq(rmdir(in_folder("runs/a")), 0);
    ck_assert_int_eq(rmdir(in_folder("runs")), 0);
}
END_TEST

START_TEST(a_file_is_no_directory_and_has_none_below_it)
{
    put_file("text", "");
    ck_assert_int_eq(mlp_checkpoint_prepare(in_folder("text")), MLP_ERROR_IO);
    ck_assert_ptr_nonnull(strstr(mlp_failure(), "/text: is not a directory"));
    ck_assert_int_eq(mlp_checkpoint_prepare(in_folder("text/a/b")),
                     MLP_ERROR_IO);
    ck_assert_ptr_nonnull(strstr(mlp_failure(), "/text/a/b: cannot make"));
    ck_assert_ptr_nonnull(strstr(mlp_failure(), "Not a directory"));
    ck_assert_int_eq(mlp_checkpoint_prepare(""), MLP_ERROR_IO);
}
END_TEST

START_TEST(a_directory_that_cannot_be_written_is_refused)
{
    if (geteuid() == 0) {
        signal(SIGXFSZ, SIG_IGN);
        limit_file_size(0); /* for root may write everywhere */
    } else {
        ck_assert_int_eq(chmod(folder, 0500), 0);
    }
    mlp_status status = mlp_checkpoint_prepare(folder);
    ck_assert(limit_file_size(RLIM_INFINITY));
    ck_assert_int_eq(status, MLP_ERROR_IO);
    ck_assert_uint_eq(count_files(), 0);
}
END_TEST

START_TEST(a_disk_without_room_is_refused_with_both_numbers)
{
    save(1, 1, 9);
    ck_assert_int_eq(mlp_checkpoint_check_space(folder, 0), MLP_OK);
    ck_assert_int_eq(mlp_checkpoint_check_space(folder, 4096), MLP_OK);
    ck_assert_int_eq(mlp_checkpoint_check_space(folder, UINT64_MAX),
                     MLP_ERROR_IO);
    ck_assert_ptr_nonnull(strstr(mlp_failure(), "MB free"));
    ck_assert_ptr_nonnull(strstr(mlp_failure(), "18446744073709 MB"));
}
END_TEST

/* ---- locking */

START_TEST(a_second_run_is_refused_with_the_holder_of_the_lock)
{
    int mine, theirs;
    char holder[64];
    snprintf(holder, sizeof holder, "process %jd on ", (intmax_t)getpid());
    ck_assert_int_eq(mlp_checkpoint_lock(folder, &mine), MLP_OK);
    ck_assert_int_eq(mlp_checkpoint_lock(folder, &theirs), MLP_ERROR_IO);
    ck_assert_int_eq(theirs, -1);
    ck_assert_ptr_nonnull(strstr(mlp_failure(), folder));
    ck_assert_ptr_nonnull(strstr(mlp_failure(), holder));
    mlp_checkpoint_unlock(&mine);
    ck_assert_int_eq(mine, -1);
    mlp_checkpoint_unlock(&mine);
    ck_assert_int_eq(mlp_checkpoint_lock(folder, &theirs), MLP_OK);
    mlp_checkpoint_unlock(&theirs);
}
END_TEST

START_TEST(the_lock_of_a_killed_run_is_released)
{
    int ready[2], mine;
    char byte;
    ck_assert_int_eq(pipe(ready), 0);
    pid_t pid = fork();
    if (pid == 0) {
        mlp_status status = mlp_checkpoint_lock(folder, &mine);
        (void)!write(ready[1], status == MLP_OK ? "y" : "n", 1);
        pause();
    }
    ck_assert_int_eq(read(ready[0], &byte, 1), 1);
    ck_assert_int_eq(byte, 'y');
    ck_assert_int_eq(mlp_checkpoint_lock(folder, &mine), MLP_ERROR_IO);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    ck_assert_int_eq(mlp_checkpoint_lock(folder, &mine), MLP_OK);
    mlp_checkpoint_unlock(&mine);
}
END_TEST

START_TEST(a_run_that_is_about_to_die_is_waited_for)
{
    int ready[2], mine;
    char byte;
    ck_assert_int_eq(pipe(ready), 0);
    pid_t pid = fork();
    if (pid == 0) {
        const struct timespec last_gasp = {.tv_nsec = 300000000};
        mlp_status status = mlp_checkpoint_lock(folder, &mine);
        (void)!write(ready[1], status == MLP_OK ? "y" : "n", 1);
        nanosleep(&last_gasp, NULL);
        _exit(0);
    }
    ck_assert_int_eq(read(ready[0], &byte, 1), 1);
    ck_assert_int_eq(byte, 'y');
    ck_assert_int_eq(mlp_checkpoint_lock(folder, &mine), MLP_OK);
    mlp_checkpoint_unlock(&mine);
    waitpid(pid, NULL, 0);
}
END_TEST

/* ---- killed while saving */

/* In a child: save without end, and report the first commit. */
static pid_t save_without_end(uint64_t step, int first_is_saved)
{
    pid_t pid = fork();
    if (pid == 0) {
        save(0, step++, 2);
        (void)!write(first_is_saved, "s", 1);
        for (;; step++) {
            save(0, step, 2);
        }
    }
    return pid;
}

/* For a kill at any instant the newest valid checkpoint is complete. Instants
 * are counted from the first commit, so that each child gets that far on a slow
 * machine, too. */
START_TEST(a_kill_at_any_instant_leaves_a_valid_newest)
{
    enum { TRIALS = 40 };
    uint64_t last = 0;
    int committed[2];
    ck_assert_int_eq(pipe(committed), 0);
    for (unsigned trial = 0; trial < TRIALS; trial++) {
        char byte, said[4096];
        pid_t pid = save_without_end(last + 1, committed[1]);
        ck_assert_int_eq(read(committed[0], &byte, 1), 1);
        usleep(777 * trial);
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
        ck_assert_int_eq(load_newest_capturing(said, sizeof said), MLP_OK);
        ck_assert_str_eq(said, ""); /* no damaged one was passed over */
        ck_assert_uint_gt(loaded.step, last);
        last = loaded.step;
        mlp_checkpoint_destroy(&loaded);
    }
    ck_assert_int_eq(mlp_checkpoint_prepare(folder), MLP_OK);
    save(0, last + 1, 2);
    ck_assert_uint_eq(count_files(), 3); /* two, and stderr.txt */
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_test(tcase, names_carry_epoch_and_step);
    tcase_add_test(tcase, only_exact_names_are_checkpoints);
    tcase_add_test(tcase,
                   an_empty_directory_has_no_newest_and_one_must_be_there);
    tcase_add_test(tcase, the_highest_step_is_the_newest_in_any_order_of_saves);
    tcase_add_test(tcase,
                   damaged_files_are_skipped_with_a_warning_that_names_both);
    tcase_add_test(tcase, if_all_are_damaged_the_message_names_the_newest);
    tcase_add_test(tcase, a_fresh_start_is_refused_where_checkpoints_are);
    tcase_add_test(tcase, saving_leaves_one_file_and_returns_its_path);
    tcase_add_test(tcase, the_newest_are_kept);
    tcase_add_test(tcase, the_best_by_validation_is_kept_beside_the_newest);
    tcase_add_test(tcase, an_epoch_is_the_best_when_none_before_was_as_good);
    tcase_add_test(tcase, without_validation_the_newest_alone_are_kept);
    tcase_add_test(tcase, files_of_others_survive);
    tcase_add_test(tcase, a_link_of_our_name_is_not_followed_to_be_deleted);
    tcase_add_test(tcase, the_one_just_saved_is_never_deleted_for_newer_ones);
    tcase_add_test(tcase, a_failed_save_leaves_only_the_older_ones);
    tcase_add_test(tcase, saving_where_no_directory_is_fails);
    tcase_add_test(tcase,
                   temporary_files_of_dead_runs_are_removed_and_no_others);
    tcase_add_test(tcase, temporary_files_are_never_the_newest);
    tcase_add_test(tcase,
                   the_directory_is_made_with_all_that_is_missing_above_it);
    tcase_add_test(tcase, a_relative_directory_is_made_from_here);
    tcase_add_test(tcase, a_file_is_no_directory_and_has_none_below_it);
    tcase_add_test(tcase, a_directory_that_cannot_be_written_is_refused);
    tcase_add_test(tcase, a_disk_without_room_is_refused_with_both_numbers);
    tcase_add_test(tcase, a_second_run_is_refused_with_the_holder_of_the_lock);
    tcase_add_test(tcase, the_lock_of_a_killed_run_is_released);
    tcase_add_test(tcase, a_run_that_is_about_to_die_is_waited_for);
    tcase_add_test(tcase, a_kill_at_any_instant_leaves_a_valid_newest);
}

int main(void)
{
    Suite *suite = suite_create("checkpoint_directory");
    TCase *tcase = tcase_create("checkpoint_directory");
    tcase_set_timeout(tcase, 60);
    tcase_add_checked_fixture(tcase, begin, end);
    add_tests(tcase);
    suite_add_tcase(suite, tcase);
    return run_suite(suite, CK_FORK_GETENV);
}
