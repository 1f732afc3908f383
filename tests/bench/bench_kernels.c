/** @file
 *  The part of the benchmark that runs in one process on one core: peak rates
 *  of the machine, the kernels, a BLAS, and loading. bench.py starts it, and
 *  computes ratios from its JSON lines.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench_blas.h"
#include "bench_ledger.h"
#include "bench_machine.h"
#include "bench_net.h"

#include "base/clock.h"
#include "rows/dataset.h"

static const char usage[] =
    "usage: bench_kernels peak SECONDS\n"
    "       bench_kernels triad REPEATS\n"
    "       bench_kernels net WIDTH,WIDTH... BATCH SHARDS PAIRS [DATA]\n"
    "       bench_kernels ledger WIDTH,WIDTH... BATCH THREADS\n"
    "       bench_kernels blas LIBRARY IN OUT ROWS PAIRS\n"
    "       bench_kernels load DATA\n"
    "       bench_kernels table CSV THREADS\n";

static int fail_usage(void)
{
    fputs(usage, stderr);
    return 2;
}

/* A positive count; 0 for invalid text. */
static size_t count_of(const char *text)
{
    char *end;
    unsigned long long value = strtoull(text, &end, 10);
    return *end == '\0' ? (size_t)value : 0;
}

static int peak(const char *seconds)
{
    const mlp_kernels *kernels = mlp_kernels_find(NULL);
    if (kernels == NULL) {
        return 2;
    }
    double duration = strtod(seconds, NULL);
    printf("{\"isa\":\"%s\",\"peak_gflops\":%.4f,\"issue_rate\":%.4f}\n",
           kernels->name, bench_peak_gflops(kernels, duration),
           bench_issue_rate(duration));
    return 0;
}

static int triad(const char *repeats)
{
    double rate = bench_triad_gbytes((int)count_of(repeats));
    printf("{\"triad_gbytes\":%.4f}\n", rate);
    return rate > 0.0 ? 0 : 2;
}

/* Read "WIDTH,WIDTH..." into widths[BENCH_LAYERS_MAX + 1].
 * @return their number; 0 for invalid text */
static size_t widths_of(char *text, size_t *widths)
{
    size_t count = 0;
    for (char *word = strtok(text, ","); word != NULL;
         word = strtok(NULL, ",")) {
        size_t width = count_of(word);
        if (count > BENCH_LAYERS_MAX || width == 0) {
            return 0;
        }
        widths[count++] = width;
    }
    return count;
}

static int net(int count, char **words)
{
    bench_net_plan plan = {.batch = count_of(words[1]),
                           .shards = count_of(words[2]),
                           .pairs = count_of(words[3]),
                           .data = count > 4 ? words[4] : NULL};
    size_t widths = widths_of(words[0], plan.widths);
    if (widths < 2 || plan.batch == 0 || plan.shards == 0 || plan.pairs == 0) {
        return fail_usage();
    }
    plan.layers = widths - 1;
    return bench_net(&plan);
}

static int ledger(char **words)
{
    size_t widths[BENCH_LAYERS_MAX + 1];
    size_t count = widths_of(words[0], widths);
    size_t batch = count_of(words[1]);
    size_t threads = count_of(words[2]);
    if (count < 2 || batch == 0 || threads == 0 ||
        threads > BENCH_THREADS_MAX) {
        return fail_usage();
    }
    return bench_ledger(widths, count - 1, batch, threads);
}

static int blas(char **words)
{
    size_t in = count_of(words[1]);
    size_t out = count_of(words[2]);
    size_t rows = count_of(words[3]);
    size_t pairs = count_of(words[4]);
    if (in == 0 || out == 0 || rows == 0 || pairs == 0) {
        return fail_usage();
    }
    return bench_blas(words[0], in, out, rows, pairs);
}

/* The loading phase of a run: all rows of both splits in memory, checked, and
 * measured for scaling and sparsity. */
static mlp_status load_splits(mlp_source *source, mlp_dataset *train,
                              mlp_dataset *test)
{
    const mlp_source_info *facts = mlp_source_facts(source);
    float largest;
    MLP_TRY(mlp_dataset_load(source, MLP_SPLIT_TRAIN,
                             (mlp_range){0, facts->rows[MLP_SPLIT_TRAIN]},
                             train));
    MLP_TRY(mlp_dataset_load(source, MLP_SPLIT_TEST,
                             (mlp_range){0, facts->rows[MLP_SPLIT_TEST]},
                             test));
    size_t classes = mlp_dataset_classes(train);
    MLP_TRY(mlp_dataset_largest(train, &largest));
    MLP_TRY(mlp_dataset_check_labels(test, "test", classes));
    return mlp_dataset_nonzeros(train) > 0
               ? MLP_OK
               : mlp_fail(MLP_ERROR_DATA, "%s: all black", facts->name);
}

static int load(const char *data)
{
    mlp_source *source = NULL;
    mlp_dataset train = {0};
    mlp_dataset test = {0};
    double start = mlp_clock_seconds();
    mlp_status status = mlp_source_open(data, &source);
    if (status == MLP_OK) {
        status = load_splits(source, &train, &test);
    }
    double seconds = mlp_clock_seconds() - start;
    if (status == MLP_OK) {
        printf("{\"seconds\":%.9f,\"rows\":%zu}\n", seconds,
               train.range.count + test.range.count);
    }
    mlp_dataset_destroy(&train);
    mlp_dataset_destroy(&test);
    mlp_source_close(&source);
    return status == MLP_OK ? 0 : 2;
}

/* Parse a CSV file with the column "label", and fit its schema. */
static int read_table(const char *path, const char *threads)
{
    mlp_source *source = NULL;
    const mlp_table_options options = {.weight = "",
                                       .label = "label",
                                       .columns = "",
                                       .ignore = "",
                                       .categorical = "",
                                       .task = MLP_TASK_AUTO,
                                       .holdout = {.column = ""},
                                       .test_data = "",
                                       .validation_data = "",
                                       .missing = MLP_MISSING_IMPUTE,
                                       .na = "",
                                       .unseen = MLP_UNSEEN_OTHER,
                                       .threads = (size_t)atoi(threads)};
    double start = mlp_clock_seconds();
    mlp_status status = mlp_source_open_table(path, &options, true, &source);
    double seconds = mlp_clock_seconds() - start;
    if (status == MLP_OK) {
        printf("{\"seconds\":%.9f,\"rows\":%zu}\n", seconds,
               mlp_source_facts(source)->rows[MLP_SPLIT_TRAIN]);
    }
    mlp_source_close(&source);
    return status == MLP_OK ? 0 : 2;
}

static int run(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    if (strcmp(what, "peak") == 0 && argc == 3) {
        return peak(argv[2]);
    }
    if (strcmp(what, "triad") == 0 && argc == 3) {
        return triad(argv[2]);
    }
    if (strcmp(what, "net") == 0 && (argc == 6 || argc == 7)) {
        return net(argc - 2, argv + 2);
    }
    if (strcmp(what, "ledger") == 0 && argc == 5) {
        return ledger(argv + 2);
    }
    if (strcmp(what, "blas") == 0 && argc == 7) {
        return blas(argv + 2);
    }
    if (strcmp(what, "load") == 0 && argc == 3) {
        return load(argv[2]);
    }
    if (strcmp(what, "table") == 0 && argc == 4) {
        return read_table(argv[2], argv[3]);
    }
    return fail_usage();
}

int main(int argc, char **argv)
{
    int result = run(argc, argv);
    if (mlp_failure()[0] != '\0') {
        fprintf(stderr, "bench_kernels: %s\n", mlp_failure());
    }
    return result;
}
