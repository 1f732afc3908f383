/** @file
 *  --check-digest: the variants and the output.
 */
#include "system/files.h"
#include "verify.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- a temporary directory --------------------------------------------- */

static mlp_status make_directory(char path[MLP_MAX_PATH])
{
    const char *parent = getenv("TMPDIR");
    parent = parent != NULL && parent[0] != '\0' ? parent : "/tmp";
    int length = snprintf(path, MLP_MAX_PATH, "%s/mlp-verify-XXXXXX", parent);
    if (length >= MLP_MAX_PATH || mkdtemp(path) == NULL) {
        path[0] = '\0';
        return mlp_fail(MLP_ERROR_IO, "%s: cannot make a directory there: %s",
                        parent, strerror(errno));
    }
    return MLP_OK;
}

static void remove_directory(const char *path)
{
    DIR *stream = opendir(path);
    if (stream == NULL) {
        return;
    }
    for (struct dirent *entry; (entry = readdir(stream)) != NULL;) {
        unlinkat(dirfd(stream), entry->d_name, 0); /* not "." and ".." */
    }
    closedir(stream);
    rmdir(path);
}

/* ---- the variants ------------------------------------------------------ */

mlp_status mlp_verify_resumed(mlp_verification *v)
{
    mlp_run_parts *run = &v->run;
    char directory[MLP_MAX_PATH] = "";
    mlp_status status =
        mlp_run_is_leader(&run->job) ? make_directory(directory) : MLP_OK;
    MLP_TRY(mlp_comm_agree(run->job.comm, status));
    MLP_TRY(mlp_comm_broadcast(run->job.comm, directory, sizeof directory));
    memcpy(run->job.config.checkpoint, directory, sizeof directory);
    run->kernels = NULL;
    status = mlp_verify_pass(v, true);
    run->job.config.checkpoint[0] = '\0';
    run->job.config.resume = MLP_RESUME_NO;
    if (mlp_run_is_leader(&run->job)) {
        remove_directory(directory);
    }
    return status;
}

mlp_status mlp_verify_instruction_sets(mlp_verification *v)
{
    static const char *const names[] = {"avx512", "avx2", "base"};
    mlp_run_parts *run = &v->run;
    const mlp_kernels *usual = run->kernels;
    size_t ranks = mlp_comm_size(run->job.comm);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        run->kernels = mlp_kernels_find(names[i]);
        uint64_t have[2] = {run->kernels != NULL, run->kernels == usual};
        MLP_TRY(mlp_comm_sum(run->job.comm, have, 2));
        if (have[0] == ranks && have[1] < ranks) {
            MLP_TRY(mlp_verify_pass(v, false));
        }
    }
    run->kernels = usual;
    return MLP_OK;
}

/* ---- output ------------------------------------------------------------ */

static const char *plural(size_t count)
{
    return count == 1 ? "" : "s";
}

static void describe(const mlp_verification *v, bool is_resumed, char *line,
                     size_t size)
{
    size_t ranks = mlp_comm_size(v->run.job.comm);
    size_t threads = v->run.job.config.threads;
    int used =
        snprintf(line, size, "%zu rank%s x %zu thread%s, %s", ranks,
                 plural(ranks), threads, plural(threads), v->run.kernels->name);
    if (is_resumed) {
        snprintf(line + used, size - (size_t)used,
                 ", stopped and resumed after step %" PRIu64,
                 v->first + v->steps / 2);
    }
}

void mlp_verify_begin(const mlp_verification *v, double seconds)
{
    if (v->run.job.config.quiet) {
        return;
    }
    printf("verify: steps %" PRIu64 " to %" PRIu64 " of this training, "
           "compared after every step, layer and rank\n"
           "  1 rank x 1 thread: %.1f s\n",
           v->first + 1, v->first + v->steps, seconds);
    fflush(stdout);
}

mlp_status mlp_verify_compare(mlp_verification *v, bool is_resumed,
                              double seconds)
{
    char team[200];
    size_t ranks = mlp_comm_size(v->run.job.comm);
    size_t cells = v->steps * mlp_verify_row(v);
    describe(v, is_resumed, team, sizeof team);
    for (size_t i = 0; i < cells; i++) {
        if (v->found[i] != v->expected[i]) {
            return mlp_fail(MLP_ERROR_DATA,
                            "verify: FAIL: %s: differs from 1 rank x 1 thread "
                            "after step %" PRIu64
                            ", in layer %zu of %zu, in what rank %zu updates",
                            team, v->first + 1 + i / (v->layers * ranks),
                            1 + i / ranks % v->layers, v->layers, i % ranks);
        }
    }
    v->passes++;
    if (mlp_run_is_leader(&v->run.job) && !v->run.job.config.quiet) {
        printf("  %s: the same, %.1f s\n", team, seconds);
        fflush(stdout);
    }
    return MLP_OK;
}

mlp_status mlp_verify_end(const mlp_verification *v)
{
    printf("verify: PASS: %zu step%s, %zu way%s, one digest\nweights sha256 "
           "%s\n",
           v->steps, plural(v->steps), v->passes + 1, plural(v->passes + 1),
           v->weights);
    return mlp_stdout_flush();
}
