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

#include "short_number.h"

enum {
    DIGITS_MOST = 19,   /* of an integer below 2^64 */
    EXPONENT_MOST = 40, /* of the powers below */
    EXPONENT_DIGITS = 4,
    TEXT_MOST = 64 /* of a text that is copied */
};

/* Rounded to doubles; exact up to 10^22. */
static const double powers[EXPONENT_MOST + 1] = {
    1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10,
    1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21,
    1e22, 1e23, 1e24, 1e25, 1e26, 1e27, 1e28, 1e29, 1e30, 1e31, 1e32,
    1e33, 1e34, 1e35, 1e36, 1e37, 1e38, 1e39, 1e40};

/* A decimal number without sign: digits * 10^exponent. */
typedef struct {
    uint64_t digits;
    size_t count; /* digits, without leading zeros */
    int exponent;
} decimal;

/* ---- up to 19 digits --------------------------------------------------- */

static const char *take_digits(const char *at, decimal *number)
{
    size_t count;
    do {
        uint64_t word = mlp_digits_load(at);
        count = mlp_digits_count(mlp_digits_others(word));
        if (count > 0) {
            number->digits = number->digits * (uint64_t)powers[count] +
                             mlp_digits_join(word, count);
        }
        number->count += count;
        at += count;
    } while (count == MLP_DIGITS_WORD && number->count <= DIGITS_MOST);
    return at;
}

static const char *skip_zeros(const char *at)
{
    while (*at == '0') {
        at++;
    }
    return at;
}

/* Before the point there are few digits, or many. */
static const char *take_whole(const char *at, decimal *number)
{
    enum { FEW = 4 };
    at = skip_zeros(at);
    for (size_t i = 0; i < FEW; i++) {
        unsigned digit = (unsigned)(*at - '0');
        if (digit > 9) {
            return at;
        }
        number->digits = 10 * number->digits + digit;
        number->count++;
        at++;
    }
    return take_digits(at, number);
}

static const char *take_exponent(const char *at, decimal *number)
{
    int exponent = 0;
    bool is_negative = *at == '-';
    at += *at == '-' || *at == '+';
    const char *first = at;
    while ((unsigned)(*at - '0') <= 9 && at - first < EXPONENT_DIGITS) {
        exponent = 10 * exponent + (*at++ - '0');
    }
    number->exponent += is_negative ? -exponent : exponent;
    return at > first ? at : NULL;
}

/* NULL if there is no number, or none with so few digits. */
static const char *take_decimal(const char *at, decimal *number)
{
    const char *first = at;
    const char *point = NULL;
    at = take_whole(at, number);
    if (*at == '.') {
        point = at++;
        if (number->count == 0) {
            at = skip_zeros(at);
        }
        at = take_digits(at, number);
        number->exponent = -(int)(at - point - 1);
    }
    if (at - first == (point != NULL) || number->count > DIGITS_MOST) {
        return NULL;
    }
    return *at == 'e' || *at == 'E' ? take_exponent(at + 1, number) : at;
}

/* Round to float32, unless the double is too near to the middle between two
 * floats. Its digits were rounded once, the power of ten once, and their
 * product or quotient once: it is off by less than two units of its last place.
 */
static bool narrow(double near, float *value)
{
    enum { FAR_ENOUGH = 4 };
    static const uint64_t below_float = (UINT64_C(1) << 29) - 1;
    static const uint64_t halfway = UINT64_C(1) << 28;
    uint64_t bits;
    memcpy(&bits, &near, sizeof bits);
    uint64_t beside = (bits & below_float) - (halfway - FAR_ENOUGH);
    if (beside <= 2 * FAR_ENOUGH || near < 2 * (double)FLT_MIN ||
        near > (double)FLT_MAX / 2) {
        return false;
    }
    *value = (float)near;
    return true;
}

const char *mlp_number_take(const char *text, float *value)
{
    decimal number = {0};
    const char *end = mlp_number_short(text, value);
    if (end != NULL && (*end | 0x20) != 'e') {
        return end;
    }
    bool is_negative = *text == '-';
    text += (int)is_negative | (*text == '+');
    end = take_decimal(text, &number);
    if (end == NULL || abs(number.exponent) > EXPONENT_MOST) {
        return NULL;
    }
    double near = (double)number.digits;
    near = number.exponent < 0 ? near / powers[-number.exponent]
                               : near * powers[number.exponent];
    if (number.digits == 0) {
        *value = 0.0F;
    } else if (!narrow(near, value)) {
        return NULL;
    }
    *value = is_negative ? -*value : *value;
    return end;
}

/* ---- any number -------------------------------------------------------- */

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
    size_t count = (size_t)(end - text);
    if (count > 0 && count < TEXT_MOST) {
        char copy[TEXT_MOST + MLP_NUMBER_SLACK] = "";
        memcpy(copy, text, count);
        if (mlp_number_take(copy, value) == copy + count) {
            return true;
        }
    }
    return count > 0 && parse_slow(text, end, c_locale, value);
}
