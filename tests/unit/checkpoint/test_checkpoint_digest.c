/** @file
 *  Tests of the digest of a state: the values that it depends on.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "checkpoint/checkpoint.h"

#include "checkpoint_sample.h"
#include "run_suite.h"

static mlp_checkpoint state;
static unsigned char first[MLP_DIGEST_BYTES];

static void set_up(void)
{
    state = sample_create(1, 2, 1);
    ck_assert_int_eq(mlp_checkpoint_digest(&state, first), MLP_OK);
}

static void tear_down(void)
{
    mlp_checkpoint_destroy(&state);
}

static bool is_still_the_same(void)
{
    unsigned char now[MLP_DIGEST_BYTES];
    ck_assert_int_eq(mlp_checkpoint_digest(&state, now), MLP_OK);
    return memcmp(first, now, sizeof now) == 0;
}

START_TEST(the_default_configuration_has_the_digest_of_nothing)
{
    static const char nothing[] =
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    mlp_config config;
    unsigned char value[MLP_DIGEST_BYTES];
    char hex[MLP_DIGEST_HEX];
    mlp_config_init(&config);
    ck_assert_int_eq(mlp_checkpoint_config_digest(&config, value), MLP_OK);
    mlp_digest_hex(value, hex);
    ck_assert_str_eq(hex, nothing);
}
END_TEST

/* printf 'lr=0.5\nseed=7\n' | sha256sum */
START_TEST(a_configuration_has_the_digest_of_its_lines)
{
    static const char lines[] = "lr=0.5\nseed=7\n";
    mlp_config config;
    unsigned char value[MLP_DIGEST_BYTES], expected[MLP_DIGEST_BYTES];
    mlp_config_init(&config);
    ck_assert_int_eq(mlp_config_set(&config, "seed", "7"), MLP_OK);
    ck_assert_int_eq(mlp_config_set(&config, "lr", "0.5"), MLP_OK);
    ck_assert_int_eq(mlp_config_set(&config, "threads", "3"), MLP_OK);
    ck_assert_int_eq(mlp_config_set(&config, "keep", "9"), MLP_OK);
    ck_assert_int_eq(mlp_checkpoint_config_digest(&config, value), MLP_OK);
    ck_assert_int_eq(mlp_digest_of(lines, strlen(lines), expected), MLP_OK);
    ck_assert_mem_eq(value, expected, sizeof value);
}
END_TEST

START_TEST(epochs_count_where_the_schedule_spans_them)
{
    mlp_config config;
    unsigned char some[MLP_DIGEST_BYTES], more[MLP_DIGEST_BYTES];
    mlp_config_init(&config);
    for (int is_constant = 0; is_constant < 2; is_constant++) {
        ck_assert_int_eq(mlp_config_set(&config, "schedule",
                                        is_constant ? "constant" : "cosine"),
                         MLP_OK);
        config.epochs = 10;
        ck_assert_int_eq(mlp_checkpoint_config_digest(&config, some), MLP_OK);
        config.epochs = 11;
        ck_assert_int_eq(mlp_checkpoint_config_digest(&config, more), MLP_OK);
        ck_assert_int_eq(memcmp(some, more, sizeof some) == 0, is_constant);
    }
}
END_TEST

START_TEST(every_bit_of_the_weights_and_moments_counts)
{
    float *arrays[] = {state.parameters, state.moments[0]};
    for (size_t a = 0; a < 1 + (state.moment_count > 0); a++) {
        unsigned char *last =
            (unsigned char *)(arrays[a] + state.parameter_count) - 1;
        *last ^= 0x80; /* a sign */
        ck_assert(!is_still_the_same());
        *last ^= 0x80;
        ck_assert(is_still_the_same());
    }
}
END_TEST

START_TEST(the_position_changes_the_digest)
{
    uint64_t *const numbers[] = {&state.epoch, &state.step, &state.running.hits,
                                 &state.running.rows};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        ++*numbers[i];
        ck_assert(!is_still_the_same());
        --*numbers[i];
    }
    state.data_digest[0] ^= 1;
    ck_assert(!is_still_the_same());
}
END_TEST

START_TEST(times_and_parent_do_not_change_the_digest)
{
    state.running_seconds += 1.0;
    state.parent_step++;
    state.parent_digest[0] ^= 1;
    state.config.threads++;
    ck_assert(is_still_the_same());
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("checkpoint_digest");
    TCase *tcase = tcase_create("checkpoint_digest");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, the_default_configuration_has_the_digest_of_nothing);
    tcase_add_test(tcase, a_configuration_has_the_digest_of_its_lines);
    tcase_add_test(tcase, epochs_count_where_the_schedule_spans_them);
    tcase_add_test(tcase, every_bit_of_the_weights_and_moments_counts);
    tcase_add_test(tcase, the_position_changes_the_digest);
    tcase_add_test(tcase, times_and_parent_do_not_change_the_digest);
    suite_add_tcase(suite, tcase);
    return run_suite(suite, CK_FORK_GETENV);
}
