/** @file
 *  The scalars of a checkpoint in its HDF5 file: attributes of the root, and
 *  the configuration.
 */
#include "content.h"

#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/version.h"

static const char FORMAT[] = "mlp checkpoint";

/* A scalar of the state, in memory and in the file. A size_t is a U64. */
typedef enum { U64, F64, F32_AS_F64 } scalar_kind;

static const struct {
    const char *name;
    scalar_kind kind;
    size_t offset; /* in mlp_checkpoint */
    /* Absent in files of versions without the scalar, and then this value.
     * Scalars of version 0.1.0 are in every file. */
    bool may_lack;
    double absent;
    bool is_rare; /* left out when it is 0, which `absent` is */
} scalars[] = {
#define SCALAR(name, kind, member)                                             \
    {                                                                          \
        name, kind, offsetof(mlp_checkpoint, member), false, 0.0, false        \
    }
#define LATER(name, kind, member, absent)                                      \
    {                                                                          \
        name, kind, offsetof(mlp_checkpoint, member), true, absent, false      \
    }
#define RARE(name, kind, member)                                               \
    {                                                                          \
        name, kind, offsetof(mlp_checkpoint, member), true, 0.0, true          \
    }
    SCALAR("epoch", U64, epoch),
    SCALAR("step", U64, step),
    SCALAR("train_rows", U64, train_rows),
    SCALAR("classes", U64, classes),
    SCALAR("height", U64, height),
    SCALAR("width", U64, width),
    SCALAR("channels", U64, channels),
    SCALAR("parent_step", U64, parent_step),
    SCALAR("moment_count", U64, moment_count),
    SCALAR("running_hits", U64, running.hits),
    SCALAR("running_rows", U64, running.rows),
    SCALAR("running_targets", U64, running.targets),
    SCALAR("scaler_shift", F32_AS_F64, scaler.shift),
    SCALAR("scaler_scale", F32_AS_F64, scaler.scale),
    SCALAR("running_loss_sum", F64, running.loss_sum),
    SCALAR("running_seconds", F64, running_seconds),
    SCALAR("running_error_sum", F64, running.error_sum),
    SCALAR("running_target_sum", F64, running.target_sum),
    SCALAR("running_target_squares", F64, running.target_squares),
    SCALAR("target_shift", F32_AS_F64, target_scaler.shift),
    SCALAR("target_scale", F32_AS_F64, target_scaler.scale),
    LATER("target_least", F32_AS_F64, target_scaler.least, 0),
    LATER("target_largest", F32_AS_F64, target_scaler.largest, 0),
    LATER("running_error_squares", F64, running.error_squares, NAN),
    LATER("running_weighted", U64, running.weighted, 0),
    LATER("running_weight_sum", F64, running.weight_sum, 0),
    LATER("running_hit_sum", F64, running.hit_sum, 0),
    LATER("arithmetic", U64, arithmetic, 1),
    LATER("arithmetic_since", U64, arithmetic_since, 0),
    RARE("running_scored", U64, running.scored),
    RARE("running_square_sum", F64, running.square_sum),
    RARE("temperature", F64, temperature),
#undef SCALAR
#undef LATER
#undef RARE
};

enum { SCALARS = sizeof scalars / sizeof scalars[0] };

_Static_assert(sizeof(size_t) == sizeof(uint64_t),
               "extents are read and written as 64-bit numbers");

/* Of 64 bits. */
static bool is_zero(const void *place)
{
    uint64_t bits;
    memcpy(&bits, place, sizeof bits);
    return bits == 0;
}

static mlp_status write_scalars(mlp_h5file *file, const mlp_checkpoint *c)
{
    for (size_t i = 0; i < SCALARS; i++) {
        const void *place = (const char *)c + scalars[i].offset;
        const char *name = scalars[i].name;
        if (scalars[i].is_rare && is_zero(place)) {
            continue;
        }
        switch (scalars[i].kind) {
        case U64:
            MLP_TRY(mlp_h5file_write_u64(file, "/", name,
                                         *(const uint64_t *)place));
            break;
        case F64:
            MLP_TRY(
                mlp_h5file_write_f64(file, "/", name, *(const double *)place));
            break;
        case F32_AS_F64:
            MLP_TRY(mlp_h5file_write_f64(file, "/", name,
                                         (double)*(const float *)place));
            break;
        }
    }
    return MLP_OK;
}

static mlp_status read_scalar(mlp_h5file *file, size_t i, void *place)
{
    const char *name = scalars[i].name;
    double real = scalars[i].absent;
    uint64_t count = scalars[i].kind == U64 ? (uint64_t)real : 0;
    bool is_there =
        !scalars[i].may_lack || mlp_h5file_has_attribute(file, "/", name);
    if (is_there) {
        MLP_TRY(scalars[i].kind == U64
                    ? mlp_h5file_read_u64(file, "/", name, &count)
                    : mlp_h5file_read_f64(file, "/", name, &real));
    }
    switch (scalars[i].kind) {
    case U64:
        *(uint64_t *)place = count;
        break;
    case F64:
        *(double *)place = real;
        break;
    case F32_AS_F64:
        *(float *)place = (float)real;
        break;
    }
    return MLP_OK;
}

static mlp_status read_scalars(mlp_h5file *file, mlp_checkpoint *c)
{
    for (size_t i = 0; i < SCALARS; i++) {
        MLP_TRY(read_scalar(file, i, (char *)c + scalars[i].offset));
    }
    if (isnan(c->running.error_squares)) { /* of versions with one such loss */
        c->running.error_squares = 2 * c->running.loss_sum;
    }
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
    if (mlp_checkpoint_has_origin(c)) {
        MLP_TRY(write_digest(file, "origin_sha256", c->origin_digest));
    }
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
        return mlp_fail(MLP_ERROR_DATA, "%s: %s is \"%s\", not a digest", path,
                        name, hex);
    }
    return MLP_OK;
}

/* ------------------------------------------------------ configuration */

static mlp_status write_config(mlp_h5file *file, const mlp_config *config)
{
    size_t count;
    const mlp_option *fields = mlp_config_fields(&count);
    MLP_TRY(mlp_h5file_write_group(file, "config"));
    for (size_t i = 0; i < count; i++) {
        if (mlp_config_is_state(&fields[i])) {
            char text[MLP_CONFIG_VALUE];
            mlp_config_get_stored(config, &fields[i], text);
            MLP_TRY(mlp_h5file_write_text(file, "config",
                                          mlp_config_key(&fields[i]), text));
        }
    }
    return MLP_OK;
}

/* An option that is absent, because the writing version did not have it, has
 * the value for that in the table, which is not its default. */
static mlp_status read_option(mlp_h5file *file, const char *path,
                              const mlp_option *field, mlp_config *config)
{
    char text[MLP_CONFIG_VALUE];
    const char *key = mlp_config_key(field);
    snprintf(text, sizeof text, "%s", field->absent);
    if (mlp_h5file_has_attribute(file, "config", key)) {
        MLP_TRY(mlp_h5file_read_text(file, "config", key, text, sizeof text));
    }
    return mlp_config_set(config, field->name, text) == MLP_OK
               ? MLP_OK
               : mlp_fail(MLP_ERROR_DATA, "%s: /config: %s", path,
                          mlp_failure());
}

static mlp_status read_config(mlp_h5file *file, const char *path,
                              mlp_config *config)
{
    size_t count;
    const mlp_option *fields = mlp_config_fields(&count);
    mlp_config_init(config);
    for (size_t i = 0; i < count; i++) {
        if (mlp_config_is_state(&fields[i])) {
            MLP_TRY(read_option(file, path, &fields[i], config));
        }
    }
    /* These options were not given on this command line. */
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
    if (mlp_h5file_has_attribute(file, "/", "origin_sha256")) {
        MLP_TRY(read_digest(file, path, "origin_sha256", c->origin_digest));
    }
    MLP_TRY(read_scalars(file, c));
    MLP_TRY(read_config(file, path, &c->config));
    c->target_scaler.is_clipped = c->config.target_clip;
    return MLP_OK;
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

/* Compare a stored digest with that of the content. */
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
