/** @file
 *  Short numbers: most of those in tables, parsed inline by the loop over cells
 *  (csv.c), eight digits at a time. All others: number.h.
 *
 *  Source: Lemire 2021, "Number parsing at a gigabyte per second".
 */
#ifndef MLP_SHORT_NUMBER_H
#define MLP_SHORT_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum {
    MLP_DIGITS_WORD = sizeof(uint64_t), /**< digits of a word */
    MLP_DIGITS_SHORT = 15 /**< of a short number: a double has them exactly */
};

/** Eight bytes of a text, the first one lowest, each less '0'. */
static inline uint64_t mlp_digits_load(const char *at)
{
    uint64_t word;
    memcpy(&word, at, sizeof word);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    return word ^ UINT64_C(0x3030303030303030);
}

/** The highest bit of each byte of a word that is not 0 to 9. A carry out of a
 *  byte only reaches bytes above one that is none: the lowest one is right. */
static inline uint64_t mlp_digits_others(uint64_t word)
{
    return ((word + UINT64_C(0x7676767676767676)) | word) &
           UINT64_C(0x8080808080808080);
}

/** How many digits a word begins with, by its others. */
static inline size_t mlp_digits_count(uint64_t others)
{
    return others == 0 ? MLP_DIGITS_WORD : (size_t)__builtin_ctzll(others) / 8;
}

/** The number whose digits are the first `count` bytes of a word, at least one:
 *  leading zeros in place of the other bytes, then pairs are joined, then
 * fours, then all. */
static inline uint64_t mlp_digits_join(uint64_t word, size_t count)
{
    const uint64_t mask = UINT64_C(0x000000FF000000FF);
    word <<= 8 * (MLP_DIGITS_WORD - count);
    word = word * 10 + (word >> 8);
    return ((word & mask) * (100 + (UINT64_C(1000000) << 32)) +
            ((word >> 16) & mask) * (1 + (UINT64_C(10000) << 32))) >>
           32;
}

/** Parse a number with 1 to 7 digits before the point and at most
 *  MLP_DIGITS_SHORT in all. The caller checks that no exponent follows. As
 *  mlp_number_take, but for this.
 *
 *  The digits around the point are joined first, so that nothing depends on
 *  where it is. They and the power of ten are exact doubles, and their quotient
 *  is rounded once: rounding it again is right unless it is halfway between two
 *  floats. */
static inline const char *mlp_number_short(const char *text, float *value)
{
    static const uint64_t below_float = (UINT64_C(1) << 29) - 1;
    static const double powers[MLP_DIGITS_SHORT] = {
        1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6, 1e7,
        1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14};
    bool is_negative = *text == '-';
    const char *at = text + is_negative;
    uint64_t word = mlp_digits_load(at);
    uint64_t others = mlp_digits_others(word);
    size_t whole = mlp_digits_count(others);
    if (whole - 1 >= MLP_DIGITS_WORD - 1) {
        return NULL;
    }
    size_t count = whole;
    if (at[whole] == '.') {
        uint64_t before = (others ^ (others - 1)) >> 8; /* the point */
        word = (word & before) | (mlp_digits_load(++at) & ~before);
        count = mlp_digits_count(mlp_digits_others(word));
    }
    uint64_t digits = mlp_digits_join(word, count);
    if (count == MLP_DIGITS_WORD) {
        word = mlp_digits_load(at + MLP_DIGITS_WORD);
        size_t more = mlp_digits_count(mlp_digits_others(word));
        if (more == MLP_DIGITS_WORD) {
            return NULL;
        }
        count += more;
        if (more > 0) {
            digits =
                digits * (uint64_t)powers[more] + mlp_digits_join(word, more);
        }
    }
    double near = (double)(int64_t)digits / powers[count - whole];
    uint64_t bits;
    memcpy(&bits, &near, sizeof bits);
    if ((bits & below_float) == below_float / 2 + 1) {
        return NULL;
    }
    float number = (float)near;
    uint32_t signed_bits; /* no branch, which half of all numbers would take */
    memcpy(&signed_bits, &number, sizeof signed_bits);
    signed_bits |= (uint32_t)is_negative << 31;
    memcpy(value, &signed_bits, sizeof signed_bits);
    return at + count;
}

#endif
