/** @file
 *  Reading the chain of a run from its directory.
 */
#include "chain.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/model.h"

static mlp_status digest_config(const mlp_config *config, mlp_chain_link *link)
{
    mlp_config common = *config;
    common.epochs = 1;
    common.schedule_start = 0;
    link->epochs = config->epochs;
    link->schedule_start = config->schedule_start;
    MLP_TRY(mlp_checkpoint_config_digest(&common, link->common_digest));
    return mlp_checkpoint_config_digest(config, link->config_digest);
}

static mlp_status identify(const mlp_checkpoint *checkpoint,
                           mlp_chain_link *link)
{
    link->parent_step = checkpoint->parent_step;
    link->arithmetic = checkpoint->arithmetic;
    link->arithmetic_since = checkpoint->arithmetic_since;
    memcpy(link->data_digest, checkpoint->data_digest, MLP_DIGEST_BYTES);
    memcpy(link->parent_digest, checkpoint->parent_digest, MLP_DIGEST_BYTES);
    memcpy(link->origin_digest, checkpoint->origin_digest, MLP_DIGEST_BYTES);
    MLP_TRY(digest_config(&checkpoint->config, link));
    MLP_TRY(mlp_model_digest(checkpoint->parameters,
                             checkpoint->parameter_count,
                             link->parameters_digest));
    return mlp_checkpoint_digest(checkpoint, link->digest);
}

/* Without memory the caller fails; any other error belongs to this file. */
static mlp_status read_link(const char *directory, mlp_chain_link *link)
{
    char name[MLP_NAME_BYTES], path[MLP_MAX_PATH];
    mlp_checkpoint checkpoint;
    mlp_checkpoint_name_format(link->name, name);
    MLP_TRY(mlp_path_join(directory, name, path));
    link->status = mlp_checkpoint_load(path, &checkpoint);
    if (link->status == MLP_OK) {
        link->status = identify(&checkpoint, link);
        mlp_checkpoint_destroy(&checkpoint);
    }
    if (link->status != MLP_OK) {
        snprintf(link->fault, sizeof link->fault, "%s", mlp_failure());
    }
    return link->status == MLP_ERROR_INTERNAL ? link->status : MLP_OK;
}

static mlp_status read_links(const char *directory,
                             const mlp_checkpoint_list *list, mlp_chain *chain)
{
    if (list->count == 0) {
        return mlp_fail(MLP_ERROR_MISSING, "%s: has no checkpoint", directory);
    }
    chain->links = calloc(list->count, sizeof *chain->links);
    if (chain->links == NULL) {
        return mlp_fail_memory("the chain of checkpoints");
    }
    chain->count = list->count;
    for (size_t i = 0; i < list->count; i++) {
        chain->links[i].name = list->names[list->count - 1 - i];
        MLP_TRY(read_link(directory, &chain->links[i]));
    }
    return MLP_OK;
}

mlp_status mlp_chain_read(const char *directory, mlp_chain *chain)
{
    mlp_checkpoint_list list;
    *chain = (mlp_chain){NULL, 0};
    MLP_TRY(mlp_checkpoint_list_read(directory, &list));
    mlp_status status = read_links(directory, &list, chain);
    mlp_checkpoint_list_destroy(&list);
    if (status != MLP_OK) {
        mlp_chain_destroy(chain);
    }
    return status;
}

void mlp_chain_destroy(mlp_chain *chain)
{
    free(chain->links);
    *chain = (mlp_chain){NULL, 0};
}

static bool is_same(const unsigned char *a, const unsigned char *b)
{
    return memcmp(a, b, MLP_DIGEST_BYTES) == 0;
}

mlp_chain_parent mlp_chain_find_parent(const mlp_chain *chain,
                                       const mlp_chain_link *link)
{
    static const unsigned char nothing[MLP_DIGEST_BYTES];
    if (is_same(link->parent_digest, nothing)) {
        return MLP_PARENT_NONE;
    }
    mlp_chain_parent parent =
        link->parent_step == 0 ? MLP_PARENT_INITIAL : MLP_PARENT_NOT_KEPT;
    for (size_t i = 0; i < chain->count; i++) {
        const mlp_chain_link *other = &chain->links[i];
        if (other->name.step != link->parent_step || other == link) {
            continue;
        }
        if (other->status == MLP_OK) {
            return is_same(other->digest, link->parent_digest)
                       ? MLP_PARENT_VERIFIED
                       : MLP_PARENT_DIFFERS;
        }
        parent = MLP_PARENT_DAMAGED;
    }
    return parent;
}
