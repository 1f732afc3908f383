/** @file
 *  Checks that all ranks have the same executable, options and data. A rank
 *  that differs would not fail, but silently make another model.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/digest.h"
#include "run.h"

#include "internal.h"
#include "system/files.h"
#include "team/vote.h"

enum { DIGEST_WORDS = MLP_DIGEST_BYTES / 8, FACTS = 6, SAMPLE_ROWS = 16 };

/* Compare a value over ranks. Collective. The caller destroys the vote. */
static mlp_status take_vote(mlp_comm *comm, const uint64_t *mine, size_t count,
                            mlp_vote *vote)
{
    MLP_TRY(mlp_comm_agree(comm, mlp_vote_create(comm, count, vote)));
    return mlp_vote_take(comm, mine, vote);
}

static bool is_odd(const mlp_vote *vote, const mlp_comm *comm)
{
    return mlp_vote_is_odd(vote, mlp_comm_rank(comm));
}

/* ---- the executable ---------------------------------------------------- */

static mlp_status digest_file(int fd, mlp_digest *digest)
{
    unsigned char bytes[65536];
    ssize_t got;
    while ((got = read(fd, bytes, sizeof bytes)) > 0) {
        MLP_TRY(mlp_digest_update(digest, bytes, (size_t)got));
    }
    return got == 0 ? MLP_OK : mlp_fail_read("/proc/self/exe");
}

/* Zeros if /proc/self/exe cannot be opened. */
static mlp_status digest_executable(uint64_t words[DIGEST_WORDS])
{
    mlp_digest *digest = NULL;
    memset(words, 0, MLP_DIGEST_BYTES);
    int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return MLP_OK;
    }
    mlp_status status = mlp_digest_create(&digest);
    if (status == MLP_OK) {
        status = digest_file(fd, digest);
    }
    if (status == MLP_OK) {
        status = mlp_digest_finish(digest, (unsigned char *)words);
    }
    mlp_digest_destroy(&digest);
    close(fd);
    return status;
}

static mlp_status compare_executables(mlp_comm *comm)
{
    uint64_t mine[DIGEST_WORDS];
    char ours[MLP_DIGEST_HEX], theirs[MLP_DIGEST_HEX];
    mlp_vote v;
    MLP_TRY(mlp_comm_agree(comm, digest_executable(mine)));
    mlp_status status = take_vote(comm, mine, DIGEST_WORDS, &v);
    if (status == MLP_OK && is_odd(&v, comm)) {
        mlp_digest_hex((const unsigned char *)mine, ours);
        mlp_digest_hex((const unsigned char *)mlp_vote_of(&v, v.common),
                       theirs);
        status = mlp_fail(MLP_ERROR_USAGE,
                          "runs another executable than rank %zu (SHA-256 "
                          "%.16s... here, %.16s... there): start the same "
                          "build everywhere",
                          v.common, ours, theirs);
    }
    mlp_vote_destroy(&v);
    return mlp_comm_agree(comm, status);
}

/* ---- the options ------------------------------------------------------- */

/* Paths may differ between hosts, if all ranks have one or none; the number of
 * threads may always differ. */
static void text_of(const mlp_config *config, const mlp_option *field,
                    char text[MLP_CONFIG_VALUE])
{
    bool is_free = strcmp(field->name, "threads") == 0 ||
                   strcmp(field->name, "data") == 0 ||
                   strcmp(field->name, "preset") == 0;
    mlp_config_get(config, field, text);
    if (is_free) {
        text[0] = '\0';
    } else if (field->kind == MLP_FIELD_STRING && text[0] != '\0') {
        snprintf(text, MLP_CONFIG_VALUE, "given");
    }
}

static mlp_status digest_options(const mlp_config *config,
                                 uint64_t words[DIGEST_WORDS])
{
    size_t count;
    const mlp_option *fields = mlp_config_fields(&count);
    mlp_digest *digest = NULL;
    MLP_TRY(mlp_digest_create(&digest));
    mlp_status status = MLP_OK;
    for (size_t i = 0; i < count && status == MLP_OK; i++) {
        char text[MLP_CONFIG_VALUE];
        text_of(config, &fields[i], text);
        status = mlp_digest_update(digest, text, strlen(text) + 1);
    }
    if (status == MLP_OK) {
        status = mlp_digest_finish(digest, (unsigned char *)words);
    }
    mlp_digest_destroy(&digest);
    return status;
}

/* Name the first option that differs from the common configuration. */
static mlp_status name_option(const mlp_config *mine, const mlp_config *common,
                              size_t rank)
{
    size_t count;
    const mlp_option *fields = mlp_config_fields(&count);
    for (size_t i = 0; i < count; i++) {
        char ours[MLP_CONFIG_VALUE], theirs[MLP_CONFIG_VALUE];
        text_of(mine, &fields[i], ours);
        text_of(common, &fields[i], theirs);
        if (strcmp(ours, theirs) != 0) {
            return mlp_fail(MLP_ERROR_USAGE,
                            "was started with another --%s than rank %zu: "
                            "\"%.200s\" here, \"%.200s\" there",
                            fields[i].name, rank, ours, theirs);
        }
    }
    return MLP_OK;
}

/* The configuration of rank `root`. Collective. */
static mlp_status fetch_config(mlp_comm *comm, const mlp_config *mine,
                               size_t root, mlp_config **copy)
{
    *copy = malloc(sizeof **copy);
    mlp_status status =
        *copy == NULL ? mlp_fail_memory("a configuration") : MLP_OK;
    MLP_TRY(mlp_comm_agree(comm, status));
    **copy = *mine;
    return mlp_comm_broadcast_from(comm, root, *copy, sizeof **copy);
}

static mlp_status compare_options(mlp_comm *comm, const mlp_config *config)
{
    uint64_t mine[DIGEST_WORDS];
    mlp_config *common = NULL;
    mlp_vote v;
    MLP_TRY(mlp_comm_agree(comm, digest_options(config, mine)));
    mlp_status status = take_vote(comm, mine, DIGEST_WORDS, &v);
    if (status == MLP_OK) {
        status = fetch_config(comm, config, v.common, &common);
    }
    if (status == MLP_OK && is_odd(&v, comm)) {
        status = name_option(config, common, v.common);
    }
    free(common);
    mlp_vote_destroy(&v);
    return mlp_comm_agree(comm, status);
}

mlp_status mlp_run_check_options_agree(mlp_comm *comm, const mlp_config *config)
{
    if (mlp_comm_size(comm) == 1) {
        return MLP_OK;
    }
    MLP_TRY(compare_executables(comm));
    return compare_options(comm, config);
}

/* ---- the data ---------------------------------------------------------- */

/* Compare extents and the first rows of each split, as ranks have no other
 * rows in common; of a table that they have read jointly they have none. */
static mlp_status digest_sample(mlp_source *source,
                                uint64_t mine[FACTS + DIGEST_WORDS])
{
    const mlp_source_info *info = mlp_source_facts(source);
    unsigned char digests[MLP_SPLITS][MLP_DIGEST_BYTES];
    const uint64_t facts[FACTS] = {info->rows[MLP_SPLIT_TRAIN],
                                   info->rows[MLP_SPLIT_TEST],
                                   info->features,
                                   info->height,
                                   info->width,
                                   (uint64_t)info->element};
    memcpy(mine, facts, sizeof facts);
    memset(digests, 0, sizeof digests);
    for (size_t split = 0; split < MLP_SPLITS && !info->is_joint; split++) {
        size_t rows = info->rows[split];
        mlp_range first = {0, rows < SAMPLE_ROWS ? rows : SAMPLE_ROWS};
        mlp_dataset sample;
        MLP_TRY(mlp_dataset_load(source, (mlp_split)split, first, &sample));
        mlp_status status = mlp_dataset_digest(&sample, first, digests[split]);
        mlp_dataset_destroy(&sample);
        MLP_TRY(status);
    }
    return mlp_digest_of(digests, sizeof digests,
                         (unsigned char *)(mine + FACTS));
}

static mlp_status name_difference(const mlp_vote *v, const mlp_comm *comm,
                                  mlp_source *source)
{
    const char *name = mlp_source_facts(source)->name;
    const uint64_t *ours = mlp_vote_of(v, mlp_comm_rank(comm));
    const uint64_t *theirs = mlp_vote_of(v, v->common);
    if (memcmp(ours, theirs, FACTS * sizeof *ours) == 0) {
        return mlp_fail(MLP_ERROR_DATA,
                        "%s: its first rows differ from those of rank %zu",
                        name, v->common);
    }
    return mlp_fail(MLP_ERROR_DATA,
                    "%s: has %" PRIu64 " training and %" PRIu64
                    " test rows of %" PRIu64 " features, on rank %zu it has "
                    "%" PRIu64 ", %" PRIu64 " and %" PRIu64,
                    name, ours[0], ours[1], ours[2], v->common, theirs[0],
                    theirs[1], theirs[2]);
}

mlp_status mlp_run_check_data_agree(mlp_comm *comm, mlp_source *source)
{
    uint64_t mine[FACTS + DIGEST_WORDS];
    mlp_vote v;
    if (mlp_comm_size(comm) == 1) {
        return MLP_OK;
    }
    MLP_TRY(mlp_comm_agree(comm, digest_sample(source, mine)));
    mlp_status status = take_vote(comm, mine, FACTS + DIGEST_WORDS, &v);
    if (status == MLP_OK && is_odd(&v, comm)) {
        status = name_difference(&v, comm, source);
    }
    mlp_vote_destroy(&v);
    return mlp_comm_agree(comm, status);
}
