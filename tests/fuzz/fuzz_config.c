/** @file
 *  Fuzz target: a --config file. The resulting configuration must be the same
 *  after writing and reading it.
 */
#include <string.h>

#include "config/options.h"
#include "fuzz.h"

static void expect_round_trip(const mlp_config *config)
{
    size_t count;
    const mlp_option *fields = mlp_config_fields(&count);
    mlp_config again = *config;
    for (size_t i = 0; i < count; i++) {
        char before[MLP_CONFIG_VALUE], after[MLP_CONFIG_VALUE];
        mlp_config_get(config, &fields[i], before);
        if (fields[i].kind == MLP_FIELD_STRING) {
            continue;
        }
        fuzz_expect(mlp_config_set(&again, fields[i].name, before) == MLP_OK,
                    "a value that was read can be read again");
        mlp_config_get(&again, &fields[i], after);
        fuzz_expect(strcmp(before, after) == 0, "and is the same");
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char program[] = "mlp_train", option[] = "--config", path[512];
    char *argv[] = {program, option, path, NULL};
    mlp_config config;
    mlp_request request;
    strncpy(path, fuzz_file("a.ini", data, size), sizeof path - 1);
    path[sizeof path - 1] = '\0';
    if (mlp_options_parse(3, argv, &config, &request) == MLP_OK) {
        expect_round_trip(&config);
    }
    return 0;
}
