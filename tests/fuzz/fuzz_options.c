/** @file
 *  Fuzz target: a command line, with one argument per line.
 */
#include <string.h>

#include "config/options.h"
#include "fuzz.h"

enum { TEXT_MAX = 8192, WORDS_MAX = 64 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char text[TEXT_MAX];
    char program[] = "mlp_train", *argv[WORDS_MAX + 2] = {program};
    int argc = 1;
    mlp_config config;
    mlp_request request;
    size = size < TEXT_MAX - 1 ? size : TEXT_MAX - 1;
    memcpy(text, data, size);
    text[size] = '\0';
    for (char *rest = text; rest != NULL && argc <= WORDS_MAX;) {
        argv[argc++] = strsep(&rest, "\n");
    }
    (void)mlp_options_parse(argc, argv, &config, &request);
    return 0;
}
