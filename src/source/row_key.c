/** @file
 *  A table's cell as a number by which rows are held out.
 */
#define _GNU_SOURCE /* strtod_l */
#include "row_key.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/fnv1a.h"

/* ---- times ------------------------------------------------------------- */

/* Text that is left to read. */
typedef struct {
    const char *at, *end;
} rest;

static bool take(rest *from, char wanted)
{
    bool is_there = from->at < from->end && *from->at == wanted;
    from->at += is_there;
    return is_there;
}

/* A number of so many digits. */
static bool take_digits(rest *from, size_t count, unsigned most,
                        unsigned *number)
{
    *number = 0;
    for (size_t i = 0; i < count; i++, from->at++) {
        if (from->at == from->end || *from->at < '0' || *from->at > '9') {
            return false;
        }
        *number = 10 * *number + (unsigned)(*from->at - '0');
    }
    return *number <= most;
}

/* Days from 1970-01-01 to a date of the Gregorian calendar. Years begin in
 * March here, so that the leap day is the last. */
static double days_of(unsigned year, unsigned month, unsigned day)
{
    unsigned since_march = (month + 9) % 12;
    unsigned years = year - (month < 3);
    long leap_days =
        (long)(years / 4) - (long)(years / 100) + (long)(years / 400);
    long in_year = (long)((153 * since_march + 2) / 5) + (long)day - 1;
    return (double)(365L * (long)years + leap_days + in_year - 719468L);
}

/* ":ss.fff", or less of it. */
static bool take_seconds(rest *from, double *seconds)
{
    unsigned whole = 0;
    if (take(from, ':') && !take_digits(from, 2, 60, &whole)) {
        return false;
    }
    double unit = 0.1;
    *seconds = whole;
    if (take(from, '.')) {
        for (unsigned digit; take_digits(from, 1, 9, &digit); unit /= 10) {
            *seconds += unit * digit;
        }
    }
    return true;
}

static bool read_date(const mlp_csv_cell *cell, double *seconds)
{
    rest from = {cell->text, cell->text + cell->length};
    unsigned year, month, day, hour = 0, minute = 0;
    double second = 0.0;
    if (!take_digits(&from, 4, 9999, &year) || !take(&from, '-') ||
        !take_digits(&from, 2, 12, &month) || !take(&from, '-') ||
        !take_digits(&from, 2, 31, &day) || year == 0 || month == 0 ||
        day == 0) {
        return false;
    }
    if ((take(&from, 'T') || take(&from, ' ')) &&
        (!take_digits(&from, 2, 24, &hour) || !take(&from, ':') ||
         !take_digits(&from, 2, 59, &minute) ||
         !take_seconds(&from, &second))) {
        return false;
    }
    (void)take(&from, 'Z');
    *seconds =
        86400 * days_of(year, month, day) + 3600 * hour + 60 * minute + second;
    return from.at == from.end;
}

/* A byte that is no part of a number follows the cell. */
static bool read_number(const mlp_csv_cell *cell, locale_t c_locale,
                        double *number)
{
    char *end = NULL;
    size_t blanks = strspn(cell->text, " ");
    if (blanks >= cell->length ||
        strspn(cell->text, "0123456789+-.eE ") < cell->length) {
        return false;
    }
    *number = strtod_l(cell->text, &end, c_locale);
    while (end < cell->text + cell->length && *end == ' ') {
        end++;
    }
    return end == cell->text + cell->length && isfinite(*number);
}

/* An integer of the same order. */
static uint64_t ordered(double number)
{
    uint64_t bits;
    number += 0.0; /* -0 is 0 */
    memcpy(&bits, &number, sizeof bits);
    return bits ^ (bits >> 63 != 0 ? UINT64_MAX : UINT64_C(1) << 63);
}

bool mlp_row_key(const mlp_csv_cell *cell, bool is_time, locale_t c_locale,
                 uint64_t *key)
{
    double time;
    if (!is_time) {
        *key = mlp_fnv1a(MLP_FNV1A, cell->text, cell->length);
        return true;
    }
    if (!read_number(cell, c_locale, &time) && !read_date(cell, &time)) {
        return false;
    }
    *key = ordered(time);
    return true;
}
