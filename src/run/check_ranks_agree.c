/** @file
 *  Whether all ranks were started alike: the same executable, options and data.
 * A rank that was not would not fail, it would train another model with the
 * others.
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

enum { DIGEST_WORDS = MLP_DIGEST_BYTES / 8, FACTS = 6, SAMPLE_ROWS = 16 };

/* What each rank has: [ranks, words], the same on every rank. */
typedef struct {
    uint64_t *words;
    size_t count;  /* words of a rank */
    size_t common; /* the first rank of those, the most, that have the same */
} ballot;

static const uint64_t *vote_of(const ballot *b, size_t rank)
{
    return b->words + rank * b->count;
}

static bool is_same(const ballot *b, size_t one, size_t other)
{
    return memcmp(vote_of(b, one), vote_of(b, other),
                  b->count * sizeof *b->words) == 0;
}

/* Of equally many the ones with the lowest rank. */
static void count_votes(ballot *b, size_t ranks)
{
    size_t most = 0;
    for (size_t r = 0; r < ranks; r++) {
        size_t votes = 0;
        for (size_t other = 0; other < ranks; other++) {
            votes += is_same(b, r, other);
        }
        if (votes > most) {
            most = votes;
            b->common = r;
        }
    }
}

/* Show all ranks what each has. Collective. The caller frees b->words. */
static mlp_status vote(mlp_comm *comm, const uint64_t *mine, size_t count,
                       ballot *b)
{
    size_t ranks = mlp_comm_size(comm);
    *b = (ballot){calloc(ranks * count, sizeof *mine), count, 0};
    mlp_status status =
        b->words == NULL ? mlp_fail_memory("what the ranks have") : MLP_OK;
    status = mlp_comm_agree(comm, status);
    if (status == MLP_OK) {
        memcpy(b->words + mlp_comm_rank(comm) * count, mine,
               count * sizeof *mine);
        status = mlp_comm_sum(comm, b->words, ranks * count);
    }
    if (status == MLP_OK) {
        count_votes(b, ranks);
    }
    return status;
}

static bool is_odd(const ballot *b, const mlp_comm *comm)
{
    return !is_same(b, mlp_comm_rank(comm), b->common);
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

/* Zeros where the system does not show a process its executable. */
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
    ballot b;
    MLP_TRY(mlp_comm_agree(comm, digest_executable(mine)));
    mlp_status status = vote(comm, mine, DIGEST_WORDS, &b);
    if (status == MLP_OK && is_odd(&b, comm)) {
        mlp_digest_hex((const unsigned char *)mine, ours);
        mlp_digest_hex((const unsigned char *)vote_of(&b, b.common), theirs);
        status = mlp_fail(MLP_ERROR_USAGE,
                          "runs another executable than rank %zu (SHA-256 "
                          "%.16s... here, %.16s... there): start the same "
                          "build everywhere",
                          b.common, ours, theirs);
    }
    free(b.words);
    return mlp_comm_agree(comm, status);
}

/* ---- the options ------------------------------------------------------- */

/* Paths may differ from host to host, as long as all have one or none; the
 * number of threads never matters. */
static void text_of(const mlp_config *config, const mlp_config_field *field,
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
    const mlp_config_field *fields = mlp_config_fields(&count);
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
static mlp_status blame_option(const mlp_config *mine, const mlp_config *common,
                               size_t rank)
{
    size_t count;
    const mlp_config_field *fields = mlp_config_fields(&count);
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

/* A broadcast from rank `root`, as a sum of one and zeros. */
static mlp_status fetch_config(mlp_comm *comm, const mlp_config *mine,
                               size_t root, mlp_config **copy)
{
    size_t words = (sizeof *mine + 7) / 8;
    uint64_t *bytes = calloc(words, 8);
    *copy = (mlp_config *)bytes;
    mlp_status status =
        bytes == NULL ? mlp_fail_memory("a configuration") : MLP_OK;
    MLP_TRY(mlp_comm_agree(comm, status));
    if (mlp_comm_rank(comm) == root) {
        memcpy(*copy, mine, sizeof *mine);
    }
    return mlp_comm_sum(comm, bytes, words);
}

static mlp_status compare_options(mlp_comm *comm, const mlp_config *config)
{
    uint64_t mine[DIGEST_WORDS];
    mlp_config *common = NULL;
    ballot b;
    MLP_TRY(mlp_comm_agree(comm, digest_options(config, mine)));
    mlp_status status = vote(comm, mine, DIGEST_WORDS, &b);
    if (status == MLP_OK) {
        status = fetch_config(comm, config, b.common, &common);
    }
    if (status == MLP_OK && is_odd(&b, comm)) {
        status = blame_option(config, common, b.common);
    }
    free(common);
    free(b.words);
    return mlp_comm_agree(comm, status);
}

mlp_status mlp_run_check_start(mlp_comm *comm, const mlp_config *config)
{
    if (mlp_comm_size(comm) == 1) {
        return MLP_OK;
    }
    MLP_TRY(compare_executables(comm));
    return compare_options(comm, config);
}

/* ---- the data ---------------------------------------------------------- */

/* Extents, and the first rows of each split: a rank that reads its shards sees
 * no row of another's. */
static mlp_status look_at_data(mlp_source *source,
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
    for (size_t split = 0; split < MLP_SPLITS; split++) {
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

static mlp_status blame_data(const ballot *b, const mlp_comm *comm,
                             mlp_source *source)
{
    const char *name = mlp_source_facts(source)->name;
    const uint64_t *ours = vote_of(b, mlp_comm_rank(comm));
    const uint64_t *theirs = vote_of(b, b->common);
    if (memcmp(ours, theirs, FACTS * sizeof *ours) == 0) {
        return mlp_fail(MLP_ERROR_DATA,
                        "%s: its first rows are other ones than rank %zu has",
                        name, b->common);
    }
    return mlp_fail(MLP_ERROR_DATA,
                    "%s: has %" PRIu64 " training and %" PRIu64
                    " test rows of %" PRIu64 " features, on rank %zu it has "
                    "%" PRIu64 ", %" PRIu64 " and %" PRIu64,
                    name, ours[0], ours[1], ours[2], b->common, theirs[0],
                    theirs[1], theirs[2]);
}

mlp_status mlp_run_check_data(mlp_comm *comm, mlp_source *source)
{
    uint64_t mine[FACTS + DIGEST_WORDS];
    ballot b;
    if (mlp_comm_size(comm) == 1) {
        return MLP_OK;
    }
    MLP_TRY(mlp_comm_agree(comm, look_at_data(source, mine)));
    mlp_status status = vote(comm, mine, FACTS + DIGEST_WORDS, &b);
    if (status == MLP_OK && is_odd(&b, comm)) {
        status = blame_data(&b, comm, source);
    }
    free(b.words);
    return mlp_comm_agree(comm, status);
}
