/** @file
 *  The words of a command line.
 */
#include "options_words.h"

#include <stdbool.h>
#include <string.h>

mlp_status mlp_option_word_read(const char *argument, mlp_option_word *word)
{
    if (strncmp(argument, "--", 2) != 0) {
        return mlp_fail(MLP_ERROR_USAGE,
                        "\"%.200s\" is no option; options begin with --",
                        argument);
    }
    const char *name = argument + 2;
    const char *equals = strchr(name, '=');
    size_t length = equals != NULL ? (size_t)(equals - name) : strlen(name);
    snprintf(word->name, sizeof word->name, "%.*s", (int)length, name);
    word->joined = equals != NULL ? equals + 1 : NULL;
    return MLP_OK;
}

mlp_status mlp_option_word_value(mlp_arguments *arguments,
                                 const mlp_option_word *word,
                                 const char *operand, const char **value)
{
    if (word->joined != NULL) {
        *value = word->joined;
        return MLP_OK;
    }
    bool is_missing = arguments->next >= arguments->argc ||
                      strncmp(arguments->argv[arguments->next], "--", 2) == 0;
    if (is_missing) {
        return mlp_fail(MLP_ERROR_USAGE, "--%s needs a value: --%s %s",
                        word->name, word->name, operand);
    }
    *value = arguments->argv[arguments->next++];
    return MLP_OK;
}
