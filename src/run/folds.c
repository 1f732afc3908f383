/** @file
 *  Cross-validation: a run of several models, fold after fold. Each is an
 *  ordinary run with a directory of its own, RUN/fold-1 ..., so that it is
 *  stopped, resumed and checked like any other.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "checkpoint/folds.h"
#include "config/fold.h"
#include "config/options.h"
#include "system/files.h"
#include "tool/out_of_fold.h"

#include "internal.h"

/* ---- the models -------------------------------------------------------- */

/* The configuration of fold `fold`, from 0. */
static mlp_status fold_config(const mlp_config *config, size_t fold,
                              mlp_config *own)
{
    char text[48];
    *own = *config;
    own->folds = 0;
    if (config->resume == MLP_RESUME_YES) {
        own->resume = MLP_RESUME_AUTO; /* later folds may not have begun */
    }
    snprintf(text, sizeof text, "%zu/%zu", fold + 1, config->folds);
    MLP_TRY(mlp_config_set(own, "fold", text));
    return mlp_options_place_run(own);
}

static mlp_status train_fold(const mlp_run_setting *setting,
                             const mlp_config *config, size_t fold,
                             mlp_run_outcome *outcome)
{
    mlp_config own;
    mlp_run_setting one = *setting;
    one.outcome = outcome;
    MLP_TRY(mlp_comm_agree(setting->comm, fold_config(config, fold, &own)));
    if (mlp_comm_rank(setting->comm) == 0 && !config->quiet) {
        printf("fold %s\n", own.fold);
    }
    return mlp_run(&one, &own);
}

/* Before any fold is trained: with --resume there must be a run, without it no
 * fold may have begun. Rank 0. */
static mlp_status check_places(const mlp_config *config)
{
    if (config->run[0] == '\0' || config->resume == MLP_RESUME_AUTO) {
        return MLP_OK;
    }
    if (config->resume == MLP_RESUME_YES) {
        return mlp_checkpoint_expect(config->run);
    }
    for (size_t fold = 0; fold < config->folds; fold++) {
        char path[MLP_MAX_PATH];
        MLP_TRY(mlp_fold_path(config->run, fold, path));
        if (mlp_checkpoint_expect(path) == MLP_OK) {
            MLP_TRY(mlp_checkpoint_refuse_used(path));
        }
    }
    return MLP_OK;
}

/* ---- the configuration of a resumed run -------------------------------- */

/* Options with a default of new runs that the first fold has settled. */
static const char *const settled[] = {
    "split",      "task",   "scaling",   "missing", "na",   "unseen",  "batch",
    "accumulate", "epochs", "clip-norm", "output",  "loss", "dropout", "l2"};

static mlp_status take_options(const mlp_checkpoint *first, mlp_config *base)
{
    size_t fold;
    size_t folds;
    size_t count;
    const size_t wanted = base->folds;
    const mlp_resume resume = base->resume;
    const mlp_option *fields = mlp_config_fields(&count);
    (void)mlp_config_fold(&first->config, &fold, &folds);
    if (folds != wanted) {
        return mlp_fail(MLP_ERROR_USAGE,
                        "%s: is a run of %zu folds, --folds is %zu", base->run,
                        folds, wanted);
    }
    base->folds = 0; /* the options of a fold are a valid configuration */
    base->resume = MLP_RESUME_NO;
    MLP_TRY(mlp_config_adopt(base, &first->config));
    base->folds = wanted;
    base->resume = resume;
    base->fold[0] = '\0';
    for (size_t i = 0; i < sizeof settled / sizeof settled[0]; i++) {
        base->given[mlp_config_find(settled[i]) - fields] = true;
    }
    return MLP_OK;
}

/* Folds that have not begun have the options of the first one. Rank 0. */
static mlp_status adopt_first(mlp_config *base)
{
    char path[MLP_MAX_PATH];
    char found[MLP_MAX_PATH] = "";
    mlp_checkpoint first = {0};
    if (base->run[0] == '\0' || base->resume == MLP_RESUME_NO) {
        return MLP_OK;
    }
    MLP_TRY(mlp_fold_path(base->run, 0, path));
    if (mlp_checkpoint_expect(path) != MLP_OK) {
        return MLP_OK;
    }
    MLP_TRY(mlp_checkpoint_load_newest(path, &first, found));
    mlp_status status = mlp_run_recall_data(base, path);
    if (status == MLP_OK && found[0] != '\0') {
        status = take_options(&first, base);
    }
    mlp_checkpoint_destroy(&first);
    return status;
}

/* Collective. */
static mlp_status begin(mlp_comm *comm, mlp_config *base)
{
    mlp_status status = MLP_OK;
    if (mlp_comm_rank(comm) == 0) {
        status = check_places(base);
        status = status == MLP_OK ? adopt_first(base) : status;
    }
    MLP_TRY(mlp_comm_agree(comm, status));
    return mlp_comm_broadcast(comm, base, sizeof *base);
}

/* ---- the results ------------------------------------------------------- */

/* A column of the table is as wide as its name. */
static int width_of(mlp_metric metric)
{
    size_t length = strlen(mlp_metric_facts_of(metric)->label);
    return length > 10 ? (int)length : 10;
}

/* @param values  [MLP_METRICS]; NAN where a run has no such metric */
static void print_line(const char *name, const double *values)
{
    printf("%-9s", name);
    for (mlp_metric m = 0; m < MLP_METRICS; m++) {
        if (!isnan(values[m])) {
            printf("  %*.6g", width_of(m), values[m]);
        }
    }
    putchar('\n');
}

static void print_names(const double *values)
{
    printf("\n%-9s", "fold");
    for (mlp_metric m = 0; m < MLP_METRICS; m++) {
        if (!isnan(values[m])) {
            printf("  %*s", width_of(m), mlp_metric_facts_of(m)->label);
        }
    }
    putchar('\n');
}

static void print_fold(const mlp_tally *tally, size_t fold)
{
    char name[32];
    double values[MLP_METRICS];
    for (mlp_metric m = 0; m < MLP_METRICS; m++) {
        values[m] = mlp_tally_metric(tally, m);
    }
    if (fold == 0) {
        print_names(values);
    }
    snprintf(name, sizeof name, "%zu", fold + 1);
    print_line(name, values);
}

/* The mean of a metric over the folds, and the standard deviation of a
 * sample. */
static void summarize(const mlp_run_outcome *outcomes, size_t folds,
                      mlp_metric m, double *mean, double *deviation)
{
    double squares = 0.0;
    *mean = 0.0;
    for (size_t f = 0; f < folds; f++) {
        *mean += mlp_tally_metric(&outcomes[f].record.test, m) / (double)folds;
    }
    for (size_t f = 0; f < folds; f++) {
        double apart = mlp_tally_metric(&outcomes[f].record.test, m) - *mean;
        squares += apart * apart;
    }
    *deviation = sqrt(squares / (double)(folds - 1));
}

static void print_folds(const mlp_run_outcome *outcomes, size_t folds)
{
    double mean[MLP_METRICS];
    double deviation[MLP_METRICS];
    for (size_t f = 0; f < folds; f++) {
        print_fold(&outcomes[f].record.test, f);
    }
    for (mlp_metric m = 0; m < MLP_METRICS; m++) {
        summarize(outcomes, folds, m, &mean[m], &deviation[m]);
    }
    print_line("mean", mean);
    print_line("deviation", deviation);
}

static mlp_status print_digest(const mlp_run_outcome *outcomes, size_t folds)
{
    unsigned char digest[MLP_DIGEST_BYTES];
    char hex[MLP_DIGEST_HEX];
    unsigned char *all = calloc(folds, MLP_DIGEST_BYTES);
    if (all == NULL) {
        return mlp_fail_memory("the digests of the folds");
    }
    for (size_t f = 0; f < folds; f++) {
        memcpy(all + f * MLP_DIGEST_BYTES, outcomes[f].digest,
               MLP_DIGEST_BYTES);
    }
    mlp_status status = mlp_digest_of(all, folds * MLP_DIGEST_BYTES, digest);
    free(all);
    MLP_TRY(status);
    mlp_digest_hex(digest, hex);
    printf("weights sha256 %s\n", hex);
    return mlp_stdout_flush();
}

/* Rank 0. */
static mlp_status report(const mlp_config *config,
                         const mlp_run_outcome *outcomes)
{
    if (!config->quiet) {
        print_folds(outcomes, config->folds);
    }
    if (config->run[0] != '\0') {
        MLP_TRY(mlp_out_of_fold_write(config));
    } else if (!config->quiet) {
        printf("not saved: --run DIR was not given\n");
    }
    return print_digest(outcomes, config->folds);
}

mlp_status mlp_run_folds(const mlp_run_setting *setting,
                         const mlp_config *config)
{
    bool is_leader = mlp_comm_rank(setting->comm) == 0;
    mlp_config base = *config;
    MLP_TRY(begin(setting->comm, &base));
    mlp_run_outcome *outcomes = calloc(base.folds, sizeof *outcomes);
    mlp_status status =
        outcomes == NULL ? mlp_fail_memory("the results of the folds") : MLP_OK;
    status = mlp_comm_agree(setting->comm, status);
    for (size_t f = 0; f < base.folds && status == MLP_OK; f++) {
        status = train_fold(setting, &base, f, &outcomes[f]);
    }
    if (status == MLP_OK) {
        status = mlp_comm_agree(setting->comm,
                                is_leader ? report(&base, outcomes) : MLP_OK);
    }
    free(outcomes);
    return status;
}

/* ---- replays ----------------------------------------------------------- */

mlp_status mlp_run_replay_folds(const mlp_run_setting *setting,
                                const mlp_config *config, size_t folds)
{
    for (size_t f = 0; f < folds; f++) {
        mlp_config own = *config;
        MLP_TRY(mlp_fold_path(config->replay, f, own.replay));
        if (mlp_comm_rank(setting->comm) == 0) {
            printf("%s\n", own.replay);
        }
        MLP_TRY(mlp_run(setting, &own));
    }
    return MLP_OK;
}
