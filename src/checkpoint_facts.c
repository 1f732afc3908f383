/** @file
 *  The plain facts of a checkpoint in its HDF5 file: attributes of the root,
 *  and the configuration.
 */
#include "checkpoint_content.h"

#include <stdlib.h>
#include <string.h>

#include "mlp/version.h"

static const char FORMAT[] = "mlp checkpoint";

typedef enum {
    EPOCH,
    STEP,
    TRAIN_ROWS,
    CLASSES,
    HEIGHT,
    WIDTH,
    CHANNELS,
    PARENT_STEP,
    MOMENTS,
    RUNNING_HITS,
    RUNNING_ROWS,
    RUNNING_TARGETS,
    COUNTS
} count_index;

static const char *const count_names[COUNTS] = {
    "epoch",        "step",         "train_rows",   "classes",
    "height",       "width",        "channels",     "parent_step",
    "moment_count", "running_hits", "running_rows", "running_targets"};

typedef enum {
    SHIFT,
    SCALE,
    RUNNING_LOSS_SUM,
    RUNNING_SECONDS,
    RUNNING_ERROR_SUM,
    RUNNING_TARGET_SUM,
    RUNNING_TARGET_SQUARES,
    TARGET_SHIFT,
    TARGET_SCALE,
    REALS
} real_index;

static const char *const real_names[REALS] = {
    "scaler_shift",           "scaler_scale",      "running_loss_sum",
    "running_seconds",        "running_error_sum", "running_target_sum",
    "running_target_squares", "target_shift",      "target_scale"};

static mlp_status write_scalars(mlp_h5file *file, const mlp_checkpoint *c)
{
    const uint64_t counts[COUNTS] = {
        [EPOCH] = c->epoch,
        [STEP] = c->step,
        [TRAIN_ROWS] = c->train_rows,
        [CLASSES] = c->classes,
        [HEIGHT] = c->height,
        [WIDTH] = c->width,
        [CHANNELS] = c->channels,
        [PARENT_STEP] = c->parent_step,
        [MOMENTS] = c->moment_count,
        [RUNNING_HITS] = c->running.hits,
        [RUNNING_ROWS] = c->running.rows,
        [RUNNING_TARGETS] = c->running.targets,
    };
    const double reals[REALS] = {
        [SHIFT] = c->scaler.shift,
        [SCALE] = c->scaler.scale,
        [RUNNING_LOSS_SUM] = c->running.loss_sum,
        [RUNNING_SECONDS] = c->running_seconds,
        [RUNNING_ERROR_SUM] = c->running.error_sum,
        [RUNNING_TARGET_SUM] = c->running.target_sum,
        [RUNNING_TARGET_SQUARES] = c->running.target_squares,
        [TARGET_SHIFT] = c->target_scaler.shift,
        [TARGET_SCALE] = c->target_scaler.scale,
    };
    for (size_t i = 0; i < COUNTS; i++) {
        MLP_TRY(mlp_h5file_write_u64(file, "/", count_names[i], counts[i]));
    }
    for (size_t i = 0; i < REALS; i++) {
        MLP_TRY(mlp_h5file_write_f64(file, "/", real_names[i], reals[i]));
    }
    return MLP_OK;
}

static mlp_status read_scalars(mlp_h5file *file, mlp_checkpoint *c)
{
    uint64_t counts[COUNTS];
    double reals[REALS];
    for (size_t i = 0; i < COUNTS; i++) {
        MLP_TRY(mlp_h5file_read_u64(file, "/", count_names[i], &counts[i]));
    }
    for (size_t i = 0; i < REALS; i++) {
        MLP_TRY(mlp_h5file_read_f64(file, "/", real_names[i], &reals[i]));
    }
    c->epoch = counts[EPOCH];
    c->step = counts[STEP];
    c->train_rows = counts[TRAIN_ROWS];
    c->classes = counts[CLASSES];
    c->height = counts[HEIGHT];
    c->width = counts[WIDTH];
    c->channels = counts[CHANNELS];
    c->parent_step = counts[PARENT_STEP];
    c->moment_count = counts[MOMENTS];
    c->running.hits = counts[RUNNING_HITS];
    c->running.rows = counts[RUNNING_ROWS];
    c->running.targets = counts[RUNNING_TARGETS];
    c->scaler.shift = (float)reals[SHIFT];
    c->scaler.scale = (float)reals[SCALE];
    c->running.loss_sum = reals[RUNNING_LOSS_SUM];
    c->running_seconds = reals[RUNNING_SECONDS];
    c->running.error_sum = reals[RUNNING_ERROR_SUM];
    c->running.target_sum = reals[RUNNING_TARGET_SUM];
    c->running.target_squares = reals[RUNNING_TARGET_SQUARES];
    c->target_scaler.shift = (float)reals[TARGET_SHIFT];
    c->target_scaler.scale = (float)reals[TARGET_SCALE];
    return MLP_OK;
}

static mlp_status write_digest(mlp_h5file *file, const char *name,
                               const unsigned char *digest)
{
    char hex[MLP_DIGEST_HEX];
    mlp_digest_hex(digest, hex);
    return mlp_h5file_write_text(file, "/", name, hex);
}

static mlp_status write_identity(mlp_h5file *file, const mlp_checkpoint *c)
{
    MLP_TRY(mlp_h5file_write_text(file, "/", "format", FORMAT));
    MLP_TRY(mlp_h5file_write_text(file, "/", "program", "mlp " MLP_VERSION));
    MLP_TRY(write_digest(file, "data_sha256", c->data_digest));
    return write_digest(file, "parent_sha256", c->parent_digest);
}

static mlp_status check_format(mlp_h5file *file, const char *path)
{
    char format[sizeof FORMAT];
    MLP_TRY(mlp_h5file_read_text(file, "/", "format", format, sizeof format));
    if (strcmp(format, FORMAT) != 0) {
        return mlp_fail(MLP_ERROR_DATA,
                        "%s: has format \"%s\", expected \"%s\"", path, format,
                        FORMAT);
    }
    return MLP_OK;
}

static mlp_status read_digest(mlp_h5file *file, const char *path,
                              const char *name, unsigned char *digest)
{
    char hex[MLP_DIGEST_HEX], again[MLP_DIGEST_HEX];
    MLP_TRY(mlp_h5file_read_text(file, "/", name, hex, sizeof hex));
    for (size_t i = 0; i < MLP_DIGEST_BYTES; i++) {
        char byte[3] = {hex[2 * i], hex[2 * i + 1], '\0'};
        digest[i] = (unsigned char)strtoul(byte, NULL, 16);
    }
    mlp_digest_hex(digest, again);
    if (strcmp(hex, again) != 0) {
        return mlp_fail(MLP_ERROR_DATA, "%s: %s is \"%s\", no digest", path,
                        name, hex);
    }
    return MLP_OK;
}

/* ------------------------------------------------------ configuration */

static mlp_status write_config(mlp_h5file *file, const mlp_config *config)
{
    size_t count;
    const mlp_config_field *fields = mlp_config_fields(&count);
    MLP_TRY(mlp_h5file_write_group(file, "config"));
    for (size_t i = 0; i < count; i++) {
        if (mlp_config_is_state(&fields[i])) {
            char text[MLP_CONFIG_VALUE];
            mlp_config_get(config, &fields[i], text);
            MLP_TRY(
                mlp_h5file_write_text(file, "config", fields[i].name, text));
        }
    }
    return MLP_OK;
}

static mlp_status read_config(mlp_h5file *file, const char *path,
                              mlp_config *config)
{
    size_t count;
    const mlp_config_field *fields = mlp_config_fields(&count);
    mlp_config_init(config);
    for (size_t i = 0; i < count; i++) {
        if (mlp_config_is_state(&fields[i])) {
            char text[MLP_CONFIG_VALUE];
            MLP_TRY(mlp_h5file_read_text(file, "config", fields[i].name, text,
                                         sizeof text));
            if (mlp_config_set(config, fields[i].name, text) != MLP_OK) {
                return mlp_fail(MLP_ERROR_DATA, "%s: /config: %s", path,
                                mlp_failure());
            }
        }
    }
    /* by nobody who starts a program now */
    memset(config->given, 0, sizeof config->given);
    return MLP_OK;
}

mlp_status mlp_checkpoint_facts_write(mlp_h5file *file, const mlp_checkpoint *c)
{
    MLP_TRY(write_identity(file, c));
    MLP_TRY(write_scalars(file, c));
    return write_config(file, &c->config);
}

mlp_status mlp_checkpoint_facts_read(mlp_h5file *file, const char *path,
                                     mlp_checkpoint *c)
{
    MLP_TRY(check_format(file, path));
    MLP_TRY(read_digest(file, path, "data_sha256", c->data_digest));
    MLP_TRY(read_digest(file, path, "parent_sha256", c->parent_digest));
    MLP_TRY(read_scalars(file, c));
    return read_config(file, path, &c->config);
}

mlp_status mlp_checkpoint_identity_write(mlp_h5file *file,
                                         const mlp_checkpoint *c,
                                         unsigned char state[MLP_DIGEST_BYTES])
{
    unsigned char config[MLP_DIGEST_BYTES];
    MLP_TRY(mlp_checkpoint_config_digest(&c->config, config));
    MLP_TRY(mlp_checkpoint_digest(c, state));
    MLP_TRY(write_digest(file, "config_sha256", config));
    return write_digest(file, "state_sha256", state);
}

/* What a digest is recorded as, and what it is. */
static mlp_status compare(mlp_h5file *file, const char *path, const char *name,
                          const unsigned char *found)
{
    unsigned char recorded[MLP_DIGEST_BYTES];
    char hex[MLP_DIGEST_HEX], found_hex[MLP_DIGEST_HEX];
    MLP_TRY(read_digest(file, path, name, recorded));
    if (memcmp(recorded, found, sizeof recorded) == 0) {
        return MLP_OK;
    }
    mlp_digest_hex(recorded, hex);
    mlp_digest_hex(found, found_hex);
    return mlp_fail(MLP_ERROR_DATA,
                    "%s: %s is %.16s..., its content has %.16s...", path, name,
                    hex, found_hex);
}

mlp_status mlp_checkpoint_identity_check(mlp_h5file *file, const char *path,
                                         const mlp_checkpoint *c)
{
    unsigned char config[MLP_DIGEST_BYTES], state[MLP_DIGEST_BYTES];
    MLP_TRY(mlp_checkpoint_config_digest(&c->config, config));
    MLP_TRY(compare(file, path, "config_sha256", config));
    MLP_TRY(mlp_checkpoint_digest(c, state));
    return compare(file, path, "state_sha256", state);
}
