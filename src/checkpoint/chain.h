/** @file
 *  The chain of a run: each checkpoint names its parent, the one before it, by
 *  step and digest. Old checkpoints are deleted, so a chain has gaps; the
 *  checkpoint after a gap still has its parent's step and digest.
 */
#ifndef MLP_CHECKPOINT_CHAIN_H
#define MLP_CHECKPOINT_CHAIN_H

#include "base/digest.h"
#include "base/status.h"
#include "checkpoint.h"
#include "names.h"

/** State of a link's parent. */
typedef enum {
    MLP_PARENT_NONE,     /**< the link is the initial state */
    MLP_PARENT_INITIAL,  /**< the initial state, which has no file */
    MLP_PARENT_VERIFIED, /**< the file has the digest */
    MLP_PARENT_NOT_KEPT, /**< the file is absent */
    MLP_PARENT_DAMAGED,  /**< the file cannot be loaded */
    MLP_PARENT_DIFFERS   /**< the file has another digest */
} mlp_chain_parent;

/** One checkpoint of a directory. */
typedef struct {
    mlp_checkpoint_name name;
    mlp_status status; /**< of loading; if not MLP_OK, only fault is set */
    char fault[MLP_FAILURE_MAX];
    unsigned char digest[MLP_DIGEST_BYTES]; /**< of the state */
    unsigned char parameters_digest[MLP_DIGEST_BYTES];
    unsigned char config_digest[MLP_DIGEST_BYTES];
    /** Of the configuration without what a segment of a run has of its own, and
     *  that: --resume with other --epochs begins a segment. */
    unsigned char common_digest[MLP_DIGEST_BYTES];
    size_t epochs;
    uint64_t schedule_start;
    unsigned char origin_digest[MLP_DIGEST_BYTES]; /**< as in mlp_checkpoint */
    unsigned char data_digest[MLP_DIGEST_BYTES];
    uint64_t parent_step;
    unsigned char parent_digest[MLP_DIGEST_BYTES];
    uint64_t arithmetic, arithmetic_since; /**< as in mlp_checkpoint */
} mlp_chain_link;

/** Owned by the caller of mlp_chain_read. */
typedef struct {
    mlp_chain_link *links; /**< [count], in ascending order of steps */
    size_t count;
} mlp_chain;

/** Load and verify every checkpoint of a directory. A damaged file becomes a
 *  link with its fault, not a failure. MLP_ERROR_MISSING when there is none;
 *  MLP_ERROR_IO; MLP_ERROR_INTERNAL. */
mlp_status mlp_chain_read(const char *directory, mlp_chain *chain);
void mlp_chain_destroy(mlp_chain *chain);

/** Find the parent of a link that was loaded. */
mlp_chain_parent mlp_chain_find_parent(const mlp_chain *chain,
                                       const mlp_chain_link *link);

#endif
