/** @file
 *  The options and defaults of each optimizer.
 */
#include "optimizer.h"

#include <stdio.h>
#include <string.h>

static const mlp_optimizer_facts facts[MLP_OPTIMIZERS] = {
    [MLP_OPTIMIZER_SGD] = {.has_momentum = true, .has_l2 = true, .lr = 0.1},
    [MLP_OPTIMIZER_NESTEROV] = {.has_momentum = true,
                                .has_l2 = true,
                                .lr = 0.1},
    [MLP_OPTIMIZER_RMSPROP] = {.has_rho = true,
                               .has_epsilon = true,
                               .has_l2 = true,
                               .lr = 0.001},
    [MLP_OPTIMIZER_ADAM] = {.has_betas = true,
                            .has_epsilon = true,
                            .has_l2 = true,
                            .lr = 0.001},
    [MLP_OPTIMIZER_ADAMW] = {.has_betas = true,
                             .has_epsilon = true,
                             .has_decay = true,
                             .lr = 0.001,
                             .weight_decay = 0.01},
    [MLP_OPTIMIZER_LARS] = {.has_momentum = true,
                            .has_decay = true,
                            .has_trust = true,
                            .lr = 5.0,
                            .weight_decay = 0.0005},
    [MLP_OPTIMIZER_LAMB] = {.has_betas = true,
                            .has_epsilon = true,
                            .has_decay = true,
                            .lr = 0.01,
                            .weight_decay = 0.01},
};

const mlp_optimizer_facts *mlp_config_optimizer(mlp_optimizer_kind kind)
{
    return &facts[kind];
}

void mlp_config_complete(mlp_config *config)
{
    const mlp_optimizer_facts *own = mlp_config_optimizer(config->optimizer);
    if (!mlp_config_was_given(config, "lr")) {
        config->lr = own->lr;
    }
    if (!mlp_config_was_given(config, "weight-decay")) {
        config->weight_decay = own->weight_decay;
    }
    if (!mlp_config_was_given(config, "gamma") &&
        config->schedule == MLP_SCHEDULE_EXPONENTIAL) {
        config->gamma = 0.9;
    }
}

/* Options that only some optimizers have. */
static const struct {
    const char *name;
    size_t taken; /* offset of the flag in mlp_optimizer_facts */
} options[] = {
#define TAKEN(member) offsetof(mlp_optimizer_facts, member)
    {"momentum", TAKEN(has_momentum)},  {"beta1", TAKEN(has_betas)},
    {"beta2", TAKEN(has_betas)},        {"rho", TAKEN(has_rho)},
    {"epsilon", TAKEN(has_epsilon)},    {"l2", TAKEN(has_l2)},
    {"weight-decay", TAKEN(has_decay)}, {"trust", TAKEN(has_trust)},
#undef TAKEN
};

enum { OPTIONS = sizeof options / sizeof options[0] };

static bool takes(mlp_optimizer_kind kind, size_t option)
{
    return *(const bool *)((const char *)&facts[kind] + options[option].taken);
}

/* "sgd, nesterov, lars" */
static void list_takers(size_t option, const mlp_option *optimizer, char *names,
                        size_t size)
{
    names[0] = '\0';
    for (int kind = 0; kind < MLP_OPTIMIZERS; kind++) {
        if (takes((mlp_optimizer_kind)kind, option)) {
            size_t used = strlen(names);
            snprintf(names + used, size - used, "%s%s", used > 0 ? ", " : "",
                     optimizer->choices[kind]);
        }
    }
}

/* 0 is always allowed: it turns off a preset's value. */
static mlp_status check_option(const mlp_config *config, size_t option)
{
    const char *name = options[option].name;
    const mlp_option *field = mlp_config_find(name);
    double value;
    memcpy(&value, (const char *)config + field->offset, sizeof value);
    if (takes(config->optimizer, option) || value == 0.0 ||
        !mlp_config_was_given(config, name)) {
        return MLP_OK;
    }
    const mlp_option *optimizer = mlp_config_find("optimizer");
    char takers[128];
    list_takers(option, optimizer, takers, sizeof takers);
    return mlp_fail(MLP_ERROR_USAGE, "--%s requires --optimizer %s, not %s",
                    name, takers, optimizer->choices[config->optimizer]);
}

mlp_status mlp_config_check_optimizer(const mlp_config *config)
{
    for (size_t i = 0; i < OPTIONS; i++) {
        MLP_TRY(check_option(config, i));
    }
    return MLP_OK;
}
