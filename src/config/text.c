/** @file
 *  Reads and writes the value of an option as text: strict and exact.
 */
#include "list.h"

#include <errno.h>
#include <float.h>
#include <inttypes.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Numbers have a decimal point in any locale. */
static double read_double(const char *text, char **end)
{
    locale_t c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    locale_t before = uselocale(c_locale);
    double value = strtod(text, end);
    uselocale(before);
    freelocale(c_locale);
    return value;
}

/* Use 15 digits if they round-trip, as for typed numbers, else 17. */
static void write_double(double value, char text[MLP_CONFIG_VALUE])
{
    locale_t c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    locale_t before = uselocale(c_locale);
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, MLP_CONFIG_VALUE, "%.*g", digits, value);
        if (strtod(text, NULL) == value) {
            break;
        }
    }
    uselocale(before);
    freelocale(c_locale);
}

static mlp_status refuse(const mlp_option *row, const char *text,
                         const char *why)
{
    return mlp_fail(MLP_ERROR_USAGE, "--%s: \"%.200s\" %s", row->name, text,
                    why);
}

static mlp_status check_range(const mlp_option *row, const char *text,
                              double value)
{
    if (value < row->least && row->least == DBL_TRUE_MIN) {
        return mlp_fail(MLP_ERROR_USAGE, "--%s: %.200s is not above 0",
                        row->name, text);
    }
    if (value < row->least) {
        return mlp_fail(MLP_ERROR_USAGE, "--%s: %.200s is below %.15g",
                        row->name, text, row->least);
    }
    if (value > row->most) {
        /* The largest double below 1 stands for "below 1". */
        return mlp_fail(
            MLP_ERROR_USAGE, "--%s: %.200s is %s %.15g", row->name, text,
            row->most == 1 - DBL_EPSILON / 2 ? "not below" : "above",
            row->most);
    }
    return MLP_OK;
}

/* strto* alone would accept blanks, signs, "nan", "inf" and hex. */
static bool has_only(const char *text, const char *allowed)
{
    return *text != '\0' && text[strspn(text, allowed)] == '\0';
}

static mlp_status parse_whole(const mlp_option *row, const char *text,
                              uint64_t *value)
{
    if (!has_only(text, "0123456789")) {
        return refuse(row, text, "is not a whole number");
    }
    errno = 0;
    *value = strtoull(text, NULL, 10);
    if (errno == ERANGE) {
        return refuse(row, text, "is too large");
    }
    return check_range(row, text, (double)*value);
}

static mlp_status parse_double(const mlp_option *row, const char *text,
                               double *value)
{
    if (!has_only(text, "0123456789+-.eE")) {
        return refuse(row, text, "is not a number");
    }
    char *end = NULL;
    double number = read_double(text, &end);
    if (end == text || *end != '\0') {
        return refuse(row, text, "is not a number");
    }
    if (!isfinite(number)) {
        return refuse(row, text, "is too large");
    }
    MLP_TRY(check_range(row, text, number));
    *value = number;
    return MLP_OK;
}

static mlp_status parse_interval(const mlp_option *row, const char *text,
                                 mlp_interval *interval)
{
    static const char unit[] = "steps";
    char digits[32];
    size_t length = strlen(text);
    if (row->choices != NULL && strcmp(text, row->choices[0]) == 0) {
        *interval = (mlp_interval){.is_automatic = true};
        return MLP_OK;
    }
    bool counts_steps = length >= sizeof unit &&
                        strcmp(text + length - (sizeof unit - 1), unit) == 0;
    if (counts_steps) {
        length -= sizeof unit - 1;
    }
    if (length >= sizeof digits) {
        return refuse(row, text, "is too large");
    }
    snprintf(digits, sizeof digits, "%.*s", (int)length, text);
    if (!has_only(digits, "0123456789")) {
        return refuse(
            row, text,
            "is not a number of epochs like 2, or of steps like 200steps");
    }
    uint64_t count = 0;
    MLP_TRY(parse_whole(row, digits, &count));
    *interval = (mlp_interval){.count = count, .counts_steps = counts_steps};
    return MLP_OK;
}

/* Read digits up to the separator, and skip it; false when there are no digits
 * or too many. */
static bool take_number(const char **text, char separator, uint64_t *number)
{
    size_t length = strspn(*text, "0123456789");
    if (length == 0 || length > 9 || (*text)[length] != separator) {
        return false;
    }
    *number = strtoull(*text, NULL, 10);
    *text += length + (separator != '\0');
    return true;
}

/* "1h30m": whole numbers with units, the larger ones first. */
static bool take_units(const char *text, uint64_t *seconds)
{
    static const char units[] = "dhms";
    static const uint64_t lengths[] = {86400, 3600, 60, 1};
    const char *left = units;
    *seconds = 0;
    do {
        size_t digits = strspn(text, "0123456789");
        const char *unit =
            text[digits] != '\0' ? strchr(left, text[digits]) : NULL;
        if (digits == 0 || digits > 9 || unit == NULL) {
            return false;
        }
        *seconds += strtoull(text, NULL, 10) * lengths[unit - units];
        left = unit + 1;
        text += digits + 1;
    } while (*text != '\0');
    return true;
}

/* The format of squeue, or units. "30" and "5:00" are refused: they mean
 * minutes in Slurm and seconds elsewhere. */
static mlp_status parse_duration(const mlp_option *row, const char *text,
                                 uint64_t *seconds)
{
    const char *rest = text;
    uint64_t days = 0;
    uint64_t hours;
    uint64_t minutes;
    uint64_t left;
    if (take_units(text, seconds)) {
        return check_range(row, text, (double)*seconds);
    }
    if ((strchr(text, '-') != NULL && !take_number(&rest, '-', &days)) ||
        !take_number(&rest, ':', &hours) ||
        !take_number(&rest, ':', &minutes) || !take_number(&rest, 0, &left) ||
        minutes > 59 || left > 59) {
        return refuse(row, text,
                      "is not a time like 90m, 1h30m, 01:30:00 or "
                      "2-12:00:00");
    }
    *seconds = ((days * 24 + hours) * 60 + minutes) * 60 + left;
    return check_range(row, text, (double)*seconds);
}

/* The same, or a number of seconds. */
static mlp_status parse_seconds(const mlp_option *row, const char *text,
                                double *seconds)
{
    uint64_t whole = 0;
    if (strpbrk(text, "dhms:") == NULL) {
        return parse_double(row, text, seconds);
    }
    MLP_TRY(parse_duration(row, text, &whole));
    *seconds = (double)whole;
    return MLP_OK;
}

/* As in GNU tools: K, M, G, T and KiB ... are powers of 1024, KB ... of 1000.
 */
static mlp_status parse_bytes(const mlp_option *row, const char *text,
                              uint64_t *bytes)
{
    static const char units[] = "KMGT";
    char digits[32];
    size_t length = strspn(text, "0123456789");
    const char *unit = text + length;
    const char *found = *unit != '\0' ? strchr(units, *unit) : NULL;
    bool is_plain =
        found != NULL && (unit[1] == '\0' || !strcmp(unit + 1, "iB"));
    bool is_metric = found != NULL && strcmp(unit + 1, "B") == 0;
    if (length == 0 || length >= sizeof digits ||
        (*unit != '\0' && !is_plain && !is_metric)) {
        return refuse(row, text, "is not a number of bytes like 512M or 2G");
    }
    snprintf(digits, sizeof digits, "%.*s", (int)length, text);
    MLP_TRY(parse_whole(row, digits, bytes));
    for (const char *at = units; found != NULL && at <= found; at++) {
        if (__builtin_mul_overflow(*bytes, is_metric ? 1000 : 1024, bytes)) {
            return refuse(row, text, "is too large");
        }
    }
    return check_range(row, text, (double)*bytes);
}

static mlp_status parse_choice(const mlp_option *row, const char *text,
                               unsigned *choice)
{
    char known[256] = "";
    const char *const *words = mlp_option_words(row);
    for (unsigned i = 0; words[i] != NULL; i++) {
        if (strcmp(words[i], text) == 0 || strcmp(row->choices[i], text) == 0) {
            *choice = i;
            return MLP_OK;
        }
        size_t used = strlen(known);
        snprintf(known + used, sizeof known - used, "%s%s", i > 0 ? ", " : "",
                 words[i]);
    }
    return mlp_fail(MLP_ERROR_USAGE, "--%s: \"%.200s\" is not one of %s",
                    row->name, text, known);
}

static mlp_status parse_switch(const mlp_option *row, const char *text,
                               bool *is_on)
{
    static const char *const words[] = {"false", "true", "no",
                                        "yes",   "off",  "on"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(words[i], text) == 0) {
            *is_on = i % 2 == 1;
            return MLP_OK;
        }
    }
    return refuse(row, text, "is not one of true, false");
}

static mlp_status parse_switch_or(const mlp_option *row, const char *text,
                                  unsigned *value)
{
    bool is_on = false;
    for (unsigned i = 0; row->choices[i] != NULL; i++) {
        if (strcmp(row->choices[i], text) == 0) {
            *value = 2 + i;
            return MLP_OK;
        }
    }
    mlp_status status = parse_switch(row, text, &is_on);
    for (unsigned i = 0; status != MLP_OK && row->choices[i] != NULL; i++) {
        mlp_fail(status, "%s, %s", mlp_failure(), row->choices[i]);
    }
    MLP_TRY(status);
    *value = is_on;
    return MLP_OK;
}

static mlp_status parse_string(const mlp_option *row, const char *text,
                               char *string)
{
    size_t length = strlen(text);
    if (length >= MLP_MAX_PATH) {
        return refuse(row, text, "... is longer than 4095 bytes");
    }
    memmove(string, text, length + 1);
    return MLP_OK;
}

static mlp_status parse_borrowed(const mlp_option *row, const char *text,
                                 const char **borrowed)
{
    unsigned choice = 0;
    if (row->choices == NULL) {
        *borrowed = text;
        return MLP_OK;
    }
    MLP_TRY(parse_choice(row, text, &choice));
    *borrowed = row->choices[choice];
    return MLP_OK;
}

static mlp_status parse_extent(const mlp_option *row, const char *text,
                               mlp_extent *extent)
{
    char height[8];
    size_t length = strcspn(text, "x");
    mlp_extent read = {0};
    mlp_option side = *row;
    side.kind = MLP_FIELD_SIZE;
    side.offset = 0;
    snprintf(height, sizeof height, "%.*s", (int)length, text);
    if (length >= sizeof height || text[length] != 'x' ||
        mlp_option_parse(&read.height, &side, height) != MLP_OK ||
        mlp_option_parse(&read.width, &side, text + length + 1) != MLP_OK) {
        return mlp_fail(MLP_ERROR_USAGE,
                        "--%s: \"%.200s\" is not HEIGHTxWIDTH like 28x28, "
                        "each from %g to %g",
                        row->name, text, row->least, row->most);
    }
    *extent = read;
    return MLP_OK;
}

mlp_status mlp_option_parse(void *values, const mlp_option *row,
                            const char *text)
{
    void *place = (char *)values + row->offset;
    switch (row->kind) {
    case MLP_FIELD_STRING:
        return parse_string(row, text, place);
    case MLP_FIELD_BORROWED:
        return parse_borrowed(row, text, place);
    case MLP_FIELD_EXTENT:
        return parse_extent(row, text, place);
    case MLP_FIELD_SIZES:
    case MLP_FIELD_ENUMS:
    case MLP_FIELD_DOUBLES:
        return mlp_list_parse(place, row, text);
    case MLP_FIELD_DOUBLE:
        return parse_double(row, text, place);
    case MLP_FIELD_ENUM:
        return parse_choice(row, text, place);
    case MLP_FIELD_BOOL:
        return parse_switch(row, text, place);
    case MLP_FIELD_BOOL_OR:
        return parse_switch_or(row, text, place);
    case MLP_FIELD_INTERVAL:
        return parse_interval(row, text, place);
    case MLP_FIELD_DURATION:
        return parse_duration(row, text, place);
    case MLP_FIELD_SECONDS:
        return parse_seconds(row, text, place);
    case MLP_FIELD_BYTES:
        return parse_bytes(row, text, place);
    case MLP_FIELD_SIZE:
    case MLP_FIELD_U64:
        break;
    }
    uint64_t number = 0;
    MLP_TRY(parse_whole(row, text, &number));
    if (row->kind == MLP_FIELD_SIZE) {
        *(size_t *)place = number;
    } else {
        *(uint64_t *)place = number;
    }
    return MLP_OK;
}

static void print_duration(uint64_t seconds, char text[MLP_CONFIG_VALUE])
{
    const uint64_t day = 86400;
    int used = 0;
    if (seconds >= day) {
        used = snprintf(text, MLP_CONFIG_VALUE, "%" PRIu64 "-", seconds / day);
    }
    snprintf(text + used, MLP_CONFIG_VALUE - (size_t)used,
             "%02" PRIu64 ":%02" PRIu64 ":%02" PRIu64, seconds % day / 3600,
             seconds / 60 % 60, seconds % 60);
}

static void print_interval(const mlp_option *row, const mlp_interval *interval,
                           char text[MLP_CONFIG_VALUE])
{
    if (interval->is_automatic) {
        snprintf(text, MLP_CONFIG_VALUE, "%s", row->choices[0]);
        return;
    }
    snprintf(text, MLP_CONFIG_VALUE, "%" PRIu64 "%s", interval->count,
             interval->counts_steps ? "steps" : "");
}

/* Write with the largest unit that divides the value. */
static void print_bytes(uint64_t bytes, char text[MLP_CONFIG_VALUE])
{
    static const char units[] = "KMGT";
    size_t times = 0;
    while (bytes > 0 && bytes % 1024 == 0 && times < sizeof units - 1) {
        bytes /= 1024;
        times++;
    }
    snprintf(text, MLP_CONFIG_VALUE, "%" PRIu64 "%.*s", bytes, times > 0,
             times > 0 ? units + times - 1 : "");
}

static void print_extent(const mlp_extent *extent, char text[MLP_CONFIG_VALUE])
{
    snprintf(text, MLP_CONFIG_VALUE, "%zux%zu", extent->height, extent->width);
}

static void print_text(const char *value, char text[MLP_CONFIG_VALUE])
{
    snprintf(text, MLP_CONFIG_VALUE, "%s", value != NULL ? value : "");
}

static void print_switch(const mlp_option *row, unsigned value,
                         char text[MLP_CONFIG_VALUE])
{
    snprintf(text, MLP_CONFIG_VALUE, "%s",
             value > 1    ? row->choices[value - 2]
             : value == 1 ? "true"
                          : "false");
}

void mlp_option_print(const void *values, const mlp_option *row,
                      char text[MLP_CONFIG_VALUE])
{
    const size_t limit = MLP_CONFIG_VALUE;
    const void *place = (const char *)values + row->offset;
    switch (row->kind) {
    case MLP_FIELD_STRING:
        print_text(place, text);
        break;
    case MLP_FIELD_BORROWED:
        print_text(*(const char *const *)place, text);
        break;
    case MLP_FIELD_EXTENT:
        print_extent(place, text);
        break;
    case MLP_FIELD_SIZE:
        snprintf(text, limit, "%zu", *(const size_t *)place);
        break;
    case MLP_FIELD_SIZES:
    case MLP_FIELD_ENUMS:
    case MLP_FIELD_DOUBLES:
        mlp_list_print(place, row, text);
        break;
    case MLP_FIELD_U64:
        snprintf(text, limit, "%" PRIu64, *(const uint64_t *)place);
        break;
    case MLP_FIELD_DOUBLE:
    case MLP_FIELD_SECONDS:
        write_double(*(const double *)place, text);
        break;
    case MLP_FIELD_ENUM:
        print_text(mlp_option_words(row)[*(const unsigned *)place], text);
        break;
    case MLP_FIELD_BOOL:
        print_switch(row, *(const bool *)place, text);
        break;
    case MLP_FIELD_BOOL_OR:
        print_switch(row, *(const unsigned *)place, text);
        break;
    case MLP_FIELD_INTERVAL:
        print_interval(row, place, text);
        break;
    case MLP_FIELD_DURATION:
        print_duration(*(const uint64_t *)place, text);
        break;
    case MLP_FIELD_BYTES:
        print_bytes(*(const uint64_t *)place, text);
        break;
    }
}
