/** @file
 *  A configuration beside a recorded one: of the same run, which goes on, or of
 *  another run, from which a new one starts.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "faults.h"

/* ---- the same run's configuration -------------------------------------- */

/* For classes and shards 0 means automatic. */
static bool is_automatic(const mlp_option *field, const char *text)
{
    return field->kind == MLP_FIELD_SIZE && strcmp(text, "0") == 0;
}

static bool spans_the_run(mlp_schedule schedule)
{
    return schedule == MLP_SCHEDULE_LINEAR || schedule == MLP_SCHEDULE_COSINE ||
           schedule == MLP_SCHEDULE_ONE_CYCLE;
}

bool mlp_config_shapes_result(const mlp_config *config, const mlp_option *field)
{
    return field->shapes_result || (strcmp(field->name, "epochs") == 0 &&
                                    spans_the_run(config->schedule));
}

/* Whether the user gave a value that differs from the checkpoint's. */
static bool differs(const mlp_config *wanted, const mlp_config *recorded,
                    const mlp_option *field, char ours[MLP_CONFIG_VALUE],
                    char theirs[MLP_CONFIG_VALUE])
{
    if (!mlp_config_shapes_result(recorded, field) ||
        !mlp_config_was_given(wanted, field->name)) {
        return false;
    }
    mlp_config_get(wanted, field, ours);
    mlp_config_get(recorded, field, theirs);
    return strcmp(ours, theirs) != 0 && !is_automatic(field, ours) &&
           !is_automatic(field, theirs);
}

mlp_status mlp_config_matches(const mlp_config *wanted,
                              const mlp_config *recorded)
{
    enum { NAMED_MAX = 3 };
    char line[MLP_FAILURE_MAX] = "";
    size_t differences = 0;
    size_t count = 0;
    const mlp_option *fields = mlp_config_fields(&count);
    for (size_t i = 0; i < count; i++) {
        char ours[MLP_CONFIG_VALUE];
        char theirs[MLP_CONFIG_VALUE];
        if (differs(wanted, recorded, &fields[i], ours, theirs) &&
            ++differences <= NAMED_MAX) {
            size_t used = strlen(line);
            snprintf(line + used, sizeof line - used,
                     "%s%s is %.200s, the checkpoint has %.200s",
                     used > 0 ? "; " : "", fields[i].name, ours, theirs);
        }
    }
    if (differences == 0) {
        return MLP_OK;
    }
    return mlp_fail(MLP_ERROR_USAGE, "%s%s", line,
                    differences > NAMED_MAX ? "; and more" : "");
}

/* Copy a field, which does not count as given by the user. */
static mlp_status copy_field(mlp_config *to, const mlp_config *from,
                             const mlp_option *field)
{
    char text[MLP_CONFIG_VALUE];
    bool *given = &to->given[field - mlp_config_fields(&(size_t){0})];
    bool was_given = *given;
    mlp_config_get(from, field, text);
    MLP_TRY(mlp_config_set(to, field->name, text));
    *given = was_given;
    return MLP_OK;
}

static bool was_chosen(const mlp_config *config, const mlp_option *field)
{
    char text[MLP_CONFIG_VALUE];
    mlp_config_get(config, field, text);
    return mlp_config_was_given(config, field->name) &&
           !is_automatic(field, text);
}

mlp_status mlp_config_adopt(mlp_config *wanted, const mlp_config *recorded)
{
    size_t count = 0;
    const mlp_option *fields = mlp_config_fields(&count);
    MLP_TRY(mlp_config_matches(wanted, recorded));
    for (size_t i = 0; i < count; i++) {
        if (mlp_config_is_state(&fields[i]) &&
            !was_chosen(wanted, &fields[i])) {
            MLP_TRY(copy_field(wanted, recorded, &fields[i]));
        }
    }
    return mlp_config_check(wanted);
}

/* ---- another run's configuration --------------------------------------- */

bool mlp_config_has_segment(const mlp_config *wanted,
                            const mlp_config *recorded)
{
    return spans_the_run(recorded->schedule) &&
           mlp_config_was_given(wanted, "epochs") &&
           wanted->epochs != recorded->epochs;
}

typedef enum {
    FREE,     /* taken over unless it is given */
    OWN,      /* of a run alone: never taken over */
    FIXED,    /* by weights, scaling or columns: must not differ */
    OF_HEAD,  /* by the last layer: must not differ, or with a new one is not
                 taken over */
    LOSS,     /* with a new last layer not taken over */
    NEW_LABEL /* must not differ, unless the last layer is new */
} inheritance;

static inheritance inheritance_of(const char *name)
{
    static const struct {
        const char *name;
        inheritance kind;
    } kinds[] = {{"new-head", OWN},
                 {"freeze", OWN},
                 {"schedule-start", OWN},
                 {"hidden", FIXED},
                 {"activation", FIXED},
                 {"scaling", FIXED},
                 {"ignore", FIXED},
                 {"categorical", FIXED},
                 {"missing", FIXED},
                 {"na", FIXED},
                 {"unseen", FIXED},
                 {"rare", FIXED},
                 {"classes", OF_HEAD},
                 {"task", OF_HEAD},
                 {"output-activation", OF_HEAD},
                 {"binary", OF_HEAD},
                 {"loss", LOSS},
                 {"label", NEW_LABEL}};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (strcmp(kinds[i].name, name) == 0) {
            return kinds[i].kind;
        }
    }
    return FREE;
}

static mlp_status inherit_field(mlp_config *wanted, const mlp_config *recorded,
                                const mlp_option *field)
{
    inheritance kind = inheritance_of(field->name);
    bool is_fixed = kind == FIXED || ((kind == OF_HEAD || kind == NEW_LABEL) &&
                                      !wanted->new_head);
    bool is_dropped =
        kind == OWN || ((kind == OF_HEAD || kind == LOSS) && wanted->new_head);
    char ours[MLP_CONFIG_VALUE];
    char theirs[MLP_CONFIG_VALUE];
    if (is_fixed && was_chosen(wanted, field)) {
        mlp_config_get(wanted, field, ours);
        mlp_config_get(recorded, field, theirs);
        return strcmp(ours, theirs) == 0
                   ? MLP_OK
                   : mlp_fail(MLP_ERROR_USAGE,
                              "--%s: is %.200s, the run to start from has "
                              "%.200s%s",
                              field->name, ours, theirs,
                              kind == FIXED ? "" : "; see --new-head");
    }
    return is_dropped || was_chosen(wanted, field)
               ? MLP_OK
               : copy_field(wanted, recorded, field);
}

mlp_status mlp_config_inherit(mlp_config *wanted, const mlp_config *recorded)
{
    size_t count = 0;
    const mlp_option *fields = mlp_config_fields(&count);
    mlp_faults faults = {.first = MLP_OK};
    for (size_t i = 0; i < count; i++) {
        if (mlp_config_is_state(&fields[i])) {
            mlp_faults_add(&faults,
                           inherit_field(wanted, recorded, &fields[i]));
        }
    }
    MLP_TRY(mlp_faults_end(&faults));
    if (wanted->optimizer != recorded->optimizer) {
        mlp_config_complete(wanted); /* the other one's rate and decay */
    }
    return mlp_config_check(wanted);
}
