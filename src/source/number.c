/** @file
 *  Decimal text to float32.
 */
#define _GNU_SOURCE /* strtof_l */
#include "number.h"

#include <float.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum {
    DIGITS_MOST = 18,   /* of an integer below 2^63 */
    EXPONENT_MOST = 22, /* the largest power of 10 that is an exact double */
    EXPONENT_DIGITS = 4
};

static const double powers[EXPONENT_MOST + 1] = {
    1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
    1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

/* A decimal number: digits * 10^exponent. */
typedef struct {
    uint64_t digits;
    int count; /* digits, without leading zeros */
    int exponent;
    bool has_digits;
} decimal;

static const char *take_digits(const char *at, const char *end, int step,
                               decimal *number)
{
    uint64_t digits = number->digits;
    const char *first = at;
    int count = number->count;
    for (; at < end; at++) {
        unsigned digit = (unsigned)(*at - '0');
        if (digit > 9) {
            break;
        }
        digits = 10 * digits + digit; /* unsigned: may wrap, count tells */
        count += digits > 0;
    }
    number->digits = digits;
    number->count = count;
    number->exponent += step * (int)(at - first);
    number->has_digits |= at > first;
    return at;
}

static const char *take_exponent(const char *at, const char *end,
                                 decimal *number)
{
    int exponent = 0;
    bool is_negative = at < end && *at == '-';
    at += at < end && (*at == '-' || *at == '+');
    const char *first = at;
    for (; at < end && at - first < EXPONENT_DIGITS; at++) {
        unsigned digit = (unsigned)(*at - '0');
        if (digit > 9) {
            return NULL;
        }
        exponent = 10 * exponent + (int)digit;
    }
    number->exponent += is_negative ? -exponent : exponent;
    return at > first ? at : NULL;
}

/* Round to float32, unless the double is halfway between two floats: the
 * decimal number, which the double was rounded from, may be on either side. */
static bool narrow(double exact, float *value)
{
    static const uint64_t below_float = (UINT64_C(1) << 29) - 1;
    static const uint64_t halfway = UINT64_C(1) << 28;
    uint64_t bits;
    memcpy(&bits, &exact, sizeof bits);
    if ((bits & below_float) == halfway || exact < (double)FLT_MIN ||
        exact > (double)FLT_MAX) {
        return false;
    }
    *value = (float)exact;
    return true;
}

/* False when the text needs the slow path, or is no number. */
static bool parse_fast(const char *at, const char *end, float *value)
{
    decimal number = {0};
    bool is_negative = *at == '-';
    at += *at == '-' || *at == '+';
    at = take_digits(at, end, 0, &number);
    if (at < end && *at == '.') {
        at = take_digits(at + 1, end, -1, &number);
    }
    if (at < end && (*at == 'e' || *at == 'E')) {
        at = take_exponent(at + 1, end, &number);
    }
    if (at != end || !number.has_digits || number.count > DIGITS_MOST ||
        number.digits > UINT64_C(1) << DBL_MANT_DIG ||
        abs(number.exponent) > EXPONENT_MOST) {
        return false;
    }
    double exact = (double)number.digits;
    exact = number.exponent < 0 ? exact / powers[-number.exponent]
                                : exact * powers[number.exponent];
    if (number.digits == 0) {
        *value = 0.0F;
    } else if (!narrow(exact, value)) {
        return false;
    }
    *value = is_negative ? -*value : *value;
    return true;
}

static bool parse_slow(const char *at, const char *end, locale_t c_locale,
                       float *value)
{
    char *stop;
    for (const char *byte = at; byte < end; byte++) {
        if (*byte == '\0' || strchr("0123456789+-.eE", *byte) == NULL) {
            return false; /* strtof also accepts hexadecimal, inf and nan */
        }
    }
    *value = strtof_l(at, &stop, c_locale);
    return stop == end && isfinite(*value);
}

bool mlp_number_parse(const char *text, size_t length, locale_t c_locale,
                      float *value)
{
    const char *end = text + length;
    while (text < end && *text == ' ') {
        text++;
    }
    while (end > text && end[-1] == ' ') {
        end--;
    }
    return text < end && (parse_fast(text, end, value) ||
                          parse_slow(text, end, c_locale, value));
}
