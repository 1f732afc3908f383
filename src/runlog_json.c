/** @file
 *  The records of the run log as JSON. A number that is not there, or not
 *  finite, is null: JSON has no NaN.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "mlp/version.h"
#include "runlog_parts.h"

static json_t *number(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static json_t *whole(uint64_t value)
{
    return json_integer((json_int_t)value);
}

/* A path may be any bytes, JSON is UTF-8: what is neither becomes '?'. */
static json_t *string(const char *text)
{
    char ascii[MLP_CONFIG_VALUE];
    json_t *value = json_string(text);
    if (value != NULL) {
        return value;
    }
    snprintf(ascii, sizeof ascii, "%s", text);
    for (char *c = ascii; *c != '\0'; c++) {
        *c = (unsigned char)*c < 0x80 ? *c : '?';
    }
    return json_string(ascii);
}

/* Numbers, lists and switches are JSON already, once the list has brackets.
 * A seed above 2^63 - 1 does not fit jansson's integers and stays text. */
static json_t *config_value(const mlp_config *config,
                            const mlp_config_field *field)
{
    char text[MLP_CONFIG_VALUE];
    char list[MLP_CONFIG_VALUE + 2];
    json_t *value = NULL;
    mlp_config_get(config, field, text);
    switch (field->kind) {
    case MLP_FIELD_SIZES:
        snprintf(list, sizeof list, "[%s]",
                 config->hidden_count > 0 ? text : "");
        return json_loads(list, 0, NULL);
    case MLP_FIELD_SIZE:
    case MLP_FIELD_U64:
    case MLP_FIELD_BOOL:
        value = json_loads(text, JSON_DECODE_ANY, NULL);
        break;
    case MLP_FIELD_DOUBLE:
        value =
            json_loads(text, JSON_DECODE_ANY | JSON_DECODE_INT_AS_REAL, NULL);
        break;
    case MLP_FIELD_STRING:
    case MLP_FIELD_ENUM:
    case MLP_FIELD_INTERVAL:
        break;
    }
    return value != NULL ? value : string(text);
}

static json_t *config_object(const mlp_config *config)
{
    size_t count = 0;
    const mlp_config_field *fields = mlp_config_fields(&count);
    json_t *object = json_object();
    for (size_t i = 0; i < count; i++) {
        if (json_object_set_new(object, fields[i].name,
                                config_value(config, &fields[i])) != 0) {
            json_decref(object);
            return NULL;
        }
    }
    return object;
}

static json_t *widths_array(const mlp_placement *placement)
{
    json_t *array = json_array();
    for (size_t i = 0; i <= placement->layers; i++) {
        if (json_array_append_new(array, whole(placement->widths[i])) != 0) {
            json_decref(array);
            return NULL;
        }
    }
    return array;
}

json_t *mlp_runlog_start_record(const mlp_config *config,
                                const mlp_placement *placement,
                                const char *resumed_from, uint64_t step)
{
    json_t *from = resumed_from != NULL ? string(resumed_from) : json_null();
    return json_pack(
        "{s:s, s:s, s:o, s:o, s:o, s:{s:o, s:o, s:o, s:s}, "
        "s:{s:o, s:o, s:o, s:o}, s:o, s:o}",
        "event", "start", "version", MLP_VERSION, "step", whole(step),
        "resumed_from", from, "config", config_object(config), "placement",
        "ranks", whole(placement->ranks), "threads", whole(placement->threads),
        "cores", whole(placement->cores), "instruction_set",
        placement->instruction_set, "data", "name", string(placement->data),
        "train_rows", whole(placement->train_rows), "validation_rows",
        whole(placement->validation_rows), "test_rows",
        whole(placement->test_rows), "widths", widths_array(placement),
        "parameters", whole(placement->parameters));
}

json_t *mlp_runlog_epoch_record(const mlp_epoch_record *record)
{
    return json_pack(
        "{s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "event",
        "epoch", "epoch", whole(record->epoch), "step", whole(record->step),
        "train_loss", number(mlp_tally_loss(&record->train)), "train_accuracy",
        number(mlp_tally_accuracy(&record->train)), "validation_loss",
        number(mlp_tally_loss(&record->validation)), "validation_accuracy",
        number(mlp_tally_accuracy(&record->validation)), "test_loss",
        number(mlp_tally_loss(&record->test)), "test_accuracy",
        number(mlp_tally_accuracy(&record->test)), "learning_rate",
        number(record->learning_rate), "seconds", number(record->wall_seconds),
        "samples_per_second", number(mlp_runlog_rate(record)));
}

json_t *mlp_runlog_end_record(const mlp_epoch_record *last,
                              const char *weights_hex, double wall_seconds,
                              bool is_finished)
{
    return json_pack("{s:s, s:o, s:o, s:o, s:o, s:s, s:o}", "event",
                     is_finished ? "end" : "stop", "epoch", whole(last->epoch),
                     "step", whole(last->step), "test_loss",
                     number(mlp_tally_loss(&last->test)), "test_accuracy",
                     number(mlp_tally_accuracy(&last->test)), "weights_sha256",
                     weights_hex, "seconds", number(wall_seconds));
}
