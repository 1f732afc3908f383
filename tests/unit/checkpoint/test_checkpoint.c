/** @file
 *  One checkpoint file: round trips, and detection of any damage.
 *  MLP_TEST_FULL=1 in the environment flips every single bit; without it, a
 *  fixed subset.
 */
#include "checkpoint/checkpoint.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "checkpoint/content.h"
#include "checkpoint/file.h"
#include "checkpoint/seal.h"
#include "checkpoint_sample.h"
#include "file_size_limit.h"
#include "run_suite.h"
#include "sealed_file.h"

static char folder[] = "/tmp/mlp_test_checkpoint.XXXXXX";
static char path[sizeof folder + 16];
static mlp_checkpoint sample;
static unsigned char digest[MLP_DIGEST_BYTES]; /* of the written file */

static void begin(void)
{
    folder_create(folder);
    snprintf(path, sizeof path, "%s/c.h5", folder);
    sample = sample_create(2, 938, 1);
    sample_add_epoch(&sample, 1, 469, 9000);
    sample_add_epoch(&sample, 2, 938, 9100);
}

static void end(void)
{
    mlp_checkpoint_destroy(&sample);
    folder_destroy(folder);
}

/* The file at path must be refused as bad data, and nothing of it kept. */
static void expect_refused(const char *reason)
{
    mlp_checkpoint loaded;
    ck_assert_int_eq(mlp_checkpoint_load(path, &loaded), MLP_ERROR_DATA);
    ck_assert_msg(strstr(mlp_failure(), reason) != NULL,
                  "\"%s\" does not contain \"%s\"", mlp_failure(), reason);
    ck_assert_msg(strstr(mlp_failure(), path) != NULL, "no path in \"%s\"",
                  mlp_failure());
    ck_assert_ptr_null(loaded.parameters);
    ck_assert_ptr_null(loaded.widths);
    ck_assert_ptr_null(loaded.history.records);
}

/* ---- counting */

START_TEST(parameters_of_784_128_10_are_101770)
{
    const size_t widths[] = {784, 128, 10};
    size_t count;
    mlp_config config;
    mlp_config_init(&config);
    config.hidden_count = 1;
    ck_assert_int_eq(mlp_checkpoint_count(&config, widths, 2, &count), MLP_OK);
    ck_assert_uint_eq(count, 101770);
    /* a learned slope for each hidden unit, none for the outputs */
    config.activation.item[0] = MLP_ACTIVATION_PRELU;
    ck_assert_int_eq(mlp_checkpoint_count(&config, widths, 2, &count), MLP_OK);
    ck_assert_uint_eq(count, 101770 + 128);
}
END_TEST

START_TEST(a_count_that_does_not_fit_is_refused)
{
    const size_t square[] = {(size_t)1 << 32, (size_t)1 << 32};
    const size_t sum[] = {SIZE_MAX, 1, 1};
    size_t count;
    mlp_config config;
    mlp_config_init(&config);
    ck_assert_int_eq(mlp_checkpoint_count(&config, square, 1, &count),
                     MLP_ERROR_DATA);
    ck_assert_int_eq(mlp_checkpoint_count(&config, sum, 2, &count),
                     MLP_ERROR_DATA);
}
END_TEST

/* ---- round trip */

static void expect_same_history(const mlp_history *a, const mlp_history *b)
{
    ck_assert_uint_eq(a->count, b->count);
    for (size_t i = 0; i < a->count; i++) {
        ck_assert_mem_eq(&a->records[i], &b->records[i], sizeof *a->records);
    }
}

/* Compare the fields of the state; others are not stored. */
static void expect_same_config(const mlp_config *a, const mlp_config *b)
{
    size_t count;
    const mlp_option *fields = mlp_config_fields(&count);
    for (size_t i = 0; i < count; i++) {
        char left[MLP_CONFIG_VALUE], right[MLP_CONFIG_VALUE];
        if (!mlp_config_is_state(&fields[i])) {
            continue;
        }
        mlp_config_get(a, &fields[i], left);
        mlp_config_get(b, &fields[i], right);
        ck_assert_str_eq(left, right);
    }
}

static void expect_same(const mlp_checkpoint *a, const mlp_checkpoint *b)
{
    size_t bytes = a->parameter_count * sizeof *a->parameters;
    expect_same_config(&a->config, &b->config);
    ck_assert_uint_eq(a->layers, b->layers);
    ck_assert_mem_eq(a->widths, b->widths, (a->layers + 1) * sizeof *a->widths);
    ck_assert_uint_eq(a->height, b->height);
    ck_assert_uint_eq(a->width, b->width);
    ck_assert_uint_eq(a->channels, b->channels);
    ck_assert_uint_eq(a->classes, b->classes);
    ck_assert_mem_eq(&a->scaler.shift, &b->scaler.shift, sizeof(float));
    ck_assert_mem_eq(&a->scaler.scale, &b->scaler.scale, sizeof(float));
    ck_assert_int_eq(a->scaler.shifts != NULL, b->scaler.shifts != NULL);
    if (a->scaler.shifts != NULL) {
        size_t columns = a->widths[0] * sizeof *a->scaler.shifts;
        ck_assert_mem_eq(a->scaler.shifts, b->scaler.shifts, columns);
        ck_assert_mem_eq(a->scaler.scales, b->scaler.scales, columns);
    }
    ck_assert_uint_eq(a->parameter_count, b->parameter_count);
    ck_assert_mem_eq(a->parameters, b->parameters, bytes);
    ck_assert_uint_eq(a->moment_count, b->moment_count);
    for (size_t i = 0; i < a->moment_count; i++) {
        ck_assert_mem_eq(a->moments[i], b->moments[i], bytes);
    }
    ck_assert_uint_eq(a->epoch, b->epoch);
    ck_assert_uint_eq(a->step, b->step);
    ck_assert_uint_eq(a->train_rows, b->train_rows);
    ck_assert_mem_eq(&a->running, &b->running, sizeof a->running);
    ck_assert_mem_eq(&a->running_seconds, &b->running_seconds, sizeof(double));
    ck_assert_mem_eq(a->data_digest, b->data_digest, sizeof a->data_digest);
    expect_same_history(&a->history, &b->history);
}

static void expect_round_trip(const mlp_checkpoint *written)
{
    mlp_checkpoint loaded;
    ck_assert_int_eq(mlp_checkpoint_write(path, written, digest), MLP_OK);
    ck_assert_int_eq(mlp_checkpoint_load(path, &loaded), MLP_OK);
    expect_same(written, &loaded);
    mlp_checkpoint_destroy(&loaded);
}

START_TEST(everything_comes_back_bit_for_bit)
{
    expect_round_trip(&sample);
}
END_TEST

START_TEST(special_floats_come_back_bit_for_bit)
{
    sample.parameters[0] = -0.0F;
    sample.parameters[1] = NAN;
    sample.parameters[2] = -INFINITY;
    sample.parameters[3] = 1e-45F; /* the least subnormal */
    sample.moments[0][22] = -1e-45F;
    sample.running.loss_sum = NAN;
    expect_round_trip(&sample);
}
END_TEST

START_TEST(an_empty_history_and_no_moments_come_back)
{
    mlp_checkpoint bare = sample_create(0, 0, 0);
    expect_round_trip(&bare);
    mlp_checkpoint_destroy(&bare);
}
END_TEST

START_TEST(scalings_of_single_columns_come_back)
{
    ck_assert_int_eq(mlp_scaler_create(sample.widths[0], &sample.scaler),
                     MLP_OK);
    for (size_t i = 0; i < sample.widths[0]; i++) {
        sample.scaler.shifts[i] = (float)i / 3.0F;
        sample.scaler.scales[i] = 1.0F / (float)(i + 1);
    }
    expect_round_trip(&sample);
}
END_TEST

START_TEST(as_many_moments_as_there_may_be_come_back)
{
    mlp_checkpoint full = sample_create(0, 0, MLP_MOMENTS_MAX);
    expect_round_trip(&full);
    mlp_checkpoint_destroy(&full);
}
END_TEST

START_TEST(paths_of_this_machine_are_not_stored)
{
    mlp_checkpoint loaded;
    ck_assert_int_eq(mlp_config_set(&sample.config, "data", "/here"), MLP_OK);
    ck_assert_int_eq(mlp_config_set(&sample.config, "threads", "5"), MLP_OK);
    ck_assert_int_eq(mlp_checkpoint_write(path, &sample, digest), MLP_OK);
    ck_assert_int_eq(mlp_checkpoint_load(path, &loaded), MLP_OK);
    ck_assert_str_eq(loaded.config.data, "");
    ck_assert_uint_eq(loaded.config.threads, 0);
    ck_assert_ptr_null(
        memchr(loaded.config.given, true, sizeof loaded.config.given));
    mlp_checkpoint_destroy(&loaded);
}
END_TEST

/* ---- damage */

static size_t read_file(unsigned char **bytes)
{
    struct stat facts;
    int fd = open(path, O_RDONLY);
    ck_assert(fd >= 0 && fstat(fd, &facts) == 0);
    *bytes = malloc((size_t)facts.st_size);
    ck_assert_ptr_nonnull(*bytes);
    ck_assert_int_eq(read(fd, *bytes, (size_t)facts.st_size), facts.st_size);
    close(fd);
    return (size_t)facts.st_size;
}

/* A small file, because every bit of it is flipped. */
static size_t write_bare(unsigned char **bytes)
{
    mlp_checkpoint bare = sample_create(0, 0, 0);
    ck_assert_int_eq(mlp_checkpoint_write(path, &bare, digest), MLP_OK);
    mlp_checkpoint_destroy(&bare);
    return read_file(bytes);
}

START_TEST(every_truncation_is_refused)
{
    unsigned char *bytes;
    mlp_checkpoint loaded;
    size_t length = write_bare(&bytes);
    ck_assert_uint_lt(length, 32768);
    while (length-- > 0) {
        ck_assert_int_eq(truncate(path, (off_t)length), 0);
        ck_assert_int_eq(mlp_checkpoint_load(path, &loaded), MLP_ERROR_DATA);
    }
    free(bytes);
}
END_TEST

START_TEST(bytes_after_the_end_are_refused)
{
    unsigned char *bytes;
    size_t length = write_bare(&bytes);
    ck_assert_int_eq(truncate(path, (off_t)length + 1), 0);
    expect_refused("expected");
    free(bytes);
}
END_TEST

START_TEST(every_flipped_bit_is_refused)
{
    unsigned char *bytes;
    mlp_checkpoint loaded;
    size_t length = write_bare(&bytes);
    size_t stride = getenv("MLP_TEST_FULL") != NULL ? 1 : 13;
    int fd = open(path, O_WRONLY);
    for (size_t bit = 0; bit < 8 * length; bit += stride) {
        off_t at = (off_t)(bit / 8);
        unsigned char flipped = bytes[bit / 8] ^ (unsigned char)(1U << bit % 8);
        ck_assert_int_eq(pwrite(fd, &flipped, 1, at), 1);
        ck_assert_int_eq(mlp_checkpoint_load(path, &loaded), MLP_ERROR_DATA);
        ck_assert_int_eq(pwrite(fd, &bytes[bit / 8], 1, at), 1);
    }
    close(fd);
    ck_assert_int_eq(mlp_checkpoint_load(path, &loaded), MLP_OK);
    mlp_checkpoint_destroy(&loaded);
    free(bytes);
}
END_TEST

/* The next random number: Marsaglia 2003, "Xorshift RNGs". */
static uint32_t draw(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

/* 1 to 64 bytes anywhere, as in a misdirected write. */
START_TEST(random_overwrites_are_refused)
{
    unsigned char *bytes, noise[64];
    mlp_checkpoint loaded;
    size_t length = write_bare(&bytes);
    size_t times = getenv("MLP_TEST_FULL") != NULL ? 100000 : 500;
    uint32_t state = 20250101;
    int fd = open(path, O_WRONLY);
    for (size_t i = 0; i < times; i++) {
        size_t count = 1 + draw(&state) % sizeof noise;
        size_t at = draw(&state) % (length - count);
        for (size_t k = 0; k < count; k++) {
            noise[k] = (unsigned char)(draw(&state) >> 8);
        }
        bool is_other = memcmp(noise, bytes + at, count) != 0;
        ck_assert_int_eq(pwrite(fd, noise, count, (off_t)at), count);
        mlp_status status = mlp_checkpoint_load(path, &loaded);
        ck_assert_int_eq(status, is_other ? MLP_ERROR_DATA : MLP_OK);
        if (status == MLP_OK) {
            mlp_checkpoint_destroy(&loaded);
        }
        ck_assert_int_eq(pwrite(fd, bytes + at, count, (off_t)at), count);
    }
    close(fd);
    free(bytes);
}
END_TEST

START_TEST(a_file_that_is_no_checkpoint_is_refused_at_once)
{
    mlp_checkpoint loaded;
    ck_assert_int_eq(mlp_checkpoint_load(path, &loaded), MLP_ERROR_MISSING);
    ck_assert_int_eq(mlp_checkpoint_load(folder, &loaded), MLP_ERROR_DATA);
    ck_assert_int_eq(mkfifo(path, 0600), 0);
    expect_refused("not a regular file");
    unlink(path);
    ck_assert_int_eq(symlink(path, path), 0);
    expect_refused("is a symbolic link");
    unlink(path);
    int fd = open(path, O_WRONLY | O_CREAT, 0600);
    ck_assert_int_eq(ftruncate(fd, (off_t)1 << 40), 0); /* nothing on disk */
    close(fd);
    expect_refused("not a checkpoint");
}
END_TEST

/* ---- files with a valid seal and wrong content, as from an attacker */

/* Write valid scalars, arrays by `build`, and a valid seal. */
static void craft(void (*build)(mlp_h5file *file))
{
    mlp_h5file *file = NULL;
    unlink(path);
    ck_assert_int_eq(mlp_h5file_create(path, MLP_SEAL_BYTES, &file), MLP_OK);
    ck_assert_int_eq(mlp_checkpoint_facts_write(file, &sample), MLP_OK);
    build(file);
    ck_assert_int_eq(mlp_h5file_close(&file), MLP_OK);
    ck_assert(seal_file(path));
}

static void build_nothing(mlp_h5file *file)
{
    (void)file;
}

static void write_widths(mlp_h5file *file, uint64_t count, uint64_t width)
{
    uint64_t widths[100];
    for (size_t i = 0; i < 100; i++) {
        widths[i] = width;
    }
    mlp_h5_shape shape = {MLP_H5_U64, 1, {count}};
    ck_assert_int_eq(mlp_h5file_write_group(file, "model"), MLP_OK);
    ck_assert_int_eq(mlp_h5file_write(file, "model/widths", shape, widths),
                     MLP_OK);
}

static void build_too_many_widths(mlp_h5file *file)
{
    write_widths(file, 100, 1);
}

static void build_too_few_widths(mlp_h5file *file)
{
    write_widths(file, 1, 4);
}

static void build_other_hidden(mlp_h5file *file)
{
    write_widths(file, 3, 4);
}

static void build_other_inputs(mlp_h5file *file)
{
    write_widths(file, 3, 3);
}

START_TEST(widths_that_are_absent_or_wrong_are_refused)
{
    craft(build_nothing);
    expect_refused("/model/widths is not there");
    craft(build_too_many_widths);
    expect_refused("/model/widths has not between");
    craft(build_too_few_widths);
    expect_refused("/model/widths has not between");
    craft(build_other_hidden);
    expect_refused("contradict");
    craft(build_other_inputs);
    expect_refused("contradict");
}
END_TEST

START_TEST(huge_widths_allocate_nothing)
{
    mlp_config_set(&sample.config, "hidden", "1000000");
    sample.height = sample.width = (size_t)1 << 15;
    mlp_h5file *file = NULL;
    const uint64_t widths[3] = {(uint64_t)1 << 30, 1000000, 2};
    ck_assert_int_eq(mlp_h5file_create(path, MLP_SEAL_BYTES, &file), MLP_OK);
    ck_assert_int_eq(mlp_checkpoint_facts_write(file, &sample), MLP_OK);
    ck_assert_int_eq(mlp_h5file_write_group(file, "model"), MLP_OK);
    ck_assert_int_eq(mlp_h5file_write(file, "model/widths",
                                      (mlp_h5_shape){MLP_H5_U64, 1, {3}},
                                      widths),
                     MLP_OK);
    ck_assert_int_eq(mlp_h5file_close(&file), MLP_OK);
    ck_assert(seal_file(path));
    expect_refused("too few for");
}
END_TEST

static mlp_h5_shape crafted_weights;

/* A model whose first weights have the crafted shape. */
static void build_weights(mlp_h5file *file)
{
    static const double values[64];
    const uint64_t widths[3] = {4, 3, 2};
    ck_assert_int_eq(mlp_h5file_write_group(file, "model"), MLP_OK);
    ck_assert_int_eq(mlp_h5file_write_group(file, "model/layer0"), MLP_OK);
    ck_assert_int_eq(mlp_h5file_write(file, "model/widths",
                                      (mlp_h5_shape){MLP_H5_U64, 1, {3}},
                                      widths),
                     MLP_OK);
    ck_assert_int_eq(
        mlp_h5file_write(file, "model/layer0/W", crafted_weights, values),
        MLP_OK);
}

START_TEST(weights_of_another_shape_or_type_are_refused)
{
    const mlp_h5_shape shapes[] = {
        {MLP_H5_F32, 2, {3, 4}},    {MLP_H5_F32, 2, {4, 4}},
        {MLP_H5_F32, 2, {5, 3}},    {MLP_H5_F32, 1, {12}},
        {MLP_H5_F32, 3, {4, 3, 1}}, {MLP_H5_F64, 2, {4, 3}},
        {MLP_H5_U32, 2, {4, 3}}};
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        crafted_weights = shapes[i];
        craft(build_weights);
        expect_refused("/model/layer0/W has another type or shape");
    }
    crafted_weights = (mlp_h5_shape){MLP_H5_F32, 2, {4, 3}};
    craft(build_weights);
    expect_refused("/model/layer0/b is not there");
}
END_TEST

static uint64_t crafted_steps;

/* Epochs and steps of unequal count, or no columns. */
static void build_history(mlp_h5file *file)
{
    static const uint64_t values[8];
    crafted_weights = (mlp_h5_shape){MLP_H5_F32, 2, {4, 3}};
    build_weights(file);
    const char *const names[] = {"model/layer0/b", "model/layer1/W",
                                 "model/layer1/b"};
    const mlp_h5_shape shapes[] = {
        {MLP_H5_F32, 1, {3}}, {MLP_H5_F32, 2, {3, 2}}, {MLP_H5_F32, 1, {2}}};
    ck_assert_int_eq(mlp_h5file_write_group(file, "model/layer1"), MLP_OK);
    for (size_t i = 0; i < 3; i++) {
        ck_assert_int_eq(mlp_h5file_write(file, names[i], shapes[i], values),
                         MLP_OK);
    }
    ck_assert_int_eq(mlp_h5file_write_group(file, "history"), MLP_OK);
    ck_assert_int_eq(mlp_h5file_write(file, "history/epoch",
                                      (mlp_h5_shape){MLP_H5_U64, 1, {2}},
                                      values),
                     MLP_OK);
    ck_assert_int_eq(
        mlp_h5file_write(file, "history/step",
                         (mlp_h5_shape){MLP_H5_U64, 1, {crafted_steps}},
                         values),
        MLP_OK);
}

START_TEST(history_columns_of_unequal_length_are_refused)
{
    sample.moment_count = 0;
    crafted_steps = 3;
    craft(build_history);
    expect_refused("/history/step has another type or length");
    crafted_steps = 2;
    craft(build_history);
    expect_refused("/history/train_loss_sum is not there");
    sample.moment_count = 1;
    craft(build_history);
    expect_refused("/moments/0/layer0/W is not there");
}
END_TEST

START_TEST(more_moments_than_any_optimizer_has_are_refused)
{
    sample.moment_count = MLP_MOMENTS_MAX + 1;
    crafted_weights = (mlp_h5_shape){MLP_H5_F32, 2, {4, 3}};
    craft(build_weights);
    expect_refused("moments");
    sample.moment_count = 1;
}
END_TEST

START_TEST(a_sealed_file_that_is_no_hdf5_is_refused)
{
    int fd = open(path, O_WRONLY | O_CREAT, 0600);
    ck_assert_int_eq(ftruncate(fd, 4096), 0);
    close(fd);
    ck_assert(seal_file(path));
    expect_refused("no HDF5 file");
}
END_TEST

START_TEST(a_newer_format_is_refused_by_its_number)
{
    const unsigned char version = 2;
    ck_assert_int_eq(mlp_checkpoint_write(path, &sample, digest), MLP_OK);
    int fd = open(path, O_WRONLY);
    ck_assert_int_eq(pwrite(fd, &version, 1, 8), 1);
    close(fd);
    expect_refused("has checkpoint format 2, expected 1");
}
END_TEST

/* ---- failures of the disk */

START_TEST(a_full_disk_is_reported_at_every_size)
{
    signal(SIGXFSZ, SIG_IGN);
    ck_assert_int_eq(mlp_checkpoint_write(path, &sample, digest), MLP_OK);
    unsigned char *bytes;
    size_t length = read_file(&bytes);
    free(bytes);
    for (size_t limit = 0; limit < length; limit += 509) {
        unlink(path);
        bool is_limited = limit_file_size(limit);
        mlp_status status = mlp_checkpoint_write(path, &sample, digest);
        bool is_free = limit_file_size(RLIM_INFINITY);
        ck_assert(is_limited && is_free);
        ck_assert_int_eq(status, MLP_ERROR_IO);
        ck_assert_ptr_nonnull(strstr(mlp_failure(), path));
        ck_assert_ptr_nonnull(strstr(mlp_failure(), "File too large"));
    }
    unlink(path);
    ck_assert_int_eq(mlp_checkpoint_write(path, &sample, digest), MLP_OK);
}
END_TEST

START_TEST(destroying_twice_is_allowed)
{
    mlp_checkpoint_destroy(&sample);
    mlp_checkpoint_destroy(&sample);
    ck_assert_ptr_null(sample.parameters);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("checkpoint");
    TCase *tcase = tcase_create("checkpoint");
    tcase_set_timeout(tcase, 600);
    tcase_add_checked_fixture(tcase, begin, end);
    tcase_add_test(tcase, parameters_of_784_128_10_are_101770);
    tcase_add_test(tcase, a_count_that_does_not_fit_is_refused);
    tcase_add_test(tcase, everything_comes_back_bit_for_bit);
    tcase_add_test(tcase, special_floats_come_back_bit_for_bit);
    tcase_add_test(tcase, an_empty_history_and_no_moments_come_back);
    tcase_add_test(tcase, scalings_of_single_columns_come_back);
    tcase_add_test(tcase, as_many_moments_as_there_may_be_come_back);
    tcase_add_test(tcase, paths_of_this_machine_are_not_stored);
    tcase_add_test(tcase, every_truncation_is_refused);
    tcase_add_test(tcase, bytes_after_the_end_are_refused);
    tcase_add_test(tcase, every_flipped_bit_is_refused);
    tcase_add_test(tcase, random_overwrites_are_refused);
    tcase_add_test(tcase, a_file_that_is_no_checkpoint_is_refused_at_once);
    tcase_add_test(tcase, widths_that_are_absent_or_wrong_are_refused);
    tcase_add_test(tcase, huge_widths_allocate_nothing);
    tcase_add_test(tcase, weights_of_another_shape_or_type_are_refused);
    tcase_add_test(tcase, history_columns_of_unequal_length_are_refused);
    tcase_add_test(tcase, more_moments_than_any_optimizer_has_are_refused);
    tcase_add_test(tcase, a_sealed_file_that_is_no_hdf5_is_refused);
    tcase_add_test(tcase, a_newer_format_is_refused_by_its_number);
    tcase_add_test(tcase, a_full_disk_is_reported_at_every_size);
    tcase_add_test(tcase, destroying_twice_is_allowed);
    suite_add_tcase(suite, tcase);
    return run_suite(suite, CK_FORK_GETENV);
}
