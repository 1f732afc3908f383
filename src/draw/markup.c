/** @file
 *  Writing HTML and SVG.
 */
#include "markup.h"

#include <assert.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

/* ---- escaped text */

/* Length in bytes of the UTF-8 sequence at s; 0: invalid. */
static size_t sequence(const unsigned char *s)
{
    size_t more = s[0] < 0x80             ? 0
                  : (s[0] & 0xe0) == 0xc0 ? 1
                  : (s[0] & 0xf0) == 0xe0 ? 2
                  : (s[0] & 0xf8) == 0xf0 ? 3
                                          : 4;
    uint32_t code = more == 0 ? s[0] : s[0] & (0x3fU >> more);
    for (size_t i = 1; i <= more; i++) {
        if (more == 4 || (s[i] & 0xc0) != 0x80) {
            return 0;
        }
        code = code << 6 | (s[i] & 0x3fU);
    }
    static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
    bool is_allowed = code >= least[more] && code < 0x110000 &&
                      (code < 0xd800 || code > 0xdfff) && code != 0xfffe &&
                      code != 0xffff && (code < 0x7f || code > 0x9f) &&
                      (code >= 0x20 || code == '\t' || code == '\n');
    return is_allowed ? more + 1 : 0;
}

static void put_escaped(FILE *out, const char *text)
{
    const unsigned char *s = (const unsigned char *)text;
    while (*s != '\0') {
        size_t length = sequence(s);
        const char *entity = *s == '&'     ? "&amp;"
                             : *s == '<'   ? "&lt;"
                             : *s == '>'   ? "&gt;"
                             : *s == '"'   ? "&quot;"
                             : *s == '\''  ? "&#39;"
                             : length == 0 ? "\xef\xbf\xbd" /* U+FFFD */
                                           : NULL;
        if (entity != NULL) {
            fputs(entity, out);
            s++;
        } else {
            fwrite(s, 1, length, out);
            s += length;
        }
    }
}

static void put_formatted(FILE *out, const char *format, va_list arguments)
{
    char small[512];
    va_list again;
    va_copy(again, arguments);
    int length = vsnprintf(small, sizeof small, format, arguments);
    if (length >= 0 && (size_t)length < sizeof small) {
        put_escaped(out, small);
    } else if (length >= 0) {
        char *large = malloc((size_t)length + 1);
        if (large != NULL) {
            vsnprintf(large, (size_t)length + 1, format, again);
        }
        put_escaped(out, large != NULL ? large : small);
        free(large);
    }
    va_end(again);
}

/* ---- elements */

static void end_tag(mlp_markup *m)
{
    if (m->is_in_tag) {
        fputc('>', m->out);
        m->is_in_tag = false;
    }
}

void mlp_markup_open(mlp_markup *m, const char *name)
{
    assert(m->depth < MLP_MARKUP_DEPTH);
    end_tag(m);
    fprintf(m->out, "<%s", name);
    m->open[m->depth++] = name;
    m->is_in_tag = true;
}

void mlp_markup_attribute(mlp_markup *m, const char *name, const char *format,
                          ...)
{
    va_list arguments;
    assert(m->is_in_tag);
    fprintf(m->out, " %s=\"", name);
    va_start(arguments, format);
    put_formatted(m->out, format, arguments);
    va_end(arguments);
    fputc('"', m->out);
}

void mlp_markup_text(mlp_markup *m, const char *format, ...)
{
    va_list arguments;
    end_tag(m);
    va_start(arguments, format);
    put_formatted(m->out, format, arguments);
    va_end(arguments);
}

void mlp_markup_close(mlp_markup *m)
{
    assert(m->depth > 0);
    end_tag(m);
    fprintf(m->out, "</%s>", m->open[--m->depth]);
}

void mlp_markup_close_empty(mlp_markup *m)
{
    assert(m->depth > 0 && m->is_in_tag);
    end_tag(m);
    m->depth--;
}

void mlp_markup_element(mlp_markup *m, const char *name, const char *class_name,
                        const char *format, ...)
{
    va_list arguments;
    mlp_markup_open(m, name);
    if (class_name != NULL) {
        mlp_markup_attribute(m, "class", "%s", class_name);
    }
    end_tag(m);
    va_start(arguments, format);
    put_formatted(m->out, format, arguments);
    va_end(arguments);
    mlp_markup_close(m);
}

void mlp_markup_raw(mlp_markup *m, const char *text)
{
    end_tag(m);
    fputs(text, m->out);
}

void mlp_markup_base64(FILE *out, const void *data, size_t count)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const unsigned char *bytes = data;
    for (size_t i = 0; i < count; i += 3) {
        size_t rest = count - i;
        uint32_t word = (uint32_t)bytes[i] << 16 |
                        (rest > 1 ? (uint32_t)bytes[i + 1] << 8 : 0) |
                        (rest > 2 ? bytes[i + 2] : 0U);
        fputc(letters[word >> 18], out);
        fputc(letters[word >> 12 & 63], out);
        fputc(rest > 1 ? letters[word >> 6 & 63] : '=', out);
        fputc(rest > 2 ? letters[word & 63] : '=', out);
    }
}

void mlp_markup_data(mlp_markup *m, const char *name, const char *type,
                     const unsigned char *bytes, size_t count)
{
    assert(m->is_in_tag);
    fprintf(m->out, " %s=\"data:%s;base64,", name, type);
    mlp_markup_base64(m->out, bytes, count);
    fputc('"', m->out);
}
