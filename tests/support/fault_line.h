/** @file
 *  A line of text for a signal handler of trapped system calls, without stdio,
 *  whose own calls would be trapped.
 */
#ifndef MLP_FAULT_LINE_H
#define MLP_FAULT_LINE_H

#include <stddef.h>
#include <string.h>

enum { FAULT_PATH_BYTES = 4500 };

/** Has room for two paths and some numbers. */
typedef struct {
    char text[2 * FAULT_PATH_BYTES + 128];
    size_t used;
} fault_line;

/** Append a text and a character that ends it. */
static inline void fault_put(fault_line *l, const char *text, char end)
{
    size_t length = strlen(text);
    memcpy(l->text + l->used, text, length);
    l->used += length;
    l->text[l->used++] = end;
}

/** Append a number and a tab. */
static inline void fault_put_number(fault_line *l, long number)
{
    char digits[24];
    size_t at = sizeof digits;
    unsigned long rest =
        number < 0 ? 0 - (unsigned long)number : (unsigned long)number;
    digits[--at] = '\0';
    do {
        digits[--at] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    if (number < 0) {
        digits[--at] = '-';
    }
    fault_put(l, digits + at, '\t');
}

#endif
