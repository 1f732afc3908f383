/** @file
 *  The progress line: what fits the terminal, at most ten times a second.
 */
#include "progress.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <string.h>

#include "base/clock.h"

#include "system/terminal.h"

enum { COLUMNS_MIN = 20, COLUMNS_UNKNOWN = 80, BAR_MIN = 5, BAR_MAX = 30 };
static const double redraw_seconds = 0.1;

/* No wrapping at the last column, in case the terminal is narrower than it
 * reports; then clear the rest of the line and what is below. */
static const char begin_line[] = "\r\033[?7l";
static const char end_line[] = "\033[?7h\033[J\r";
static const char erase_line[] = "\r\033[J";

static bool is_capable(FILE *out, mlp_progress_mode mode)
{
    if (mode == MLP_PROGRESS_NEVER || !mlp_terminal_can_rewrite()) {
        return false;
    }
    return mode == MLP_PROGRESS_ALWAYS || mlp_terminal_columns(out) > 0;
}

void mlp_progress_init(mlp_progress *progress, FILE *out,
                       mlp_progress_mode mode, uint64_t epochs)
{
    *progress = (mlp_progress){.out = out,
                               .is_wanted = is_capable(out, mode),
                               .has_color = mlp_terminal_has_color(out),
                               .has_utf8 = mlp_terminal_has_utf8(),
                               .drawn_seconds = -redraw_seconds,
                               .epochs = epochs};
    if (progress->is_wanted) {
        setvbuf(out, NULL, _IOFBF, BUFSIZ);
    }
}

bool mlp_progress_is_due(const mlp_progress *progress)
{
    return progress->is_wanted &&
           mlp_clock_seconds() - progress->drawn_seconds >= redraw_seconds;
}

/* ---- contents ---------------------------------------------------------- */

/* In order of importance: shown as far as they fit. */
enum { LOSS, ACCURACY, RATE, LEFT, PARTS, PART_BYTES = 48 };

static void write_left(char *text, double seconds)
{
    if (!(seconds < 1e9)) {
        return; /* more than 30 years */
    }
    uint64_t left = (uint64_t)seconds;
    if (left >= 3600) {
        snprintf(text, PART_BYTES,
                 "%" PRIu64 ":%02" PRIu64 ":%02" PRIu64 " left", left / 3600,
                 left / 60 % 60, left % 60);
    } else {
        snprintf(text, PART_BYTES, "%" PRIu64 ":%02" PRIu64 " left", left / 60,
                 left % 60);
    }
}

/* Steps of the whole run up to this step of this epoch. */
static double position_of(uint64_t epoch, size_t step, size_t steps)
{
    return (double)(epoch - 1) * (double)steps + (double)step;
}

/* Store the start of the measurement for the run and the epoch. */
static void begin_measurement(mlp_progress *progress, uint64_t epoch,
                              size_t step, size_t steps, const mlp_tally *train)
{
    if (!progress->has_begun) {
        progress->has_begun = true;
        progress->first_position = position_of(epoch, step, steps);
        progress->first_seconds = progress->drawn_seconds;
    }
    if (progress->epoch != epoch) {
        progress->epoch = epoch;
        progress->epoch_rows = train->rows;
        progress->epoch_seconds = progress->drawn_seconds;
    }
    progress->steps = steps;
    if (train->rows > 0) {
        progress->train = *train;
    }
}

/* The rate is of training; the time left includes evaluation. Both need two
 * measurements: until then they are empty. */
static void write_rates(mlp_progress *progress, double position,
                        const mlp_tally *train, char parts[PARTS][PART_BYTES])
{
    double now = progress->drawn_seconds;
    double done = position - progress->first_position;
    double total = position_of(progress->epochs + 1, 0, progress->steps);
    if (now > progress->epoch_seconds && train->rows > progress->epoch_rows) {
        progress->rate = (double)(train->rows - progress->epoch_rows) /
                         (now - progress->epoch_seconds);
    }
    if (progress->rate > 0) {
        snprintf(parts[RATE], PART_BYTES, "%.0f rows/s", progress->rate);
    }
    if (done > 0 && now > progress->first_seconds) {
        write_left(parts[LEFT],
                   (total - position) / done * (now - progress->first_seconds));
    }
}

static void write_quality(const mlp_tally *train, char parts[PARTS][PART_BYTES])
{
    double accuracy = mlp_tally_accuracy(train);
    if (train->rows > 0) {
        snprintf(parts[LOSS], PART_BYTES, "loss %.4f", mlp_tally_loss(train));
    }
    if (!isnan(mlp_tally_r2(train))) {
        snprintf(parts[ACCURACY], PART_BYTES, "R2 %.4f", mlp_tally_r2(train));
    }
    if (!isnan(accuracy)) {
        snprintf(parts[ACCURACY], PART_BYTES, "acc %.2f%%", 100 * accuracy);
    }
}

/* ---- layout ------------------------------------------------------------ */

/* Text, and its width in columns, without colors and UTF-8 continuation
 * bytes. */
typedef struct {
    char text[1024];
    size_t bytes;
    int columns;
} line;

static void put(line *l, int columns, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void put(line *l, int columns, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int more = vsnprintf(l->text + l->bytes, sizeof l->text - l->bytes, format,
                         arguments);
    va_end(arguments);
    if (more > 0 && l->bytes + (size_t)more < sizeof l->text) {
        l->bytes += (size_t)more;
        l->columns += columns;
    }
}

static void put_times(line *l, int count, const char *sign)
{
    for (int i = 0; i < count; i++) {
        put(l, 1, "%s", sign);
    }
}

/* The bar, or nothing if it would be too narrow. */
static void put_bar(line *l, const mlp_progress *progress, int room,
                    size_t step)
{
    int width = room < BAR_MAX ? room : BAR_MAX;
    if (width < BAR_MIN || progress->steps == 0) {
        return;
    }
    int done = (int)((double)width * (double)step / (double)progress->steps);
    put(l, 1, " %s", progress->has_utf8 ? "" : "[");
    put(l, 0, "%s", progress->has_color ? "\033[32m" : "");
    put_times(l, done, progress->has_utf8 ? "━" : "=");
    put(l, 0, "%s", progress->has_color ? "\033[0;2m" : "");
    put_times(l, width - done, progress->has_utf8 ? "─" : " ");
    put(l, 0, "%s", progress->has_color ? "\033[0m" : "");
    put(l, 0, "%s", progress->has_utf8 ? "" : "]");
}

/* The contents, as many as fit. */
static void put_parts(line *l, int limit, char parts[PARTS][PART_BYTES])
{
    for (size_t i = 0; i < PARTS; i++) {
        int columns = 2 + (int)strlen(parts[i]);
        if (columns > 2 && l->columns + columns <= limit) {
            put(l, columns, "  %s", parts[i]);
        }
    }
}

/* Epoch and step, or the epoch alone if both don't fit. */
static void put_head(line *l, const mlp_progress *progress, int limit,
                     size_t step)
{
    char head[96];
    int epoch = snprintf(head, sizeof head, "epoch %" PRIu64 "/%" PRIu64,
                         progress->epoch, progress->epochs);
    int both = epoch + snprintf(head + epoch, sizeof head - (size_t)epoch,
                                " %zu/%zu", step, progress->steps);
    int length = both <= limit ? both : epoch;
    if (length <= limit) {
        put(l, length, "%.*s", length, head);
    }
}

void mlp_progress_draw(mlp_progress *progress, uint64_t epoch, size_t step,
                       size_t steps, const mlp_tally *train)
{
    progress->drawn_seconds = mlp_clock_seconds();
    begin_measurement(progress, epoch, step, steps, train);
    int columns = mlp_terminal_columns(progress->out);
    columns = columns > 0 ? columns : COLUMNS_UNKNOWN;
    if (!progress->is_wanted || columns < COLUMNS_MIN) {
        mlp_progress_erase(progress);
        fflush(progress->out);
        return;
    }
    int limit = columns - 1; /* the last column would wrap on some terminals */
    char parts[PARTS][PART_BYTES] = {{0}};
    line head = {0};
    line tail = {0};
    write_quality(&progress->train, parts);
    write_rates(progress, position_of(epoch, step, steps), train, parts);
    put_head(&head, progress, limit, step);
    put_parts(&tail, limit - head.columns, parts);
    put_bar(&head, progress, limit - head.columns - tail.columns - 3, step);
    fprintf(progress->out, "%s%s%s%s", begin_line, head.text, tail.text,
            end_line);
    fflush(progress->out);
    progress->is_drawn = true;
}

void mlp_progress_erase(mlp_progress *progress)
{
    if (progress->is_drawn) {
        fputs(erase_line, progress->out);
        progress->is_drawn = false;
    }
}
