/** @file
 *  The interface of the library, used as a program does: mlp.h alone, but for
 *  HDF5 itself beside it.
 */
#include <check.h>
#include <fcntl.h>
#include <hdf5.h>
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mlp/mlp.h"

#include "run_suite.h"

enum { ROWS = 600, TEST_ROWS = 100, FEATURES = 12, CLASSES = 3 };

static float values[ROWS][FEATURES];
static uint16_t labels[ROWS];
static float targets[ROWS];
static mlp_samples rows, test_rows, numbers;
static char folder[] = "/tmp/mlp_test_mlp.XXXXXX";
static char path[sizeof folder + 16];

/* Three classes, and a number, that depend on sums of the features. */
static void make_rows(void)
{
    uint32_t state = 1;
    for (size_t r = 0; r < ROWS; r++) {
        float sums[CLASSES] = {0};
        for (size_t i = 0; i < FEATURES; i++) {
            state = state * 1664525U + 1013904223U;
            values[r][i] = (float)(state >> 8) / (1 << 24) - 0.25F;
            sums[i % CLASSES] += values[r][i];
        }
        labels[r] = sums[1] > sums[0] ? 1 : 0;
        labels[r] = sums[2] > sums[labels[r]] ? 2 : labels[r];
        targets[r] = 100.0F + 20.0F * (sums[0] - sums[1]);
    }
    rows = (mlp_samples){
        .rows = ROWS, .features = FEATURES, .values = values, .labels = labels};
    test_rows = rows;
    test_rows.rows = TEST_ROWS;
    numbers = rows;
    numbers.labels = NULL;
    numbers.targets = targets;
}

static void begin(void)
{
    make_rows();
    strcpy(folder + sizeof folder - 7, "XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/net.h5", folder);
}

static void end(void)
{
    unlink(path);
    ck_assert_int_eq(rmdir(folder), 0);
}

static void expect(mlp_status status, mlp_status expected)
{
    ck_assert_msg(status == expected, "status %d, expected %d: %s", (int)status,
                  (int)expected, mlp_failure());
}

static mlp_estimator *create(const char *epochs)
{
    mlp_estimator *made = NULL;
    expect(mlp_estimator_create(NULL, &made), MLP_OK);
    expect(mlp_estimator_set(made, "hidden", "16,8"), MLP_OK);
    expect(mlp_estimator_set(made, "optimizer", "adam"), MLP_OK);
    expect(mlp_estimator_set(made, "batch", "20"), MLP_OK);
    expect(mlp_estimator_set(made, "dropout", "0.1"), MLP_OK);
    expect(mlp_estimator_set(made, "schedule", "constant"), MLP_OK);
    expect(mlp_estimator_set(made, "lr", "0.005"), MLP_OK);
    expect(mlp_estimator_set(made, "epochs", epochs), MLP_OK);
    return made;
}

static void expect_digest(const mlp_estimator *estimator, const char *expected)
{
    mlp_network *network = NULL;
    expect(mlp_estimator_network(estimator, &network), MLP_OK);
    ck_assert_str_eq(mlp_network_describe(network)->weights_sha256, expected);
    mlp_network_destroy(&network);
}

/* Of so many epochs on the rows, with the options of create. */
static void digest_of(const char *epochs, char digest[65])
{
    mlp_network *network = NULL;
    mlp_estimator *estimator = create(epochs);
    expect(mlp_estimator_train(estimator, &rows, NULL), MLP_OK);
    expect(mlp_estimator_network(estimator, &network), MLP_OK);
    strcpy(digest, mlp_network_describe(network)->weights_sha256);
    mlp_network_destroy(&network);
    mlp_estimator_destroy(&estimator);
}

static mlp_network *trained(const char *epochs)
{
    mlp_network *network = NULL;
    mlp_estimator *estimator = create(epochs);
    expect(mlp_estimator_train(estimator, &rows, NULL), MLP_OK);
    expect(mlp_estimator_network(estimator, &network), MLP_OK);
    mlp_estimator_destroy(&estimator);
    return network;
}

/* ---- the same weights as the program's --------------------------------- */

static void write_array(hid_t group, const char *name, hid_t type,
                        hsize_t features, const void *from)
{
    hsize_t dims[] = {ROWS, features};
    hid_t space = H5Screate_simple(features > 0 ? 2 : 1, dims, NULL);
    hid_t set = H5Dcreate2(group, name, type, space, H5P_DEFAULT, H5P_DEFAULT,
                           H5P_DEFAULT);
    ck_assert_int_ge(H5Dwrite(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, from),
                     0);
    H5Dclose(set);
    H5Sclose(space);
}

static void write_rows(void)
{
    hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    hid_t group =
        H5Gcreate2(file, "train", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    write_array(group, "images", H5T_NATIVE_FLOAT, FEATURES, values);
    write_array(group, "labels", H5T_NATIVE_UINT16, 0, labels);
    H5Gclose(group);
    H5Fclose(file);
}

START_TEST(the_weights_are_those_of_mlp_train)
{
    char digest[65], command[1024], line[128] = "";
    const char *build = getenv("MLP_BUILD");
    ck_assert_ptr_nonnull(build);
    digest_of("3", digest);
    write_rows();
    snprintf(command, sizeof command,
             "%s/mlp_train --data %s --hidden 16,8 --optimizer adam --batch 20 "
             "--dropout 0.1 --schedule constant --lr 0.005 --epochs 3 --quiet",
             build, path);
    FILE *program = popen(command, "r");
    ck_assert_ptr_nonnull(program);
    ck_assert_ptr_nonnull(fgets(line, sizeof line, program));
    ck_assert_int_eq(pclose(program), 0);
    ck_assert_ptr_nonnull(strstr(line, digest));
}
END_TEST

/* ---- threads ----------------------------------------------------------- */

typedef struct {
    const char *epochs;
    char digest[65];
} one_training;

static void *train_one(void *context)
{
    one_training *one = context;
    digest_of(one->epochs, one->digest);
    return NULL;
}

static atomic_bool is_over;

/* HDF5 itself with an error handler of its own, which must stay. */
static void *use_hdf5(void *unused)
{
    size_t *times = unused;
    for (; !is_over || *times == 0; (*times)++) {
        hsize_t dims[] = {3};
        H5E_auto2_t function = NULL;
        void *context = NULL;
        mlp_hdf5_lock();
        H5Eset_auto2(H5E_DEFAULT, (H5E_auto2_t)H5Eprint2, folder);
        mlp_hdf5_unlock();
        mlp_hdf5_lock();
        hid_t space = H5Screate_simple(1, dims, NULL);
        ck_assert_int_eq(H5Sget_simple_extent_npoints(space), 3);
        ck_assert_int_ge(H5Sclose(space), 0);
        H5Eget_auto2(H5E_DEFAULT, &function, &context);
        mlp_hdf5_unlock();
        ck_assert(function == (H5E_auto2_t)H5Eprint2 && context == folder);
    }
    return NULL;
}

/* Save and load again and again. */
static void *use_bytes(void *context)
{
    const mlp_network *network = context;
    while (!is_over) {
        unsigned char *bytes;
        size_t size;
        mlp_network *copy;
        expect(mlp_network_to_bytes(network, &bytes, &size), MLP_OK);
        expect(mlp_network_from_bytes(bytes, size, &copy), MLP_OK);
        ck_assert_str_eq(mlp_network_describe(copy)->weights_sha256,
                         mlp_network_describe(network)->weights_sha256);
        mlp_network_destroy(&copy);
        free(bytes);
    }
    return NULL;
}

START_TEST(two_train_at_once_beside_a_user_of_hdf5)
{
    one_training ones[2] = {{.epochs = "40"}, {.epochs = "60"}};
    char alone[2][65];
    size_t times = 0;
    pthread_t trainers[2], user, saver;
    mlp_network *network = trained("1");
    digest_of("40", alone[0]);
    digest_of("60", alone[1]);
    pthread_create(&user, NULL, use_hdf5, &times);
    pthread_create(&saver, NULL, use_bytes, network);
    for (size_t i = 0; i < 2; i++) {
        pthread_create(&trainers[i], NULL, train_one, &ones[i]);
    }
    for (size_t i = 0; i < 2; i++) {
        pthread_join(trainers[i], NULL);
        ck_assert_str_eq(ones[i].digest, alone[i]);
    }
    is_over = true;
    pthread_join(user, NULL);
    pthread_join(saver, NULL);
    mlp_network_destroy(&network);
}
END_TEST

static void *stop_soon(void *estimator)
{
    usleep(200000);
    mlp_estimator_stop(estimator);
    return NULL;
}

START_TEST(another_thread_stops_the_training_after_whole_epochs)
{
    enum { STEPS = ROWS / 20 };
    pthread_t thread;
    mlp_network *network = NULL;
    mlp_estimator *estimator = create("1000000");
    pthread_create(&thread, NULL, stop_soon, estimator);
    expect(mlp_estimator_train(estimator, &rows, NULL), MLP_STOPPED);
    pthread_join(thread, NULL);
    expect(mlp_estimator_network(estimator, &network), MLP_OK);
    const mlp_network_facts *facts = mlp_network_describe(network);
    ck_assert_uint_gt(facts->epochs, 0);
    ck_assert_uint_eq(facts->steps, facts->epochs * STEPS);
    char epochs[32], digest[65];
    snprintf(epochs, sizeof epochs, "%llu", (unsigned long long)facts->epochs);
    digest_of(epochs, digest);
    ck_assert_str_eq(facts->weights_sha256, digest);
    mlp_network_destroy(&network);
    expect(mlp_estimator_set(estimator, "epochs", "1"), MLP_OK);
    expect(mlp_estimator_train(estimator, &rows, NULL), MLP_OK);
    mlp_estimator_destroy(&estimator);
}
END_TEST

START_TEST(a_stop_that_comes_first_is_for_the_next_call_and_changes_nothing)
{
    mlp_network *network = NULL;
    mlp_estimator *estimator = create("1");
    mlp_estimator_stop(estimator);
    expect(mlp_estimator_train(estimator, &rows, NULL), MLP_STOPPED);
    expect(mlp_estimator_network(estimator, &network), MLP_ERROR_USAGE);
    ck_assert_ptr_null(network);
    expect(mlp_estimator_train(estimator, &rows, NULL), MLP_OK);
    mlp_estimator_destroy(&estimator);
}
END_TEST

typedef struct {
    const mlp_network *network;
    float outputs[ROWS][CLASSES];
    uint32_t classes[ROWS];
} prediction;

static void *predict(void *context)
{
    prediction *p = context;
    for (size_t first = 0; first < ROWS; first++) {
        mlp_samples one = rows;
        one.rows = 1;
        one.values = values[first];
        expect(mlp_network_predict(p->network, &one, p->outputs[first],
                                   &p->classes[first]),
               MLP_OK);
    }
    return NULL;
}

START_TEST(threads_predict_with_one_network_at_once)
{
    enum { THREADS = 4 };
    static prediction all, parts[THREADS];
    pthread_t threads[THREADS];
    mlp_network *network = trained("3");
    expect(mlp_network_predict(network, &rows, all.outputs[0], all.classes),
           MLP_OK);
    for (size_t i = 0; i < THREADS; i++) {
        parts[i].network = network;
        pthread_create(&threads[i], NULL, predict, &parts[i]);
    }
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        ck_assert_mem_eq(parts[i].outputs, all.outputs, sizeof all.outputs);
        ck_assert_mem_eq(parts[i].classes, all.classes, sizeof all.classes);
    }
    mlp_network_destroy(&network);
}
END_TEST

static void *fail_elsewhere(void *line)
{
    mlp_network *network = NULL;
    ck_assert_str_eq(mlp_failure(), "");
    expect(mlp_network_load("/nowhere/b.h5", &network), MLP_ERROR_MISSING);
    snprintf(line, 1024, "%s", mlp_failure());
    return NULL;
}

START_TEST(each_thread_has_its_own_failure)
{
    char line[1024];
    pthread_t thread;
    mlp_network *network = NULL;
    expect(mlp_network_load("/nowhere/a.h5", &network), MLP_ERROR_MISSING);
    pthread_create(&thread, NULL, fail_elsewhere, line);
    pthread_join(thread, NULL);
    ck_assert_ptr_nonnull(strstr(line, "/nowhere/b.h5"));
    ck_assert_ptr_nonnull(strstr(mlp_failure(), "/nowhere/a.h5"));
    ck_assert_ptr_null(network);
}
END_TEST

/* ---- epochs ------------------------------------------------------------ */

typedef struct {
    mlp_epoch last;
    uint64_t calls, stop_at;
} epochs_seen;

static bool see_epoch(void *context, const mlp_epoch *epoch)
{
    epochs_seen *seen = context;
    seen->last = *epoch;
    seen->calls++;
    return epoch->epoch == seen->stop_at;
}

START_TEST(the_callback_is_told_of_each_epoch)
{
    epochs_seen seen = {0};
    mlp_estimator *estimator = create("4");
    mlp_estimator_on_epoch(estimator, see_epoch, &seen);
    expect(mlp_estimator_train(estimator, &rows, &test_rows), MLP_OK);
    ck_assert_uint_eq(seen.calls, 4);
    ck_assert_uint_eq(seen.last.epoch, 4);
    ck_assert_uint_eq(seen.last.step, 4 * ROWS / 20);
    ck_assert_uint_eq(seen.last.train.rows, ROWS);
    ck_assert_uint_eq(seen.last.test.rows, TEST_ROWS);
    ck_assert_uint_eq(seen.last.validation.rows, 0);
    ck_assert(isnan(seen.last.validation.loss));
    ck_assert(isnan(seen.last.train.r2));
    ck_assert_double_gt(seen.last.test.accuracy, 0.6);
    ck_assert_double_gt(seen.last.test.loss, 0.0);
    mlp_estimator_destroy(&estimator);
}
END_TEST

START_TEST(the_callback_ends_the_training_at_its_epoch)
{
    char digest[65];
    epochs_seen seen = {.stop_at = 2};
    mlp_estimator *estimator = create("4");
    digest_of("2", digest);
    mlp_estimator_on_epoch(estimator, see_epoch, &seen);
    expect(mlp_estimator_train(estimator, &rows, NULL), MLP_STOPPED);
    ck_assert_uint_eq(seen.calls, 2);
    expect_digest(estimator, digest);
    mlp_estimator_destroy(&estimator);
}
END_TEST

START_TEST(two_epochs_and_two_more_are_four)
{
    char digest[65];
    epochs_seen seen = {0};
    digest_of("4", digest);
    mlp_estimator *estimator = create("2");
    mlp_estimator_on_epoch(estimator, see_epoch, &seen);
    expect(mlp_estimator_train_on(estimator, &rows, NULL), MLP_OK);
    expect(mlp_estimator_train_on(estimator, &rows, NULL), MLP_OK);
    ck_assert_uint_eq(seen.last.epoch, 4);
    ck_assert_uint_eq(seen.last.step, 4 * ROWS / 20);
    expect_digest(estimator, digest);
    expect(mlp_estimator_train(estimator, &rows, NULL), MLP_OK); /* anew */
    digest_of("2", digest);
    expect_digest(estimator, digest);
    mlp_estimator_destroy(&estimator);
}
END_TEST

START_TEST(other_rows_are_trained_on_within_the_model)
{
    mlp_samples others = rows;
    uint16_t strange = CLASSES;
    mlp_estimator *estimator = create("1");
    expect(mlp_estimator_train(estimator, &rows, NULL), MLP_OK);
    others.rows = 37;
    expect(mlp_estimator_train_on(estimator, &others, NULL), MLP_OK);
    others.rows = 1;
    others.labels = &strange;
    expect(mlp_estimator_train_on(estimator, &others, NULL), MLP_ERROR_DATA);
    others.labels = labels;
    others.features = FEATURES - 1;
    expect(mlp_estimator_train_on(estimator, &others, NULL), MLP_ERROR_DATA);
    expect(mlp_estimator_train_on(estimator, &numbers, NULL), MLP_ERROR_USAGE);
    expect(mlp_estimator_set(estimator, "lr", "0.0001"), MLP_OK);
    expect(mlp_estimator_train_on(estimator, &rows, NULL), MLP_OK);
    expect(mlp_estimator_set(estimator, "hidden", "9"), MLP_OK);
    expect(mlp_estimator_train_on(estimator, &rows, NULL), MLP_ERROR_USAGE);
    mlp_network *network = NULL;
    expect(mlp_estimator_network(estimator, &network), MLP_OK);
    ck_assert_uint_eq(mlp_network_describe(network)->epochs, 3);
    ck_assert_uint_eq(mlp_network_describe(network)->steps, 30 + 2 + 30);
    mlp_network_destroy(&network);
    mlp_estimator_destroy(&estimator);
}
END_TEST

START_TEST(patience_gives_the_weights_of_the_best_epoch)
{
    mlp_network *network = NULL;
    mlp_estimator *estimator = create("50");
    expect(mlp_estimator_set(estimator, "lr", "0.05"), MLP_OK);
    expect(mlp_estimator_set(estimator, "patience", "2"), MLP_OK);
    expect(mlp_estimator_set(estimator, "validation", "0.2"), MLP_OK);
    expect(mlp_estimator_train(estimator, &rows, NULL), MLP_OK);
    expect(mlp_estimator_train_on(estimator, &rows, NULL), MLP_OK);
    expect(mlp_estimator_network(estimator, &network), MLP_OK);
    expect(mlp_network_save(network, path), MLP_OK);
    mlp_network_destroy(&network);
    expect(mlp_network_load(path, &network), MLP_OK);
    mlp_network_destroy(&network);
    mlp_estimator_destroy(&estimator);
}
END_TEST

/* ---- networks ---------------------------------------------------------- */

static void expect_same(const mlp_network *a, const mlp_network *b)
{
    float first[ROWS][CLASSES], second[ROWS][CLASSES];
    const mlp_network_facts *of_a = mlp_network_describe(a);
    const mlp_network_facts *of_b = mlp_network_describe(b);
    ck_assert_str_eq(of_a->weights_sha256, of_b->weights_sha256);
    ck_assert_uint_eq(of_a->epochs, of_b->epochs);
    ck_assert_uint_eq(of_a->steps, of_b->steps);
    ck_assert_uint_eq(of_a->history_count, of_a->epochs);
    ck_assert_uint_eq(of_b->history_count, of_b->epochs);
    for (size_t i = 0; i < of_a->history_count; i++) {
        ck_assert_uint_eq(of_a->history[i].epoch, i + 1);
        ck_assert_double_eq(of_a->history[i].train.loss,
                            of_b->history[i].train.loss);
    }
    expect(mlp_network_predict(a, &rows, first[0], NULL), MLP_OK);
    expect(mlp_network_predict(b, &rows, second[0], NULL), MLP_OK);
    ck_assert_mem_eq(first, second, sizeof first);
}

START_TEST(files_and_bytes_hold_the_whole_network)
{
    unsigned char *bytes = NULL;
    size_t size;
    mlp_network *network = trained("2"), *copy = NULL;
    expect(mlp_network_save(network, path), MLP_OK);
    expect(mlp_network_save(network, path), MLP_OK); /* in place of it */
    expect(mlp_network_load(path, &copy), MLP_OK);
    expect_same(network, copy);
    mlp_network_destroy(&copy);
    expect(mlp_network_to_bytes(network, &bytes, &size), MLP_OK);
    expect(mlp_network_from_bytes(bytes, size, &copy), MLP_OK);
    expect_same(network, copy);
    mlp_network_destroy(&copy);
    bytes[size / 2] ^= 1;
    expect(mlp_network_from_bytes(bytes, size, &copy), MLP_ERROR_DATA);
    expect(mlp_network_from_bytes(bytes, 100, &copy), MLP_ERROR_DATA);
    ck_assert_ptr_null(copy);
    free(bytes);
    mlp_network_destroy(&network);
}
END_TEST

START_TEST(an_estimator_goes_on_from_a_saved_network)
{
    char digest[65];
    mlp_network *network = trained("2");
    mlp_estimator *estimator = NULL;
    digest_of("4", digest);
    expect(mlp_network_save(network, path), MLP_OK);
    mlp_network_destroy(&network);
    expect(mlp_network_load(path, &network), MLP_OK);
    expect(mlp_estimator_create(NULL, &estimator), MLP_OK);
    expect(mlp_estimator_start_from(estimator, network), MLP_OK);
    mlp_network_destroy(&network);
    expect(mlp_estimator_train_on(estimator, &rows, NULL), MLP_OK);
    expect_digest(estimator, digest);
    expect(mlp_estimator_network(estimator, &network), MLP_OK);
    ck_assert_uint_eq(mlp_network_describe(network)->epochs, 4);
    mlp_network_destroy(&network);
    mlp_estimator_destroy(&estimator);
}
END_TEST

START_TEST(a_network_tells_its_shape_and_names)
{
    static const char *const names[] = {"2", "10", "cat"};
    static const char *const unordered[] = {"10", "2", "cat"};
    mlp_network *network = NULL;
    mlp_estimator *estimator = create("1");
    mlp_samples named = rows;
    named.classes = CLASSES;
    named.class_names = unordered;
    expect(mlp_estimator_train(estimator, &named, NULL), MLP_ERROR_USAGE);
    named.class_names = names;
    expect(mlp_estimator_train(estimator, &named, NULL), MLP_OK);
    expect(mlp_estimator_train_on(estimator, &rows, NULL), MLP_OK);
    expect(mlp_estimator_network(estimator, &network), MLP_OK);
    mlp_estimator_destroy(&estimator);
    const mlp_network_facts *facts = mlp_network_describe(network);
    ck_assert_uint_eq(facts->layers, 3);
    ck_assert_uint_eq(facts->widths[0], FEATURES);
    ck_assert_uint_eq(facts->widths[1], 16);
    ck_assert_uint_eq(facts->widths[2], 8);
    ck_assert_uint_eq(facts->widths[3], CLASSES);
    ck_assert_uint_eq(facts->outputs, CLASSES);
    ck_assert_uint_eq(facts->classes, CLASSES);
    ck_assert(!facts->is_regression);
    ck_assert_uint_eq(facts->parameters, 13 * 16 + 17 * 8 + 9 * 3);
    for (size_t k = 0; k < CLASSES; k++) {
        ck_assert_str_eq(facts->class_names[k], names[k]);
    }
    mlp_network_destroy(&network);
}
END_TEST

START_TEST(numbers_are_predicted_in_their_unit)
{
    static float predicted[ROWS];
    double error = 0.0;
    mlp_network *network = NULL;
    mlp_estimator *estimator = NULL;
    epochs_seen seen = {0};
    expect(mlp_estimator_create(NULL, &estimator), MLP_OK);
    expect(mlp_estimator_set(estimator, "epochs", "30"), MLP_OK);
    expect(mlp_estimator_set(estimator, "hidden", "16"), MLP_OK);
    expect(mlp_estimator_set(estimator, "batch", "20"), MLP_OK);
    mlp_estimator_on_epoch(estimator, see_epoch, &seen);
    expect(mlp_estimator_train(estimator, &numbers, NULL), MLP_OK);
    expect(mlp_estimator_train_on(estimator, &numbers, NULL), MLP_OK);
    ck_assert_double_gt(seen.last.train.r2, 0.95);
    ck_assert(isnan(seen.last.train.accuracy));
    expect(mlp_estimator_network(estimator, &network), MLP_OK);
    mlp_estimator_destroy(&estimator);
    expect(mlp_network_save(network, path), MLP_OK);
    mlp_network_destroy(&network);
    expect(mlp_network_load(path, &network), MLP_OK);
    ck_assert(mlp_network_describe(network)->is_regression);
    ck_assert_uint_eq(mlp_network_describe(network)->classes, 0);
    expect(mlp_network_predict(network, &numbers, predicted, NULL), MLP_OK);
    for (size_t r = 0; r < ROWS; r++) {
        error += fabs((double)predicted[r] - (double)targets[r]) / ROWS;
    }
    ck_assert_double_lt(error, 5.0); /* of numbers that differ by some 20 */
    mlp_network_destroy(&network);
}
END_TEST

/* A weight of 4 for all is one of 1: powers of two don't round. */
START_TEST(weights_count_beside_each_other)
{
    static float weights[ROWS];
    char expected[65];
    mlp_estimator *estimator = create("2");
    mlp_samples weighted = rows;
    digest_of("2", expected);
    for (size_t r = 0; r < ROWS; r++) {
        weights[r] = 4.0F;
    }
    weighted.weights = weights;
    expect(mlp_estimator_train(estimator, &weighted, NULL), MLP_OK);
    expect_digest(estimator, expected);
    mlp_estimator_destroy(&estimator);
}
END_TEST

/* Rows of weight 0 have labels and values that would ruin the others'. */
START_TEST(rows_of_weight_0_count_nowhere)
{
    static float wild[ROWS][FEATURES], weights[ROWS];
    mlp_epoch seen[2];
    mlp_samples weighted = rows;
    for (size_t r = 0; r < ROWS; r++) {
        weights[r] = r % 2 == 0 ? 1.0F : 0.0F;
    }
    weighted.weights = weights;
    for (size_t run = 0; run < 2; run++) {
        epochs_seen epochs = {0};
        mlp_estimator *estimator = create("3");
        memcpy(wild, values, sizeof wild);
        for (size_t r = 1; run == 1 && r < ROWS; r += 2) {
            wild[r][r % FEATURES] = 1e30F;
        }
        weighted.values = wild;
        mlp_estimator_on_epoch(estimator, see_epoch, &epochs);
        expect(mlp_estimator_train(estimator, &weighted, &weighted), MLP_OK);
        seen[run] = epochs.last;
        mlp_estimator_destroy(&estimator);
    }
    ck_assert_double_eq(seen[0].train.loss, seen[1].train.loss);
    ck_assert_double_eq(seen[0].test.loss, seen[1].test.loss);
    ck_assert_double_eq(seen[0].test.accuracy, seen[1].test.accuracy);
}
END_TEST

/* ---- what is refused --------------------------------------------------- */

START_TEST(options_are_refused_by_name)
{
    mlp_estimator *estimator = create("1");
    expect(mlp_estimator_set(estimator, "quiet", "yes"), MLP_ERROR_USAGE);
    expect(mlp_estimator_set(estimator, "check-digest", "yes"),
           MLP_ERROR_USAGE);
    expect(mlp_estimator_set(estimator, "wings", "2"), MLP_ERROR_USAGE);
    expect(mlp_estimator_set(estimator, "epochs", "many"), MLP_ERROR_USAGE);
    ck_assert_ptr_nonnull(strstr(mlp_failure(), "epochs"));
    expect(mlp_estimator_set(estimator, "output", "identity"), MLP_OK);
    expect(mlp_estimator_set(estimator, "loss", "cross-entropy"), MLP_OK);
    expect(mlp_estimator_train(estimator, &rows, NULL), MLP_ERROR_USAGE);
    mlp_estimator_destroy(&estimator);
    mlp_estimator_destroy(&estimator);
}
END_TEST

START_TEST(rows_are_refused_with_a_reason)
{
    float row[FEATURES] = {0};
    mlp_network *network = trained("1");
    mlp_estimator *estimator = create("1");
    mlp_samples bad = rows;
    bad.labels = NULL;
    expect(mlp_estimator_train(estimator, &bad, NULL), MLP_ERROR_USAGE);
    bad.rows = 0;
    bad.labels = labels;
    expect(mlp_estimator_train(estimator, &bad, NULL), MLP_ERROR_DATA);
    static float weights[ROWS];
    bad = rows;
    bad.weights = weights;
    expect(mlp_estimator_train(estimator, &bad, NULL), MLP_ERROR_DATA);
    ck_assert_ptr_nonnull(strstr(mlp_failure(), "of all 600 training rows"));
    const float invalid[] = {-1.0F, NAN, INFINITY};
    for (size_t i = 0; i < sizeof invalid / sizeof invalid[0]; i++) {
        weights[7] = invalid[i];
        expect(mlp_estimator_train(estimator, &bad, NULL), MLP_ERROR_DATA);
        ck_assert_ptr_nonnull(strstr(mlp_failure(), "training row 7"));
    }
    bad = (mlp_samples){.rows = 1, .features = FEATURES, .values = row};
    row[FEATURES - 1] = NAN;
    expect(mlp_network_predict(network, &bad, NULL, NULL), MLP_ERROR_DATA);
    ck_assert_ptr_nonnull(strstr(mlp_failure(), "row 0"));
    bad.features = FEATURES - 1;
    expect(mlp_network_predict(network, &bad, NULL, NULL), MLP_ERROR_DATA);
    mlp_estimator_destroy(&estimator);
    mlp_network_destroy(&network);
}
END_TEST

static void count_messages(void *context, bool is_warning, const char *line)
{
    ck_assert_ptr_nonnull(line);
    *(size_t *)context += is_warning;
}

START_TEST(nothing_is_printed_and_messages_go_to_the_callback)
{
    struct stat printed;
    size_t warnings = 0;
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0666);
    int kept[2] = {dup(STDOUT_FILENO), dup(STDERR_FILENO)};
    mlp_samples same = rows;
    static float zeros[ROWS][FEATURES];
    mlp_estimator *estimator = create("2"), *loud = create("2");
    same.values = zeros; /* from which nothing can be learned */
    mlp_estimator_on_message(loud, count_messages, &warnings);
    dup2(fd, STDOUT_FILENO);
    dup2(fd, STDERR_FILENO);
    mlp_status first = mlp_estimator_train(estimator, &same, NULL);
    mlp_status second = mlp_estimator_train(loud, &same, &test_rows);
    dup2(kept[0], STDOUT_FILENO);
    dup2(kept[1], STDERR_FILENO);
    ck_assert_int_eq(fstat(fd, &printed), 0);
    expect(first, MLP_OK);
    expect(second, MLP_OK);
    ck_assert_int_eq(printed.st_size, 0);
    ck_assert_uint_gt(warnings, 0);
    close(fd);
    mlp_estimator_destroy(&estimator);
    mlp_estimator_destroy(&loud);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("mlp");
    TCase *tests = tcase_create("mlp");
    tcase_add_checked_fixture(tests, begin, end);
    tcase_add_test(tests, the_weights_are_those_of_mlp_train);
    tcase_add_test(tests, two_train_at_once_beside_a_user_of_hdf5);
    tcase_add_test(tests, another_thread_stops_the_training_after_whole_epochs);
    tcase_add_test(
        tests,
        a_stop_that_comes_first_is_for_the_next_call_and_changes_nothing);
    tcase_add_test(tests, threads_predict_with_one_network_at_once);
    tcase_add_test(tests, each_thread_has_its_own_failure);
    tcase_add_test(tests, the_callback_is_told_of_each_epoch);
    tcase_add_test(tests, the_callback_ends_the_training_at_its_epoch);
    tcase_add_test(tests, two_epochs_and_two_more_are_four);
    tcase_add_test(tests, other_rows_are_trained_on_within_the_model);
    tcase_add_test(tests, patience_gives_the_weights_of_the_best_epoch);
    tcase_add_test(tests, files_and_bytes_hold_the_whole_network);
    tcase_add_test(tests, an_estimator_goes_on_from_a_saved_network);
    tcase_add_test(tests, a_network_tells_its_shape_and_names);
    tcase_add_test(tests, numbers_are_predicted_in_their_unit);
    tcase_add_test(tests, weights_count_beside_each_other);
    tcase_add_test(tests, rows_of_weight_0_count_nowhere);
    tcase_add_test(tests, options_are_refused_by_name);
    tcase_add_test(tests, rows_are_refused_with_a_reason);
    tcase_add_test(tests, nothing_is_printed_and_messages_go_to_the_callback);
    suite_add_tcase(suite, tests);
    return run_suite(suite, CK_FORK_GETENV);
}
