/** @file
 *  The frame of a TFRecord. Bitwise CRC is fast enough for a few hundred bytes
 *  per epoch.
 */
#include "tensorboard_record.h"

static const uint32_t CASTAGNOLI = 0x82F63B78; /* reflected */
static const uint32_t MASK = 0xA282EAD8;

uint32_t mlp_crc32c(const uint8_t *bytes, size_t count)
{
    uint32_t rest = UINT32_MAX;
    for (size_t i = 0; i < count; i++) {
        rest ^= bytes[i];
        for (int bit = 0; bit < 8; bit++) {
            rest = rest >> 1 ^ (rest & 1 ? CASTAGNOLI : 0);
        }
    }
    return ~rest;
}

uint32_t mlp_crc32c_masked(const uint8_t *bytes, size_t count)
{
    uint32_t sum = mlp_crc32c(bytes, count);
    return (sum >> 15 | sum << 17) + MASK;
}

static void put_number(uint8_t *bytes, uint64_t number, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        bytes[i] = (uint8_t)(number >> 8 * i);
    }
}

void mlp_record_frame(uint8_t *record, size_t count)
{
    uint8_t *data = record + MLP_RECORD_HEAD;
    put_number(record, count, 8);
    put_number(record + 8, mlp_crc32c_masked(record, 8), 4);
    put_number(data + count, mlp_crc32c_masked(data, count), 4);
}
