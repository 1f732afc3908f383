/** @file
 *  TFRecord, the framing of events in an event file.
 */
#ifndef MLP_TENSORBOARD_RECORD_H
#define MLP_TENSORBOARD_RECORD_H

#include <stddef.h>
#include <stdint.h>

enum {
    MLP_RECORD_HEAD = 12, /**< bytes before the data: length and its CRC */
    MLP_RECORD_TAIL = 4   /**< bytes after the data: CRC */
};

/** CRC-32C, the cyclic redundancy check with Castagnoli's polynomial.
 *  Source: RFC 3720 (iSCSI), section 12.1 and appendix B.4. */
uint32_t mlp_crc32c(const uint8_t *bytes, size_t count);

/** The CRC as TFRecord stores it: rotated right by 15 bits, plus a constant, so
 *  that data may contain CRCs.
 *  Source: TensorFlow, core/lib/hash/crc32c.h. */
uint32_t mlp_crc32c_masked(const uint8_t *bytes, size_t count);

/** Fill in the frame around data.
 *  @param record  [MLP_RECORD_HEAD + count + MLP_RECORD_TAIL], with the data in
 *                 place
 *  Source: TensorFlow, python/lib/io/tf_record.py; numbers are little-endian */
void mlp_record_frame(uint8_t *record, size_t count);

#endif
