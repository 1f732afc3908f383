/** @file
 *  Tests of inference.
 */
#include "infer/inference.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/model.h"
#include "source/source.h"

#include "run_suite.h"

/* exp and friends are within 1 ulp of float; sums of a few of them. */
#define TOLERANCE 1e-6

static mlp_inference *model;
static mlp_checkpoint checkpoint;

static void tear_down(void)
{
    mlp_inference_destroy(&model);
    mlp_checkpoint_destroy(&checkpoint);
}

static void set(const char *name, const char *text)
{
    ck_assert_int_eq(mlp_config_set(&checkpoint.config, name, text), MLP_OK);
}

/* A model without hidden layers: 2 inputs, 2 outputs, W and b as given, inputs
 * halved. */
static void make_tiny(const float parameters[6])
{
    checkpoint = (mlp_checkpoint){.layers = 1,
                                  .height = 1,
                                  .width = 2,
                                  .classes = 2,
                                  .scaler = {.scale = 0.5F},
                                  .parameter_count = 6};
    mlp_config_init(&checkpoint.config);
    set("hidden", "none");
    set("shards", "2");
    checkpoint.widths = calloc(2, sizeof *checkpoint.widths);
    checkpoint.parameters = calloc(6, sizeof *checkpoint.parameters);
    ck_assert(checkpoint.widths != NULL && checkpoint.parameters != NULL);
    checkpoint.widths[0] = checkpoint.widths[1] = 2;
    memcpy(checkpoint.parameters, parameters, 6 * sizeof *parameters);
}

static void create(size_t threads)
{
    ck_assert_msg(mlp_inference_create(&checkpoint, threads, &model) == MLP_OK,
                  "%s", mlp_failure());
}

/* Three rows in the caller's memory. */
static mlp_dataset rows_of(float values[6], uint16_t labels[3])
{
    return (mlp_dataset){.range = {0, 3},
                         .features = 2,
                         .element = MLP_ELEMENT_F32,
                         .values = values,
                         .labels = labels};
}

/* z = x / 2 W + b: rows (2, 0), (0, 4), (2, 2) have z (1, 0.5), (2, 2.5),
 * (2, 1.5). */
static const float parameters[6] = {1.0F, 0.0F, 1.0F, 1.0F, 0.0F, 0.5F};
static float inputs[6] = {2.0F, 0.0F, 0.0F, 4.0F, 2.0F, 2.0F};
static uint16_t labels[3] = {0, 1, 1};

START_TEST(softmax_outputs_are_probabilities)
{
    mlp_dataset dataset = rows_of(inputs, labels);
    make_tiny(parameters);
    create(1);
    mlp_inference_result result =
        mlp_inference_run(model, &dataset, (mlp_range){0, 3});
    ck_assert_uint_eq(result.rows, 3);
    ck_assert_uint_eq(result.classes, 2);
    double p =
        1.0 / (1.0 + exp(-0.5)); /* of the class whose logit is larger by 0.5 */
    const double expected[3] = {p, 1.0 - p, p};
    for (size_t r = 0; r < 3; r++) {
        const float *row = result.outputs + r * result.stride;
        ck_assert_double_eq_tol((double)row[0], expected[r], TOLERANCE);
        ck_assert_double_eq_tol((double)row[1], 1.0 - expected[r], TOLERANCE);
    }
    ck_assert_uint_eq(result.predictions[0], 0);
    ck_assert_uint_eq(result.predictions[1], 1);
    ck_assert_uint_eq(result.predictions[2], 0);
}
END_TEST

START_TEST(identity_outputs_are_the_sums)
{
    static const float expected[3][2] = {{1.0F, 0.5F}, {2.0F, 2.5F}, {2, 1.5F}};
    mlp_dataset dataset = rows_of(inputs, labels);
    make_tiny(parameters);
    set("output", "identity");
    set("loss", "mse");
    create(1);
    mlp_inference_result result =
        mlp_inference_run(model, &dataset, (mlp_range){0, 3});
    for (size_t r = 0; r < 3; r++) {
        const float *row = result.outputs + r * result.stride;
        ck_assert_float_eq(row[0], expected[r][0]);
        ck_assert_float_eq(row[1], expected[r][1]);
    }
}
END_TEST

START_TEST(some_rows_are_those_rows)
{
    mlp_dataset dataset = rows_of(inputs, labels);
    make_tiny(parameters);
    create(1);
    float whole[2];
    mlp_inference_result result =
        mlp_inference_run(model, &dataset, (mlp_range){0, 3});
    memcpy(whole, result.outputs + 2 * result.stride, sizeof whole);
    result = mlp_inference_run(model, &dataset, (mlp_range){2, 1});
    ck_assert_uint_eq(result.rows, 1);
    ck_assert_mem_eq(result.outputs, whole, sizeof whole);
    result = mlp_inference_run(model, &dataset, (mlp_range){3, 0});
    ck_assert_uint_eq(result.rows, 0);
}
END_TEST

START_TEST(batches_tile_the_rows)
{
    static const size_t counts[] = {0,
                                    1,
                                    MLP_INFERENCE_ROWS - 1,
                                    MLP_INFERENCE_ROWS,
                                    MLP_INFERENCE_ROWS + 1,
                                    3 * MLP_INFERENCE_ROWS};
    size_t rows = counts[_i];
    size_t done = 0, batches = 0;
    mlp_range batch = {0};
    while (mlp_inference_next(rows, &batch)) {
        ck_assert_uint_eq(batch.first, done);
        ck_assert_uint_gt(batch.count, 0);
        ck_assert_uint_le(batch.count, MLP_INFERENCE_ROWS);
        done += batch.count;
        batches++;
    }
    ck_assert_uint_eq(done, rows);
    ck_assert_uint_eq(batches,
                      (rows + MLP_INFERENCE_ROWS - 1) / MLP_INFERENCE_ROWS);
}
END_TEST

START_TEST(evaluation_counts_and_sums)
{
    mlp_dataset dataset = rows_of(inputs, labels);
    mlp_tally tally;
    uint64_t confusion[4] = {0};
    make_tiny(parameters);
    create(1);
    mlp_inference_evaluate(model, &dataset, &tally, confusion, NULL);
    double ahead = log1p(exp(-0.5)), behind = log1p(exp(0.5));
    ck_assert_double_eq_tol(tally.loss_sum, 2 * ahead + behind, TOLERANCE);
    ck_assert_uint_eq(tally.hits, 2);
    ck_assert_uint_eq(tally.rows, 3);
    ck_assert_uint_eq(confusion[0], 1);
    ck_assert_uint_eq(confusion[1], 0);
    ck_assert_uint_eq(confusion[2], 1);
    ck_assert_uint_eq(confusion[3], 1);
    /* again, from zeros */
    mlp_inference_evaluate(model, &dataset, &tally, NULL, NULL);
    ck_assert_uint_eq(tally.hits, 2);
}
END_TEST

/* An untrained model for the digits with hidden layers. */
static void make_for_digits(void)
{
    static const size_t widths[4] = {64, 40, 24, 10};
    checkpoint = (mlp_checkpoint){.layers = 3,
                                  .height = 8,
                                  .width = 8,
                                  .classes = 10,
                                  .scaler = {.scale = 1.0F / 16.0F}};
    mlp_config_init(&checkpoint.config);
    set("hidden", "40,24");
    set("shards", "7");
    mlp_model *shape = NULL;
    ck_assert_int_eq(mlp_model_create(widths, 3, &checkpoint.config, &shape),
                     MLP_OK);
    checkpoint.parameter_count = shape->parameters;
    checkpoint.widths = malloc(sizeof widths);
    checkpoint.parameters =
        calloc(shape->parameters, sizeof *checkpoint.parameters);
    ck_assert(checkpoint.widths != NULL && checkpoint.parameters != NULL);
    memcpy(checkpoint.widths, widths, sizeof widths);
    mlp_model_initialize(shape, MLP_INIT_HE_UNIFORM, 1, checkpoint.parameters);
    mlp_model_destroy(&shape);
}

static mlp_dataset load_digits(void)
{
    mlp_source *source = NULL;
    mlp_dataset dataset;
    ck_assert_int_eq(mlp_source_open("digits", &source), MLP_OK);
    ck_assert_int_eq(mlp_dataset_load(source, MLP_SPLIT_TRAIN,
                                      (mlp_range){0, 1348}, &dataset),
                     MLP_OK);
    mlp_source_close(&source);
    return dataset;
}

START_TEST(threads_do_not_change_a_bit)
{
    mlp_dataset dataset = load_digits();
    float outputs[3][MLP_INFERENCE_ROWS * 16];
    mlp_tally tally[3];
    make_for_digits();
    for (size_t t = 0; t < 3; t++) {
        create(t + 1);
        mlp_inference_result result = mlp_inference_run(
            model, &dataset, (mlp_range){100, MLP_INFERENCE_ROWS});
        ck_assert_uint_eq(result.stride, 16);
        memcpy(outputs[t], result.outputs, sizeof outputs[t]);
        mlp_inference_evaluate(model, &dataset, &tally[t], NULL, NULL);
        mlp_inference_destroy(&model);
    }
    for (size_t t = 1; t < 3; t++) {
        ck_assert_mem_eq(outputs[t], outputs[0], sizeof outputs[0]);
        ck_assert_mem_eq(&tally[t], &tally[0], sizeof tally[0]);
    }
    ck_assert_uint_eq(tally[0].rows, 1348);
    mlp_dataset_destroy(&dataset);
}
END_TEST

/* Under each loss the outputs are those of an evaluation, which needs labels:
 * the last batch is left in the model. */
START_TEST(outputs_need_neither_labels_nor_targets)
{
    static const char *const pairs[][2] = {{"softmax", "cross-entropy"},
                                           {"sigmoid", "binary-cross-entropy"},
                                           {"sigmoid", "mse"}};
    mlp_dataset dataset = rows_of(inputs, labels), bare = rows_of(inputs, NULL);
    mlp_tally tally;
    float outputs[3 * 16];
    uint32_t predictions[3];
    make_tiny(parameters);
    set("output", pairs[_i][0]);
    set("loss", pairs[_i][1]);
    set("shards", "1");
    create(1);
    mlp_inference_result result =
        mlp_inference_run(model, &bare, (mlp_range){0, 3});
    memcpy(outputs, result.outputs, sizeof outputs);
    memcpy(predictions, result.predictions, sizeof predictions);
    ck_assert_int_eq(
        mlp_inference_evaluate(model, &dataset, &tally, NULL, NULL), MLP_OK);
    ck_assert_mem_eq(outputs, result.outputs, sizeof outputs);
    ck_assert_mem_eq(predictions, result.predictions, sizeof predictions);
}
END_TEST

/* Rows that follow are asked for in advance, which changes nothing. */
START_TEST(rows_that_follow_do_not_change_a_bit)
{
    mlp_dataset dataset = load_digits();
    float outputs[64 * 16];
    make_for_digits();
    create(1);
    mlp_inference_result result =
        mlp_inference_run(model, &dataset, (mlp_range){100, 64});
    memcpy(outputs, result.outputs, sizeof outputs);
    size_t count = dataset.range.count;
    dataset.range.count = 164;
    result = mlp_inference_run(model, &dataset, (mlp_range){100, 64});
    ck_assert_mem_eq(outputs, result.outputs, sizeof outputs);
    dataset.range.count = count;
    mlp_dataset_destroy(&dataset);
}
END_TEST

START_TEST(the_number_of_shards_changes_the_sum_by_rounding_only)
{
    mlp_dataset dataset = load_digits();
    mlp_tally seven, one;
    make_for_digits();
    create(1);
    mlp_inference_evaluate(model, &dataset, &seven, NULL, NULL);
    mlp_inference_destroy(&model);
    set("shards", "1");
    create(1);
    mlp_inference_evaluate(model, &dataset, &one, NULL, NULL);
    ck_assert_uint_eq(one.hits, seven.hits);
    ck_assert_double_eq_tol(one.loss_sum, seven.loss_sum,
                            1e-12 * seven.loss_sum);
    mlp_dataset_destroy(&dataset);
}
END_TEST

START_TEST(there_may_be_more_shards_than_rows)
{
    mlp_dataset dataset = rows_of(inputs, labels);
    mlp_tally tally;
    make_tiny(parameters);
    set("shards", "8");
    create(2);
    mlp_inference_evaluate(model, &dataset, &tally, NULL, NULL);
    ck_assert_uint_eq(tally.rows, 3);
    dataset.range.count = 0;
    mlp_inference_evaluate(model, &dataset, &tally, NULL, NULL);
    ck_assert_uint_eq(tally.rows, 0);
    ck_assert_double_eq(tally.loss_sum, 0.0);
}
END_TEST

START_TEST(rows_that_do_not_fit_are_refused)
{
    const mlp_range all = {0, 3};
    float bad[6] = {2.0F, 0.0F, 0.0F, NAN, 2.0F, 2.0F};
    mlp_dataset dataset = rows_of(inputs, labels);
    make_tiny(parameters);
    create(1);
    ck_assert_int_eq(mlp_inference_check(model, &dataset, all), MLP_OK);
    dataset.features = 3;
    ck_assert_int_eq(mlp_inference_check(model, &dataset, all), MLP_ERROR_DATA);
    ck_assert_str_eq(mlp_failure(), "expected 2 features a row, which the "
                                    "model was trained on, found 3");
    dataset = rows_of(bad, labels);
    ck_assert_int_eq(mlp_inference_check(model, &dataset, all), MLP_ERROR_DATA);
    ck_assert_ptr_nonnull(strstr(mlp_failure(), "in row 1"));
}
END_TEST

START_TEST(the_checkpoint_may_be_destroyed)
{
    mlp_dataset dataset = rows_of(inputs, labels);
    make_tiny(parameters);
    create(1);
    memset(checkpoint.parameters, 0xff, 6 * sizeof *checkpoint.parameters);
    mlp_checkpoint_destroy(&checkpoint);
    mlp_inference_result result =
        mlp_inference_run(model, &dataset, (mlp_range){0, 3});
    ck_assert_uint_eq(result.predictions[1], 1);
}
END_TEST

START_TEST(a_checkpoint_of_no_shards_is_refused)
{
    make_tiny(parameters);
    checkpoint.config.shards = 0;
    ck_assert_int_eq(mlp_inference_create(&checkpoint, 1, &model),
                     MLP_ERROR_DATA);
    ck_assert_ptr_null(model);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("inference");
    TCase *tests = tcase_create("inference");
    tcase_add_checked_fixture(tests, NULL, tear_down);
    tcase_add_test(tests, softmax_outputs_are_probabilities);
    tcase_add_test(tests, identity_outputs_are_the_sums);
    tcase_add_test(tests, some_rows_are_those_rows);
    tcase_add_loop_test(tests, batches_tile_the_rows, 0, 6);
    tcase_add_test(tests, evaluation_counts_and_sums);
    tcase_add_test(tests, threads_do_not_change_a_bit);
    tcase_add_loop_test(tests, outputs_need_neither_labels_nor_targets, 0, 3);
    tcase_add_test(tests, rows_that_follow_do_not_change_a_bit);
    tcase_add_test(tests,
                   the_number_of_shards_changes_the_sum_by_rounding_only);
    tcase_add_test(tests, there_may_be_more_shards_than_rows);
    tcase_add_test(tests, rows_that_do_not_fit_are_refused);
    tcase_add_test(tests, the_checkpoint_may_be_destroyed);
    tcase_add_test(tests, a_checkpoint_of_no_shards_is_refused);
    suite_add_tcase(suite, tests);
    return run_suite(suite, CK_FORK_GETENV);
}
