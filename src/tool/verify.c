/** @file
 *  mlp verify: check that every checkpoint of a directory is undamaged and the
 *  child of the one before it.
 */
#include <inttypes.h>
#include <string.h>

#include "checkpoint/chain.h"
#include "checkpoint/folds.h"
#include "record/run_summary.h"
#include "tool.h"

/* Results of the checks. */
typedef struct {
    const char *directory;
    size_t whole, verified, gaps;
    char fault[MLP_FAILURE_MAX]; /* the first one; "" = none */
} check_results;

static void report_fault(check_results *found, const char *name,
                         const char *why)
{
    if (found->fault[0] == '\0') {
        snprintf(found->fault, sizeof found->fault, "%s/%s: %s",
                 found->directory, name, why);
    }
}

static const char *const parent_words[] = {
    [MLP_PARENT_NONE] = "the initial state",
    [MLP_PARENT_INITIAL] = "from the initial state",
    [MLP_PARENT_VERIFIED] = "verified",
    [MLP_PARENT_NOT_KEPT] = "not kept",
    [MLP_PARENT_DAMAGED] = "damaged",
    [MLP_PARENT_DIFFERS] = "HAS ANOTHER DIGEST"};

static void check_parent(const mlp_chain *chain, const mlp_chain_link *link,
                         const char *name, FILE *out, check_results *found)
{
    mlp_chain_parent parent = mlp_chain_find_parent(chain, link);
    char hex[MLP_DIGEST_HEX];
    if (parent == MLP_PARENT_NONE || parent == MLP_PARENT_INITIAL) {
        fprintf(out, "%s", parent_words[parent]);
        return;
    }
    mlp_digest_hex(link->parent_digest, hex);
    fprintf(out, "parent step %" PRIu64 " %.16s %s", link->parent_step, hex,
            parent_words[parent]);
    found->verified += parent == MLP_PARENT_VERIFIED;
    found->gaps += parent == MLP_PARENT_NOT_KEPT;
    if (parent == MLP_PARENT_DIFFERS || link->parent_step >= link->name.step) {
        report_fault(found, name,
                     "its parent is not the checkpoint that is there");
    }
}

static bool is_same(const unsigned char *a, const unsigned char *b)
{
    return memcmp(a, b, MLP_DIGEST_BYTES) == 0;
}

/* All checkpoints must have the same configuration and data; a segment of the
 * run has epochs and a begin of its schedule of its own. */
static void check_run(const mlp_chain_link *first, const mlp_chain_link *link,
                      const char *name, check_results *found)
{
    bool is_segment = first->schedule_start < link->schedule_start;
    if (!is_same(first->common_digest, link->common_digest) ||
        (!is_segment && !is_same(first->config_digest, link->config_digest))) {
        report_fault(found, name,
                     "is of another configuration than the first one");
    }
    if (!is_same(first->data_digest, link->data_digest)) {
        report_fault(found, name, "is of other data than the first one");
    }
}

static void check_link(const mlp_chain *chain, const mlp_chain_link *link,
                       const mlp_chain_link **first, FILE *out,
                       check_results *found)
{
    char name[MLP_NAME_BYTES], hex[MLP_DIGEST_HEX];
    mlp_checkpoint_name_format(link->name, name);
    if (link->status != MLP_OK) {
        fprintf(out, "%s  DAMAGED\n", name);
        if (found->fault[0] == '\0') {
            memcpy(found->fault, link->fault, sizeof found->fault);
        }
        return;
    }
    *first = *first == NULL ? link : *first;
    found->whole++;
    check_run(*first, link, name, found);
    mlp_digest_hex(link->digest, hex);
    fprintf(out, "%s  whole  state %.16s  ", name, hex);
    check_parent(chain, link, name, out, found);
    if ((*first)->schedule_start < link->schedule_start) {
        fprintf(out, ", segment of %zu epochs from step %" PRIu64, link->epochs,
                link->schedule_start);
    }
    fputc('\n', out);
}

/* Print the state that the run started from; the log knows where that was. */
static void print_origin(const char *directory, const mlp_chain_link *first,
                         FILE *out)
{
    mlp_chain other = {0};
    char hex[MLP_DIGEST_HEX];
    char path[MLP_MAX_PATH];
    bool is_kept = false;
    mlp_digest_hex(first->origin_digest, hex);
    fprintf(out, "started from state   %.16s", hex);
    json_t *start = mlp_run_summary_recall(directory);
    mlp_run_summary_text(start, "config.start-from", path, sizeof path);
    json_decref(start);
    if (path[0] != '\0' && mlp_chain_read(path, &other) == MLP_OK) {
        for (size_t i = 0; i < other.count; i++) {
            is_kept |= other.links[i].status == MLP_OK &&
                       is_same(other.links[i].digest, first->origin_digest);
        }
        mlp_chain_destroy(&other);
        fprintf(out, ", %s in %s", is_kept ? "verified" : "not kept", path);
    }
    fputc('\n', out);
}

static void print_run(const char *directory, const mlp_chain_link *first,
                      FILE *out)
{
    static const unsigned char none[MLP_DIGEST_BYTES];
    char hex[MLP_DIGEST_HEX];
    if (first == NULL) {
        return;
    }
    if (!is_same(first->origin_digest, none)) {
        print_origin(directory, first, out);
    }
    mlp_digest_hex(first->config_digest, hex);
    fprintf(out, "configuration sha256 %s\n", hex);
    mlp_digest_hex(first->data_digest, hex);
    fprintf(out, "data sha256          %s\n", hex);
}

static mlp_status verify(const char *directory, mlp_tool_output *output)
{
    mlp_chain chain;
    check_results found = {.directory = directory};
    const mlp_chain_link *first = NULL;
    FILE *out = output->file;
    MLP_TRY(mlp_chain_read(directory, &chain));
    for (size_t i = 0; i < chain.count; i++) {
        check_link(&chain, &chain.links[i], &first, out, &found);
    }
    print_run(directory, first, out);
    fprintf(out,
            "%zu of %zu checkpoints whole, %zu parents verified, %zu not "
            "kept\n",
            found.whole, chain.count, found.verified, found.gaps);
    if (found.gaps > 0) {
        fprintf(out,
                "mlp_train --replay %s repeats the steps in between and "
                "compares\n",
                directory);
    }
    mlp_chain_destroy(&chain);
    MLP_TRY(mlp_tool_output_flush(output));
    return found.fault[0] == '\0' ? MLP_OK
                                  : mlp_fail(MLP_ERROR_DATA, "%s", found.fault);
}

/* Every fold of a run of several models; the first failure is reported. */
static mlp_status verify_folds(const char *run, size_t folds,
                               mlp_tool_output *output)
{
    char path[MLP_MAX_PATH];
    char fault[MLP_FAILURE_MAX] = "";
    mlp_status first = MLP_OK;
    for (size_t fold = 0; fold < folds; fold++) {
        MLP_TRY(mlp_fold_path(run, fold, path));
        fprintf(output->file, "%s\n", path);
        mlp_status status = verify(path, output);
        if (status != MLP_OK && first == MLP_OK) {
            first = status;
            snprintf(fault, sizeof fault, "%s", mlp_failure());
        }
    }
    return first == MLP_OK ? MLP_OK : mlp_fail(first, "%s", fault);
}

static mlp_status run(const mlp_tool_options *options, mlp_tool_output *output)
{
    size_t folds = mlp_fold_count(options->file);
    return folds > 0 ? verify_folds(options->file, folds, output)
                     : verify(options->file, output);
}

static const char *const formats[] = {"text", NULL};
static const char *const options[] = {"output", NULL};

const mlp_tool_command mlp_tool_verify = {
    .name = "verify",
    .summary = "check every checkpoint of a directory, and their chain",
    .description =
        "Load every checkpoint of the directory FILE and check that it is "
        "undamaged,\n"
        "that all are of one configuration and data, and that each names the "
        "digest of\n"
        "the checkpoint before it, where that is kept. Exit code 65 if not.",
    .options = options,
    .formats = formats,
    .operands = "FILE",
    .operands_max = 1,
    .run = run,
};
