/** @file
 *  Capabilities of a terminal.
 */
#include "terminal.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static int columns_of(int fd)
{
    struct winsize size;
    return ioctl(fd, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

/* Columns of the controlling terminal, 0 without one. */
static int controlling_columns(void)
{
    int fd = open("/dev/tty", O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0) {
        return 0;
    }
    int columns = columns_of(fd);
    close(fd);
    return columns;
}

int mlp_terminal_columns(FILE *out)
{
    int own = columns_of(fileno(out));
    int controlling = own > 0 ? controlling_columns() : 0;
    return controlling > 0 && controlling < own ? controlling : own;
}

bool mlp_terminal_can_rewrite(void)
{
    const char *term = getenv("TERM");
    return term != NULL && term[0] != '\0' && strcmp(term, "dumb") != 0;
}

bool mlp_terminal_has_color(FILE *out)
{
    const char *refused = getenv("NO_COLOR");
    return (refused == NULL || refused[0] == '\0') &&
           mlp_terminal_can_rewrite() && isatty(fileno(out));
}

static bool names_utf8(const char *locale)
{
    return strstr(locale, "UTF-8") != NULL || strstr(locale, "utf8") != NULL ||
           strstr(locale, "utf-8") != NULL;
}

/* As setlocale does: the first of these that is set. */
bool mlp_terminal_has_utf8(void)
{
    static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *locale = getenv(names[i]);
        if (locale != NULL && locale[0] != '\0') {
            return names_utf8(locale);
        }
    }
    return false;
}

/* Whether a byte of UTF-8 continues a character. */
static bool is_continuation(char byte)
{
    return ((unsigned char)byte & 0xc0) == 0x80;
}

int mlp_terminal_width(const char *text)
{
    int columns = 0;
    for (; *text != '\0'; text++) {
        columns += !is_continuation(*text);
    }
    return columns;
}

void mlp_terminal_put(FILE *out, const char *text, int columns)
{
    int most = abs(columns);
    int width = mlp_terminal_width(text);
    int blanks = width < most ? most - width : 0;
    fprintf(out, "%*s", columns > 0 ? blanks : 0, "");
    for (int printed = 0; *text != '\0'; text++) {
        bool is_control = (unsigned char)*text < 0x20 || *text == 0x7f;
        printed += !is_continuation(*text);
        if (printed > most) {
            break;
        }
        fputc(is_control ? '?' : *text, out);
    }
    fprintf(out, "%*s", columns < 0 ? blanks : 0, "");
}
