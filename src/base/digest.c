/** @file
 *  SHA-256 by OpenSSL's EVP interface.
 */
#include "digest.h"

#include <openssl/evp.h>
#include <stdlib.h>

struct mlp_digest {
    EVP_MD_CTX *context;
};

/* OpenSSL's calls return 1; anything else means that the library is broken or
 * forbids SHA-256. */
static mlp_status check_openssl(int result)
{
    if (result != 1) {
        return mlp_fail(MLP_ERROR_INTERNAL, "SHA-256 failed in libcrypto");
    }
    return MLP_OK;
}

mlp_status mlp_digest_create(mlp_digest **digest)
{
    *digest = NULL;
    mlp_digest *made = malloc(sizeof *made);
    if (made == NULL) {
        return mlp_fail_memory("a digest");
    }
    made->context = EVP_MD_CTX_new();
    if (made->context == NULL) {
        free(made);
        return mlp_fail_memory("a digest");
    }
    *digest = made;
    mlp_status status =
        check_openssl(EVP_DigestInit_ex(made->context, EVP_sha256(), NULL));
    if (status != MLP_OK) {
        mlp_digest_destroy(digest);
    }
    return status;
}

void mlp_digest_destroy(mlp_digest **digest)
{
    if (*digest != NULL) {
        EVP_MD_CTX_free((*digest)->context);
        free(*digest);
        *digest = NULL;
    }
}

mlp_status mlp_digest_update(mlp_digest *digest, const void *bytes, size_t n)
{
    return check_openssl(EVP_DigestUpdate(digest->context, bytes, n));
}

mlp_status mlp_digest_finish(mlp_digest *digest,
                             unsigned char value[MLP_DIGEST_BYTES])
{
    return check_openssl(EVP_DigestFinal_ex(digest->context, value, NULL));
}

mlp_status mlp_digest_of(const void *bytes, size_t n,
                         unsigned char value[MLP_DIGEST_BYTES])
{
    return check_openssl(EVP_Digest(bytes, n, value, NULL, EVP_sha256(), NULL));
}

void mlp_digest_hex(const unsigned char value[MLP_DIGEST_BYTES],
                    char hex[MLP_DIGEST_HEX])
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < MLP_DIGEST_BYTES; i++) {
        hex[2 * i] = digits[value[i] >> 4];
        hex[2 * i + 1] = digits[value[i] & 15];
    }
    hex[2 * MLP_DIGEST_BYTES] = '\0';
}
