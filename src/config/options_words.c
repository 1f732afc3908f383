/** @file
 *  The words of a command line.
 */
#include "options_words.h"

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

bool mlp_option_word_has_value(const mlp_arguments *arguments,
                               const mlp_option_word *word)
{
    return word->joined != NULL ||
           (arguments->next < arguments->argc &&
            strncmp(arguments->argv[arguments->next], "--", 2) != 0);
}

mlp_status mlp_option_word_value(mlp_arguments *arguments,
                                 const mlp_option_word *word,
                                 const char *operand, const char **value)
{
    if (!mlp_option_word_has_value(arguments, word)) {
        return mlp_fail(MLP_ERROR_USAGE, "--%s needs a value: --%s %s",
                        word->name, word->name, operand);
    }
    *value = word->joined != NULL ? word->joined
                                  : arguments->argv[arguments->next++];
    return MLP_OK;
}
