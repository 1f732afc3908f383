/** @file
 *  The digest of a state, which identifies a checkpoint in the chain of its
 *  run. Wall times are left out, so that a run that repeats the steps has the
 *  same digest.
 */
#include <stdio.h>
#include <string.h>

#include "checkpoint.h"

static const char DOMAIN[] = "mlp state 1\n";

/* "lr=0.05\n", unless it is the value of runs without the option: so new
 * options and new defaults don't change the digests of older runs. */
static mlp_status add_field(mlp_digest *digest, const mlp_config *config,
                            const mlp_option *field)
{
    char line[sizeof "=\n" + 64 + MLP_CONFIG_VALUE];
    char value[MLP_CONFIG_VALUE];
    mlp_config_get_stored(config, field, value);
    if (strcmp(value, field->absent) == 0) {
        return MLP_OK;
    }
    int length =
        snprintf(line, sizeof line, "%s=%s\n", mlp_config_key(field), value);
    return mlp_digest_update(digest, line, (size_t)length);
}

static mlp_status add_config(mlp_digest *digest, const mlp_config *config)
{
    size_t count;
    const mlp_option *fields = mlp_config_fields(&count);
    for (size_t i = 0; i < count; i++) {
        if (mlp_config_shapes_result(config, &fields[i])) {
            MLP_TRY(add_field(digest, config, &fields[i]));
        }
    }
    return MLP_OK;
}

mlp_status mlp_checkpoint_config_digest(const mlp_config *config,
                                        unsigned char value[MLP_DIGEST_BYTES])
{
    mlp_digest *digest = NULL;
    MLP_TRY(mlp_digest_create(&digest));
    mlp_status status = add_config(digest, config);
    if (status == MLP_OK) {
        status = mlp_digest_finish(digest, value);
    }
    mlp_digest_destroy(&digest);
    return status;
}

/* The sums of a tally that say something the others don't: of a squared error
 * the loss says what error_squares does. */
static mlp_status add_sums(mlp_digest *digest, const mlp_checkpoint *c)
{
    double sums[MLP_TALLY_SUMS];
    mlp_tally_get_sums(&c->running, sums);
    if (c->schema.is_regression) {
        MLP_TRY(mlp_digest_update(digest, sums + 1, 3 * sizeof *sums));
    }
    if (mlp_loss_is_of_numbers(c->config.loss)) {
        MLP_TRY(mlp_digest_update(digest, &c->running.error_squares,
                                  sizeof(double)));
    }
    const double of_weights[] = {c->running.weight_sum, c->running.hit_sum};
    return c->running.weighted > 0
               ? mlp_digest_update(digest, of_weights, sizeof of_weights)
               : MLP_OK;
}

/* The numbers before the arrays, as native 64-bit words. */
static mlp_status add_numbers(mlp_digest *digest, const mlp_checkpoint *c)
{
    uint64_t loss;
    memcpy(&loss, &c->running.loss_sum, sizeof loss);
    const uint64_t numbers[] = {
        c->epoch,           c->step,        c->train_rows, c->running.hits,
        c->running.rows,    loss,           c->classes,    c->layers,
        c->parameter_count, c->moment_count};
    MLP_TRY(mlp_digest_update(digest, numbers, sizeof numbers));
    MLP_TRY(add_sums(digest, c));
    for (size_t i = 0; i <= c->layers; i++) {
        uint64_t width = c->widths[i];
        MLP_TRY(mlp_digest_update(digest, &width, sizeof width));
    }
    return MLP_OK;
}

static mlp_status add_state(mlp_digest *digest, const mlp_checkpoint *c)
{
    size_t bytes = c->parameter_count * sizeof *c->parameters;
    unsigned char config[MLP_DIGEST_BYTES];
    MLP_TRY(mlp_checkpoint_config_digest(&c->config, config));
    MLP_TRY(mlp_digest_update(digest, DOMAIN, sizeof DOMAIN - 1));
    MLP_TRY(mlp_digest_update(digest, config, sizeof config));
    MLP_TRY(mlp_digest_update(digest, c->data_digest, sizeof c->data_digest));
    MLP_TRY(add_numbers(digest, c));
    MLP_TRY(mlp_digest_update(digest, c->parameters, bytes));
    for (size_t i = 0; i < c->moment_count; i++) {
        MLP_TRY(mlp_digest_update(digest, c->moments[i], bytes));
    }
    return MLP_OK;
}

mlp_status mlp_checkpoint_digest(const mlp_checkpoint *checkpoint,
                                 unsigned char value[MLP_DIGEST_BYTES])
{
    mlp_digest *digest = NULL;
    MLP_TRY(mlp_digest_create(&digest));
    mlp_status status = add_state(digest, checkpoint);
    if (status == MLP_OK) {
        status = mlp_digest_finish(digest, value);
    }
    mlp_digest_destroy(&digest);
    return status;
}
