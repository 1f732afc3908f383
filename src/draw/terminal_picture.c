/** @file
 *  Pictures and bars in terminal characters.
 */
#include "terminal_picture.h"

#include "system/terminal.h"

enum { ENLARGED_COLUMNS = 28, GRAYS = 24, FIRST_GRAY = 232 };

mlp_drawing_style mlp_drawing_style_for(FILE *out)
{
    if (!mlp_terminal_has_utf8()) {
        return MLP_DRAWING_ASCII;
    }
    return mlp_terminal_has_color(out) ? MLP_DRAWING_COLOR : MLP_DRAWING_BLOCKS;
}

/* ---- pictures */

static mlp_status enlarge(const mlp_image *image, size_t times,
                          mlp_image *fitted)
{
    size_t width = times * image->width;
    MLP_TRY(mlp_image_create(times * image->height, width, 1, fitted));
    for (size_t y = 0; y < fitted->height; y++) {
        const unsigned char *row = image->pixels + y / times * image->width;
        for (size_t x = 0; x < width; x++) {
            fitted->pixels[y * width + x] = row[x / times];
        }
    }
    return MLP_OK;
}

mlp_status mlp_drawing_fit(const mlp_image *image, size_t columns,
                           mlp_image *fitted)
{
    size_t width = image->width;
    if (width > columns) {
        size_t height = image->height * columns / width;
        return mlp_image_resize(image, height > 0 ? height : 1, columns,
                                fitted);
    }
    size_t most = columns < ENLARGED_COLUMNS ? columns : ENLARGED_COLUMNS;
    return enlarge(image, width < most ? most / width : 1, fitted);
}

size_t mlp_drawing_lines(const mlp_image *fitted)
{
    return (fitted->height + 1) / 2;
}

/* A pixel; rows below the picture are black. */
static unsigned pixel_at(const mlp_image *image, size_t y, size_t x)
{
    return y < image->height ? image->pixels[y * image->width + x] : 0;
}

static void print_colored(FILE *out, unsigned upper, unsigned lower)
{
    fprintf(out, "\033[38;5;%u;48;5;%um▀", FIRST_GRAY + upper * GRAYS / 256,
            FIRST_GRAY + lower * GRAYS / 256);
}

static void print_shaded(FILE *out, unsigned level, mlp_drawing_style style)
{
    static const char *const blocks[] = {" ", "░", "▒", "▓", "█"};
    static const char letters[] = " .:-=+*#%@";
    if (style == MLP_DRAWING_ASCII) {
        fputc(letters[level * (sizeof letters - 1) / 256], out);
    } else {
        fputs(blocks[level * (sizeof blocks / sizeof blocks[0]) / 256], out);
    }
}

void mlp_drawing_line(FILE *out, const mlp_image *fitted, size_t line,
                      mlp_drawing_style style)
{
    if (line >= mlp_drawing_lines(fitted)) {
        fprintf(out, "%*s", (int)fitted->width, "");
        return;
    }
    for (size_t x = 0; x < fitted->width; x++) {
        unsigned upper = pixel_at(fitted, 2 * line, x);
        unsigned lower = pixel_at(fitted, 2 * line + 1, x);
        if (style == MLP_DRAWING_COLOR) {
            print_colored(out, upper, lower);
        } else {
            print_shaded(out, (upper + lower) / 2, style);
        }
    }
    fputs(style == MLP_DRAWING_COLOR ? "\033[0m" : "", out);
}

/* ---- bars */

void mlp_drawing_bar(FILE *out, double part, size_t columns,
                     mlp_drawing_style style)
{
    static const char *const eighths[] = {" ", "▏", "▎", "▍",
                                          "▌", "▋", "▊", "▉"};
    double filling = part > 0.0 ? part : 0.0; /* 0 for NaN */
    filling = filling < 1.0 ? filling : 1.0;
    size_t filled = (size_t)(filling * 8.0 * (double)columns + 0.5);
    bool is_ascii = style == MLP_DRAWING_ASCII;
    for (size_t i = 0; i < columns; i++) {
        if (8 * (i + 1) <= filled) {
            fputs(is_ascii ? "#" : "█", out);
        } else if (8 * i < filled && !is_ascii) {
            fputs(eighths[filled % 8], out);
        } else {
            fputc(' ', out);
        }
    }
}
