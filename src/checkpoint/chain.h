/** @file
 *  The chain of a run: each checkpoint names its parent, the one before it, by
 *  step and digest. Old ones are deleted, so a chain has gaps; what follows a
 *  gap still says what was there.
 */
#ifndef MLP_CHECKPOINT_CHAIN_H
#define MLP_CHECKPOINT_CHAIN_H

#include "base/digest.h"
#include "base/status.h"
#include "checkpoint.h"
#include "names.h"

/** What a link's parent turned out to be. */
typedef enum {
    MLP_PARENT_NONE,     /**< it is the initial state itself */
    MLP_PARENT_INITIAL,  /**< the initial state, which is in no file */
    MLP_PARENT_VERIFIED, /**< there, and it has the digest */
    MLP_PARENT_NOT_KEPT, /**< its file is not there */
    MLP_PARENT_DAMAGED,  /**< its file is there, but cannot be read */
    MLP_PARENT_DIFFERS   /**< there, with another digest */
} mlp_chain_parent;

/** One checkpoint of a directory. */
typedef struct {
    mlp_checkpoint_name name;
    mlp_status status; /**< of loading it; if not MLP_OK, only fault follows */
    char fault[MLP_FAILURE_MAX];
    unsigned char digest[MLP_DIGEST_BYTES]; /**< of its state */
    unsigned char parameters_digest[MLP_DIGEST_BYTES];
    unsigned char config_digest[MLP_DIGEST_BYTES];
    unsigned char data_digest[MLP_DIGEST_BYTES];
    uint64_t parent_step;
    unsigned char parent_digest[MLP_DIGEST_BYTES];
    uint64_t arithmetic, arithmetic_since; /**< as in mlp_checkpoint */
} mlp_chain_link;

/** Owned by whoever read it. */
typedef struct {
    mlp_chain_link *links; /**< [count], by rising step */
    size_t count;
} mlp_chain;

/** Load and verify every checkpoint of a directory. A damaged one is a link
 *  with its fault, not a failure.
 *  MLP_ERROR_MISSING when there is none; MLP_ERROR_IO; MLP_ERROR_INTERNAL. */
mlp_status mlp_chain_read(const char *directory, mlp_chain *chain);
void mlp_chain_destroy(mlp_chain *chain);

/** Look for the parent of a link that is whole. */
mlp_chain_parent mlp_chain_judge(const mlp_chain *chain,
                                 const mlp_chain_link *link);

#endif
