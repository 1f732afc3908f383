/** @file
 *  The progress line: what fits the terminal, at most ten times a second.
 */
#include "progress.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "mlp/clock.h"

enum { COLUMNS_MIN = 20, COLUMNS_UNKNOWN = 80, BAR_MIN = 5, BAR_MAX = 30 };
static const double redraw_seconds = 0.1;

static int terminal_columns(FILE *out)
{
    struct winsize size;
    return ioctl(fileno(out), TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

static bool is_capable(FILE *out, mlp_progress_mode mode)
{
    const char *term = getenv("TERM");
    if (mode == MLP_PROGRESS_NEVER || term == NULL ||
        strcmp(term, "dumb") == 0) {
        return false;
    }
    return mode == MLP_PROGRESS_ALWAYS ||
           (isatty(fileno(out)) && terminal_columns(out) > 0);
}

void mlp_progress_init(mlp_progress *progress, FILE *out,
                       mlp_progress_mode mode, uint64_t epochs)
{
    *progress = (mlp_progress){.out = out,
                               .is_wanted = is_capable(out, mode),
                               .drawn_seconds = -redraw_seconds,
                               .epochs = epochs};
}

bool mlp_progress_is_due(const mlp_progress *progress)
{
    return progress->is_wanted &&
           mlp_clock_seconds() - progress->drawn_seconds >= redraw_seconds;
}

/* What the line says, in the order of importance. */
enum { LOSS, ACCURACY, RATE, LEFT, PARTS, PART_BYTES = 48 };

static void write_left(char *text, double seconds)
{
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

/* Rates need two looks at the epoch; until then these parts are empty. */
static void write_rates(const mlp_progress *progress, size_t step, size_t steps,
                        const mlp_tally *train, char parts[PARTS][PART_BYTES])
{
    double seconds = progress->drawn_seconds - progress->first_seconds;
    if (seconds <= 0 || step <= progress->first_step ||
        train->rows <= progress->first_rows) {
        return;
    }
    double rows = (double)(train->rows - progress->first_rows);
    double step_seconds = seconds / (double)(step - progress->first_step);
    uint64_t epochs_left = progress->epochs > progress->epoch
                               ? progress->epochs - progress->epoch
                               : 0;
    double steps_left =
        (double)steps - (double)step + (double)epochs_left * (double)steps;
    snprintf(parts[RATE], PART_BYTES, "%.0f rows/s", rows / seconds);
    write_left(parts[LEFT], steps_left * step_seconds);
}

/* Add as many of the parts as fit; returns the columns used. */
static int join_parts(char *tail, size_t limit, char parts[PARTS][PART_BYTES])
{
    size_t used = 0;
    tail[0] = '\0';
    for (size_t i = 0; i < PARTS; i++) {
        size_t length = strlen(parts[i]);
        if (length > 0 && used + 2 + length <= limit) {
            memcpy(tail + used, "  ", 2);
            memcpy(tail + used + 2, parts[i], length + 1);
            used += 2 + length;
        }
    }
    return (int)used;
}

/* " [====    ]", or nothing where that would be too narrow to read. */
static void write_bar(char bar[BAR_MAX + 4], int width, size_t step,
                      size_t steps)
{
    bar[0] = '\0';
    if (width < BAR_MIN || steps == 0) {
        return;
    }
    size_t full = (size_t)(width < BAR_MAX ? width : BAR_MAX);
    size_t done = (size_t)((double)full * (double)step / (double)steps);
    memcpy(bar, " [", 2);
    memset(bar + 2, ' ', full);
    memset(bar + 2, '=', done < full ? done : full);
    memcpy(bar + 2 + full, "]", 2);
}

/* Remember where this epoch was met: a resumed one begins in its middle. */
static void meet_epoch(mlp_progress *progress, uint64_t epoch, size_t step,
                       const mlp_tally *train)
{
    if (progress->epoch != epoch) {
        progress->epoch = epoch;
        progress->first_step = step;
        progress->first_rows = train->rows;
        progress->first_seconds = progress->drawn_seconds;
    }
}

void mlp_progress_draw(mlp_progress *progress, uint64_t epoch, size_t step,
                       size_t steps, const mlp_tally *train)
{
    progress->drawn_seconds = mlp_clock_seconds();
    meet_epoch(progress, epoch, step, train);
    int columns = terminal_columns(progress->out);
    columns = columns > 0 ? columns : COLUMNS_UNKNOWN;
    if (!progress->is_wanted || columns < COLUMNS_MIN) {
        return;
    }
    char parts[PARTS][PART_BYTES] = {{0}};
    char head[128];
    char tail[PARTS * (PART_BYTES + 2)];
    char bar[BAR_MAX + 4];
    snprintf(parts[LOSS], PART_BYTES, "loss %.4f", mlp_tally_loss(train));
    snprintf(parts[ACCURACY], PART_BYTES, "acc %.2f%%",
             100 * mlp_tally_accuracy(train));
    write_rates(progress, step, steps, train, parts);
    int limit = columns - 1; /* the last column would wrap on some terminals */
    int used =
        snprintf(head, sizeof head, "epoch %" PRIu64 "/%" PRIu64 " %zu/%zu",
                 epoch, progress->epochs, step, steps);
    used = used < limit ? used : limit;
    used += join_parts(tail, (size_t)(limit - used), parts);
    write_bar(bar, limit - used - 3, step, steps);
    fprintf(progress->out, "\r\033[K%.*s%s%s", limit, head, bar, tail);
    fflush(progress->out);
    progress->is_drawn = true;
}

void mlp_progress_erase(mlp_progress *progress)
{
    if (progress->is_drawn) {
        fputs("\r\033[K", progress->out);
        fflush(progress->out);
        progress->is_drawn = false;
    }
}
