/** @file
 *  Pictures: PNG and JPEG files, damaged and hostile ones, other sizes.
 */
#include "image/image.h"

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <turbojpeg.h>
#include <unistd.h>
#include <zlib.h>

#include "image/formats.h"
#include "run_suite.h"

static mlp_image image, other;
static unsigned char *bytes;
static size_t count;

static void teardown(void)
{
    mlp_image_destroy(&image);
    mlp_image_destroy(&other);
    free(bytes);
    bytes = NULL;
}

/* A picture whose samples are 0, 1, 2 ... times a step. */
static void create(size_t height, size_t width, size_t channels, unsigned step)
{
    ck_assert_int_eq(mlp_image_create(height, width, channels, &image), MLP_OK);
    for (size_t i = 0; i < height * width * channels; i++) {
        image.pixels[i] = (unsigned char)(i * step);
    }
}

static mlp_status decode(size_t channels)
{
    return mlp_image_decode("a.png", bytes, count, channels, &other);
}

/* The last decode was refused, with this text, and gave no picture. */
static void expect_refusal(mlp_status status, const char *text)
{
    ck_assert_int_eq(status, MLP_ERROR_DATA);
    ck_assert_msg(strstr(mlp_failure(), text) != NULL, "%s", mlp_failure());
    ck_assert_ptr_null(other.pixels);
}

/* ---- PNG files, made by hand where libpng would not make them */

static void put32(unsigned char *to, size_t value)
{
    for (int i = 0; i < 4; i++) {
        to[i] = (unsigned char)(value >> (24 - 8 * i));
    }
}

static void put_chunk(const char *name, const unsigned char *data, size_t size)
{
    put32(bytes + count, size);
    memcpy(bytes + count + 4, name, 4);
    if (size > 0) {
        memcpy(bytes + count + 8, data, size);
    }
    put32(bytes + count + 8 + size,
          crc32(0, bytes + count + 4, (unsigned)(size + 4)));
    count += 12 + size;
}

/* @param rows  the lines, each with its filter byte */
static void put_png(size_t height, size_t width, int depth, int color,
                    const unsigned char *rows, size_t size)
{
    unsigned char header[13] = {0};
    unsigned char packed[4096];
    unsigned long packed_size = sizeof packed;
    bytes = malloc(1 << 16);
    ck_assert_ptr_nonnull(bytes);
    memcpy(bytes, "\x89PNG\r\n\x1a\n", 8);
    count = 8;
    put32(header, width);
    put32(header + 4, height);
    header[8] = (unsigned char)depth;
    header[9] = (unsigned char)color;
    put_chunk("IHDR", header, sizeof header);
    ck_assert_int_eq(compress(packed, &packed_size, rows, size), Z_OK);
    put_chunk("IDAT", packed, packed_size);
    put_chunk("IEND", NULL, 0);
}

START_TEST(gray_comes_back_from_a_png_as_it_was)
{
    create(16, 16, 1, 1);
    ck_assert_int_eq(mlp_image_encode(&image, NULL, &bytes, &count), MLP_OK);
    ck_assert_msg(decode(1) == MLP_OK, "%s", mlp_failure());
    ck_assert_uint_eq(other.height, 16);
    ck_assert_uint_eq(other.width, 16);
    ck_assert_uint_eq(other.channels, 1);
    ck_assert_mem_eq(other.pixels, image.pixels, 256);
}
END_TEST

START_TEST(colors_come_back_from_a_png_as_they_were)
{
    create(5, 7, 3, 13);
    ck_assert_int_eq(mlp_image_encode(&image, NULL, &bytes, &count), MLP_OK);
    ck_assert_int_eq(decode(3), MLP_OK);
    ck_assert_uint_eq(other.channels, 3);
    ck_assert_mem_eq(other.pixels, image.pixels, 105);
}
END_TEST

START_TEST(gray_of_color_is_luma)
{
    static const unsigned char rows[] = {0, 255, 0,   0,  0,  255, 0,
                                         0, 0,   255, 77, 77, 77};
    put_png(1, 4, 8, 2, rows, sizeof rows);
    ck_assert_msg(decode(1) == MLP_OK, "%s", mlp_failure());
    ck_assert_uint_eq(other.channels, 1);
    ck_assert_uint_eq(other.pixels[0], 76);  /* 0.299 * 255 = 76.2 */
    ck_assert_uint_eq(other.pixels[1], 150); /* 0.587 * 255 = 149.7 */
    ck_assert_uint_eq(other.pixels[2], 29);  /* 0.114 * 255 = 29.1 */
    ck_assert_uint_eq(other.pixels[3], 77);
}
END_TEST

START_TEST(every_gray_level_survives_color_and_16_bits)
{
    unsigned char rows[1 + 256 * 6];
    for (int depth = 8; depth <= 16; depth += 8) {
        for (int i = 0; i < 256 * 3 * depth / 8; i++) {
            rows[1 + i] = (unsigned char)(i / (3 * depth / 8));
        }
        rows[0] = 0;
        put_png(1, 256, depth, 2, rows, 1 + 256 * 3 * (size_t)depth / 8);
        ck_assert_msg(decode(1) == MLP_OK, "%s", mlp_failure());
        for (unsigned i = 0; i < 256; i++) {
            ck_assert_uint_eq(other.pixels[i], i);
        }
        teardown();
    }
}
END_TEST

START_TEST(what_is_transparent_is_white)
{
    static const unsigned char alpha[] = {0, 255};
    create(1, 2, 1, 9);
    ck_assert_int_eq(mlp_image_encode(&image, alpha, &bytes, &count), MLP_OK);
    ck_assert_int_eq(decode(1), MLP_OK);
    ck_assert_uint_eq(other.pixels[0], 255);
    ck_assert_uint_eq(other.pixels[1], 9);
}
END_TEST

START_TEST(one_bit_a_pixel_is_black_and_white)
{
    static const unsigned char rows[] = {0, 0x50, 0, 0xa0};
    put_png(2, 4, 1, 0, rows, sizeof rows);
    ck_assert_int_eq(decode(1), MLP_OK);
    for (size_t i = 0; i < 4; i++) {
        ck_assert_uint_eq(other.pixels[i], i % 2 == 1 ? 255 : 0);
        ck_assert_uint_eq(other.pixels[4 + i], i % 2 == 0 ? 255 : 0);
    }
}
END_TEST

START_TEST(a_huge_png_is_refused_before_it_is_decoded)
{
    static const unsigned char nothing;
    put_png(65535, 65535, 8, 2, &nothing, 1);
    expect_refusal(decode(1), "a.png: has 65535 x 65535 pixels");
    teardown();
    put_png(1, 100000, 8, 0, &nothing, 1);
    expect_refusal(decode(1), "100000");
}
END_TEST

START_TEST(a_png_cut_anywhere_is_refused)
{
    create(9, 9, 1, 37);
    ck_assert_int_eq(mlp_image_encode(&image, NULL, &bytes, &count), MLP_OK);
    size_t whole = count - 12; /* all but IEND, which nothing depends on */
    for (size_t kept = 0; kept < whole; kept++) {
        unsigned char *part = malloc(kept + 1); /* so that reads are seen */
        ck_assert_ptr_nonnull(part);
        memcpy(part, bytes, kept);
        ck_assert_msg(mlp_image_decode("a.png", part, kept, 1, &other) ==
                          MLP_ERROR_DATA,
                      "%zu of %zu bytes", kept, count);
        ck_assert_ptr_null(other.pixels);
        free(part);
    }
}
END_TEST

START_TEST(a_png_with_a_changed_byte_gives_no_other_picture)
{
    create(9, 9, 1, 37);
    ck_assert_int_eq(mlp_image_encode(&image, NULL, &bytes, &count), MLP_OK);
    for (size_t i = 0; i < count; i++) {
        bytes[i] ^= 0x40;
        if (decode(1) == MLP_OK) {
            ck_assert_mem_eq(other.pixels, image.pixels, 81);
            mlp_image_destroy(&other);
        }
        bytes[i] ^= 0x40;
    }
}
END_TEST

/* ---- JPEG files */

/* The picture as a JPEG file of the best quality, which the caller frees. */
static void put_jpeg(int format, int sampling, int flags)
{
    unsigned long size = 0;
    unsigned char *file = NULL;
    tjhandle coder = tjInitCompress();
    ck_assert_int_eq(tjCompress2(coder, image.pixels, (int)image.width, 0,
                                 (int)image.height, format, &file, &size,
                                 sampling, 100, flags),
                     0);
    tjDestroy(coder);
    bytes = malloc(size);
    ck_assert_ptr_nonnull(bytes);
    memcpy(bytes, file, size);
    count = size;
    tjFree(file);
}

static void expect_near(const mlp_image *a, const mlp_image *b, int most)
{
    for (size_t i = 0; i < a->height * a->width * a->channels; i++) {
        ck_assert_int_le(abs(a->pixels[i] - b->pixels[i]), most);
    }
}

START_TEST(gray_comes_back_from_a_jpeg_nearly_as_it_was)
{
    create(16, 16, 1, 1);
    put_jpeg(TJPF_GRAY, TJSAMP_GRAY, 0);
    ck_assert_msg(decode(1) == MLP_OK, "%s", mlp_failure());
    expect_near(&other, &image, 2);
    mlp_image_destroy(&other);
    ck_assert_int_eq(decode(3), MLP_OK);
    ck_assert_uint_eq(other.channels, 3);
    ck_assert_int_le(abs(other.pixels[3 * 200 + 1] - 200), 2);
}
END_TEST

START_TEST(colors_come_back_from_a_jpeg_nearly_as_they_were)
{
    create(8, 8, 3, 1);
    put_jpeg(TJPF_RGB, TJSAMP_444, TJFLAG_PROGRESSIVE);
    ck_assert_int_eq(decode(3), MLP_OK);
    expect_near(&other, &image, 3);
    mlp_image_destroy(&other);
    ck_assert_int_eq(decode(1), MLP_OK);
    ck_assert_int_le(abs(other.pixels[63] - 190), 2);
}
END_TEST

START_TEST(a_jpeg_cut_short_is_refused)
{
    create(16, 16, 1, 1);
    put_jpeg(TJPF_GRAY, TJSAMP_GRAY, 0);
    size_t whole = count;
    for (count = 0; count < whole - 2; count++) {
        ck_assert_msg(decode(1) == MLP_ERROR_DATA, "%zu of %zu bytes", count,
                      whole);
        ck_assert_ptr_null(other.pixels);
    }
}
END_TEST

START_TEST(a_huge_jpeg_is_refused_before_it_is_decoded)
{
    create(16, 16, 1, 1);
    put_jpeg(TJPF_GRAY, TJSAMP_GRAY, 0);
    unsigned char *frame = bytes + 2;
    while (frame[1] != 0xc0) { /* from segment to segment to the frame's */
        frame += 2 + 256 * frame[2] + frame[3];
    }
    for (size_t i = 5; i < 9; i += 2) {
        frame[i] = 0xfd; /* 65000 = 0xfde8 */
        frame[i + 1] = 0xe8;
    }
    expect_refusal(decode(1), "65000 x 65000");
}
END_TEST

START_TEST(scans_without_number_are_refused)
{
    create(16, 16, 1, 1);
    put_jpeg(TJPF_GRAY, TJSAMP_GRAY, TJFLAG_PROGRESSIVE);
    size_t before = count;
    size_t scans = ((size_t)1 << 30) / 256 + 1;
    bytes = realloc(bytes, before + 2 * scans);
    ck_assert_ptr_nonnull(bytes);
    for (size_t i = 0; i < scans; i++) {
        bytes[count++] = 0xff;
        bytes[count++] = 0xda;
    }
    expect_refusal(decode(1), "scans of 16 x 16 pixels");
}
END_TEST

/* ---- Exif -------------------------------------------------------------- */

/* Stored rows 1 2 3 and 4 5 6, and how they are seen. */
START_TEST(a_picture_is_turned_upright)
{
    static const struct {
        size_t height, width;
        unsigned char pixels[6];
    } seen[] = {{2, 3, {1, 2, 3, 4, 5, 6}}, {2, 3, {3, 2, 1, 6, 5, 4}},
                {2, 3, {6, 5, 4, 3, 2, 1}}, {2, 3, {4, 5, 6, 1, 2, 3}},
                {3, 2, {1, 4, 2, 5, 3, 6}}, {3, 2, {4, 1, 5, 2, 6, 3}},
                {3, 2, {6, 3, 5, 2, 4, 1}}, {3, 2, {3, 6, 2, 5, 1, 4}}};
    for (unsigned orientation = 1; orientation <= 8; orientation++) {
        create(2, 3, 1, 1);
        for (size_t i = 0; i < 6; i++) {
            image.pixels[i]++;
        }
        ck_assert_int_eq(mlp_image_turn(orientation, &image), MLP_OK);
        ck_assert_uint_eq(image.height, seen[orientation - 1].height);
        ck_assert_uint_eq(image.width, seen[orientation - 1].width);
        ck_assert_mem_eq(image.pixels, seen[orientation - 1].pixels, 6);
        mlp_image_destroy(&image);
    }
}
END_TEST

START_TEST(colors_stay_together_when_a_picture_is_turned)
{
    static const unsigned char seen[] = {3, 4, 5, 0, 1, 2};
    create(1, 2, 3, 1);
    ck_assert_int_eq(mlp_image_turn(8, &image), MLP_OK);
    ck_assert_uint_eq(image.height, 2);
    ck_assert_mem_eq(image.pixels, seen, sizeof seen);
}
END_TEST

/* Begin of a JPEG file: a segment to pass over, then Exif with two entries. */
#define EXIF_BEGIN                                                             \
    0xff, 0xd8, 0xff, 0xe0, 0, 4, 'J', 'F', 0xff, 0xe1, 0, 46, 'E', 'x', 'i',  \
        'f', 0, 0
static const unsigned char big_endian[] = {
    EXIF_BEGIN, 'M',  'M', 0, 42, 0, 0, 0, 8, 0, 2,    /* directory */
    1,          0,    0,   4, 0,  0, 0, 1, 0, 0, 0, 6, /* another tag */
    1,          0x12, 0,   3, 0,  0, 0, 1, 0, 6, 0, 0,
    0,          0,    0,   0}; /* orientation */
static const unsigned char little_endian[] = {
    EXIF_BEGIN, 'I', 'I', 42,   0, 8, 0, 0, 0, 2, 0, 0, 1, 4, 0, 1, 0, 0, 0, 6,
    0,          0,   0,   0x12, 1, 3, 0, 1, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0};

START_TEST(exif_tells_the_orientation_in_both_byte_orders)
{
    ck_assert_uint_eq(mlp_image_exif_orientation(big_endian, sizeof big_endian),
                      6);
    ck_assert_uint_eq(
        mlp_image_exif_orientation(little_endian, sizeof little_endian), 8);
}
END_TEST

/* Cut anywhere, or with any other byte anywhere: some orientation, no fault. */
START_TEST(exif_that_makes_no_sense_is_upright)
{
    size_t size = sizeof big_endian;
    for (size_t cut = 0; cut < size; cut++) {
        unsigned char *copy = malloc(cut + 1); /* for AddressSanitizer */
        ck_assert_ptr_nonnull(copy);
        memcpy(copy, big_endian, cut);
        ck_assert_uint_eq(mlp_image_exif_orientation(copy, cut), 1);
        free(copy);
    }
    for (size_t i = 0; i < size * 256; i++) {
        unsigned char *copy = malloc(size);
        ck_assert_ptr_nonnull(copy);
        memcpy(copy, big_endian, size);
        copy[i / 256] = (unsigned char)i;
        unsigned found = mlp_image_exif_orientation(copy, size);
        ck_assert(found >= 1 && found <= 8);
        free(copy);
    }
}
END_TEST

START_TEST(a_jpeg_from_a_camera_on_its_side_is_turned)
{
    create(16, 32, 1, 0);
    memset(image.pixels, 250, 32 * 8); /* the upper half is light */
    put_jpeg(TJPF_GRAY, TJSAMP_GRAY, 0);
    size_t exif = sizeof big_endian - 2; /* but for the begin of a file */
    bytes = realloc(bytes, count + exif);
    ck_assert_ptr_nonnull(bytes);
    memmove(bytes + 2 + exif, bytes + 2, count - 2);
    memcpy(bytes + 2, big_endian + 2, exif);
    count += exif;
    ck_assert_int_eq(decode(1), MLP_OK);
    ck_assert_uint_eq(other.height, 32);
    ck_assert_uint_eq(other.width, 16);
    ck_assert_uint_lt(other.pixels[0], 10);   /* it was at the lower left */
    ck_assert_uint_gt(other.pixels[15], 240); /* and this at the upper left */
}
END_TEST

START_TEST(a_jpeg_for_print_is_refused)
{
    create(8, 8, 4, 1);
    put_jpeg(TJPF_CMYK, TJSAMP_444, 0);
    expect_refusal(decode(1), "CMYK");
}
END_TEST

/* ---- files */

START_TEST(a_file_is_known_by_its_content)
{
    char path[] = "/tmp/mlp-image-XXXXXX";
    int fd = mkstemp(path);
    create(4, 4, 1, 3);
    ck_assert_int_eq(mlp_image_encode(&image, NULL, &bytes, &count), MLP_OK);
    ck_assert_int_eq(write(fd, bytes, count), (ssize_t)count);
    close(fd);
    mlp_status status = mlp_image_read(path, 1, &other);
    unlink(path);
    ck_assert_int_eq(status, MLP_OK);
    ck_assert_mem_eq(other.pixels, image.pixels, 16);
}
END_TEST

START_TEST(what_is_no_picture_is_refused)
{
    ck_assert_int_eq(mlp_image_read("/no/such.png", 1, &other),
                     MLP_ERROR_MISSING);
    ck_assert_int_eq(mlp_image_read("/tmp", 1, &other), MLP_ERROR_IO);
    ck_assert_ptr_nonnull(strstr(mlp_failure(), "/tmp"));
    expect_refusal(mlp_image_read("/dev/null", 1, &other),
                   "/dev/null: is neither");
    expect_refusal(mlp_image_read("/proc/self/cmdline", 1, &other), "neither");
}
END_TEST

START_TEST(names_tell_which_files_may_be_pictures)
{
    ck_assert(mlp_image_has_name("a.png"));
    ck_assert(mlp_image_has_name("b/c.JPG"));
    ck_assert(mlp_image_has_name("d.Jpeg"));
    ck_assert(!mlp_image_has_name(".png"));
    ck_assert(!mlp_image_has_name("png"));
    ck_assert(!mlp_image_has_name("a.png.txt"));
}
END_TEST

/* ---- other sizes */

START_TEST(the_same_size_is_the_same_picture)
{
    create(9, 7, 3, 11);
    ck_assert_int_eq(mlp_image_resize(&image, 9, 7, &other), MLP_OK);
    ck_assert_mem_eq(other.pixels, image.pixels, 9 * 7 * 3);
}
END_TEST

START_TEST(half_the_width_weighs_1_3_3_1)
{
    static const unsigned char row[] = {0, 80, 160, 240};
    create(1, 4, 1, 0);
    memcpy(image.pixels, row, sizeof row);
    ck_assert_int_eq(mlp_image_resize(&image, 1, 2, &other), MLP_OK);
    /* The edge has no pixel before it: (3*0 + 3*80 + 1*160) / 7 = 57.1 */
    ck_assert_uint_eq(other.pixels[0], 57);
    ck_assert_uint_eq(other.pixels[1], 183); /* 240 - 57.1 */
}
END_TEST

START_TEST(twice_the_height_is_a_line_between)
{
    static const unsigned char column[] = {100, 200};
    create(2, 1, 1, 0);
    memcpy(image.pixels, column, sizeof column);
    ck_assert_int_eq(mlp_image_resize(&image, 4, 1, &other), MLP_OK);
    ck_assert_uint_eq(other.pixels[0], 100);
    ck_assert_uint_eq(other.pixels[1], 125);
    ck_assert_uint_eq(other.pixels[2], 175);
    ck_assert_uint_eq(other.pixels[3], 200);
}
END_TEST

START_TEST(an_even_picture_stays_even_at_any_size)
{
    for (size_t side = 1; side < 60; side += 7) {
        create(31, 17, 3, 0);
        memset(image.pixels, 201, (size_t)31 * 17 * 3);
        ck_assert_int_eq(mlp_image_resize(&image, side, 60 - side, &other),
                         MLP_OK);
        for (size_t i = 0; i < side * (60 - side) * 3; i++) {
            ck_assert_uint_eq(other.pixels[i], 201);
        }
        teardown();
    }
}
END_TEST

START_TEST(colors_are_resized_each_for_itself)
{
    create(2, 2, 3, 0);
    for (size_t i = 0; i < 4; i++) {
        image.pixels[3 * i + 1] = 255;
    }
    ck_assert_int_eq(mlp_image_resize(&image, 3, 5, &other), MLP_OK);
    for (size_t i = 0; i < 15; i++) {
        ck_assert_uint_eq(other.pixels[3 * i], 0);
        ck_assert_uint_eq(other.pixels[3 * i + 1], 255);
        ck_assert_uint_eq(other.pixels[3 * i + 2], 0);
    }
}
END_TEST

START_TEST(inverted_twice_is_as_before)
{
    create(2, 3, 1, 50);
    mlp_image_invert(&image);
    ck_assert_uint_eq(image.pixels[0], 255);
    ck_assert_uint_eq(image.pixels[1], 205);
    mlp_image_invert(&image);
    ck_assert_uint_eq(image.pixels[1], 50);
}
END_TEST

/* ---- centered */

START_TEST(what_is_drawn_is_centered_at_5_sevenths)
{
    create(90, 70, 1, 0);
    for (size_t y = 30; y < 70; y++) { /* a bar of 40 x 20 pixels */
        memset(image.pixels + 70 * y + 5, 255, 20);
    }
    image.pixels[0] = 63; /* noise */
    ck_assert_int_eq(mlp_image_center(&image, 28, 28, &other), MLP_OK);
    for (size_t y = 0; y < 28; y++) {
        for (size_t x = 0; x < 28; x++) { /* now of 20 x 10 */
            bool is_bar = y >= 4 && y < 24 && x >= 9 && x < 19;
            ck_assert_uint_eq(other.pixels[28 * y + x], is_bar ? 255 : 0);
        }
    }
}
END_TEST

START_TEST(a_heavy_foot_lifts_the_sign)
{
    create(20, 20, 1, 0);
    memset(image.pixels + (size_t)20 * 18, 255, 40); /* two rows below, */
    image.pixels[0] = 255;                           /* a dot above */
    ck_assert_int_eq(mlp_image_center(&image, 28, 28, &other), MLP_OK);
    ck_assert_uint_eq(other.pixels[4], 255);
    ck_assert_uint_eq(other.pixels[28 * 18 + 4], 255);
    ck_assert_uint_eq(other.pixels[28 * 20 + 4], 0);
}
END_TEST

START_TEST(an_empty_picture_stays_black)
{
    create(5, 5, 1, 0);
    ck_assert_int_eq(mlp_image_center(&image, 3, 2, &other), MLP_OK);
    ck_assert_uint_eq(other.height, 3);
    ck_assert_uint_eq(other.width, 2);
    for (size_t i = 0; i < 6; i++) {
        ck_assert_uint_eq(other.pixels[i], 0);
    }
}
END_TEST

START_TEST(a_sign_of_any_extents_fits_the_grid)
{
    for (size_t side = 1; side < 40; side += 6) {
        create(side, 40 - side, 1, 0);
        memset(image.pixels, 255, side * (40 - side));
        ck_assert_int_eq(mlp_image_center(&image, 1 + side / 3, 7, &other),
                         MLP_OK);
        teardown();
    }
}
END_TEST

static void add_files(TCase *tests)
{
    tcase_add_test(tests, gray_comes_back_from_a_png_as_it_was);
    tcase_add_test(tests, colors_come_back_from_a_png_as_they_were);
    tcase_add_test(tests, gray_of_color_is_luma);
    tcase_add_test(tests, every_gray_level_survives_color_and_16_bits);
    tcase_add_test(tests, what_is_transparent_is_white);
    tcase_add_test(tests, one_bit_a_pixel_is_black_and_white);
    tcase_add_test(tests, a_huge_png_is_refused_before_it_is_decoded);
    tcase_add_test(tests, a_png_cut_anywhere_is_refused);
    tcase_add_test(tests, a_png_with_a_changed_byte_gives_no_other_picture);
    tcase_add_test(tests, gray_comes_back_from_a_jpeg_nearly_as_it_was);
    tcase_add_test(tests, colors_come_back_from_a_jpeg_nearly_as_they_were);
    tcase_add_test(tests, a_jpeg_cut_short_is_refused);
    tcase_add_test(tests, a_huge_jpeg_is_refused_before_it_is_decoded);
    tcase_add_test(tests, scans_without_number_are_refused);
    tcase_add_test(tests, a_jpeg_for_print_is_refused);
    tcase_add_test(tests, a_picture_is_turned_upright);
    tcase_add_test(tests, colors_stay_together_when_a_picture_is_turned);
    tcase_add_test(tests, exif_tells_the_orientation_in_both_byte_orders);
    tcase_add_test(tests, exif_that_makes_no_sense_is_upright);
    tcase_add_test(tests, a_jpeg_from_a_camera_on_its_side_is_turned);
    tcase_add_test(tests, a_file_is_known_by_its_content);
    tcase_add_test(tests, what_is_no_picture_is_refused);
    tcase_add_test(tests, names_tell_which_files_may_be_pictures);
}

static void add_sizes(TCase *tests)
{
    tcase_add_test(tests, the_same_size_is_the_same_picture);
    tcase_add_test(tests, half_the_width_weighs_1_3_3_1);
    tcase_add_test(tests, twice_the_height_is_a_line_between);
    tcase_add_test(tests, an_even_picture_stays_even_at_any_size);
    tcase_add_test(tests, colors_are_resized_each_for_itself);
    tcase_add_test(tests, inverted_twice_is_as_before);
    tcase_add_test(tests, what_is_drawn_is_centered_at_5_sevenths);
    tcase_add_test(tests, a_heavy_foot_lifts_the_sign);
    tcase_add_test(tests, an_empty_picture_stays_black);
    tcase_add_test(tests, a_sign_of_any_extents_fits_the_grid);
}

int main(void)
{
    Suite *suite = suite_create("image");
    TCase *tests = tcase_create("image");
    tcase_add_checked_fixture(tests, NULL, teardown);
    add_files(tests);
    add_sizes(tests);
    suite_add_tcase(suite, tests);
    return run_suite(suite, CK_FORK_GETENV);
}
