/** @file
 *  Fingerprints of numbers in memory.
 */
#include "fingerprint.h"

#include <string.h>

static const uint64_t GOLDEN = 0x9e3779b97f4a7c15; /* 2^64 / golden ratio */

/* A bijection: two words never mix to the same value. */
static inline uint64_t mix(uint64_t word)
{
    word = (word ^ word >> 30) * 0xbf58476d1ce4e5b9;
    return (word ^ word >> 27) * 0x94d049bb133111eb;
}

uint64_t mlp_fingerprint(const void *words, size_t first, size_t count)
{
    uint64_t sum = 0;
    uint64_t place = (uint64_t)first * GOLDEN;
    for (size_t i = 0; i < count; i++) {
        uint64_t word;
        memcpy(&word, (const char *)words + i * sizeof word, sizeof word);
        place += GOLDEN;
        sum += mix(word ^ place);
    }
    return sum;
}
