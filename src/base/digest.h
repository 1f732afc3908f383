/** @file
 *  SHA-256 (FIPS 180-4) over bytes, by OpenSSL's libcrypto.
 */
#ifndef MLP_DIGEST_H
#define MLP_DIGEST_H

#include <stddef.h>

#include "status.h"

enum {
    MLP_DIGEST_BYTES = 32,
    MLP_DIGEST_HEX = 65 /**< bytes of the hex form with its final NUL */
};

typedef struct mlp_digest mlp_digest;

/** Begin a digest, which the caller owns. MLP_ERROR_INTERNAL without memory. */
mlp_status mlp_digest_create(mlp_digest **digest);
void mlp_digest_destroy(mlp_digest **digest);

/** Add n more bytes. */
mlp_status mlp_digest_update(mlp_digest *digest, const void *bytes, size_t n);

/** The digest of all bytes so far; afterwards only destroy is allowed. */
mlp_status mlp_digest_finish(mlp_digest *digest,
                             unsigned char value[MLP_DIGEST_BYTES]);

/** The digest of n bytes in one call. */
mlp_status mlp_digest_of(const void *bytes, size_t n,
                         unsigned char value[MLP_DIGEST_BYTES]);

/** 64 lower-case hexadecimal digits and a NUL. */
void mlp_digest_hex(const unsigned char value[MLP_DIGEST_BYTES],
                    char hex[MLP_DIGEST_HEX]);

#endif
