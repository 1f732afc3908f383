/** @file
 *  The output of --plan: a table, and JSON lines for --log.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "plan.h"
#include "system/files.h"

enum { BATCH_MOST = 1 << 20 };
static const double WANTED_EFFICIENCY = 0.8;
static const double MICRO = 1e-6, GIGA = 1e9;

/* ---- one line of the table --------------------------------------------- */

typedef struct {
    size_t ranks, nodes, batch; /* batch 0: fewer rows than ranks */
    double step, epoch, efficiency;
    mlp_step_forecast between; /* nodes */
    size_t best;
    double best_epoch, best_efficiency;
    bool is_too_many; /* more nodes than --plan has */
} line;

static line line_of(const mlp_plan *f, size_t ranks)
{
    const mlp_costs *costs = &f->costs;
    size_t rows = f->run.data.train.rows;
    size_t batch = f->run.job.config.batch;
    line made = {.ranks = ranks, .nodes = mlp_costs_nodes(costs, ranks)};
    made.is_too_many = made.nodes > f->run.job.config.plan;
    if (batch >= ranks) {
        made.batch = batch;
        made.step = mlp_costs_step(costs, ranks, batch);
        made.between = mlp_costs_between(costs, ranks, batch);
        made.epoch = mlp_costs_epoch(costs, ranks, batch, rows);
        made.efficiency = mlp_costs_efficiency(costs, ranks, batch, batch);
    }
    made.best = mlp_costs_best_batch(costs, ranks, batch, WANTED_EFFICIENCY,
                                     rows < BATCH_MOST ? rows : BATCH_MOST);
    if (made.best > 0) {
        made.best_epoch = mlp_costs_epoch(costs, ranks, made.best, rows);
        made.best_efficiency =
            mlp_costs_efficiency(costs, ranks, made.best, batch);
    }
    return made;
}

/* ---- the printed table ------------------------------------------------- */

static void print_link(const char *name, mlp_link link, const char *from)
{
    printf("link  %s: %.3g us + %.3g GB/s (%s)\n", name, link.alpha / MICRO,
           link.beta > 0.0 ? 1.0 / (link.beta * GIGA) : 0.0, from);
}

static void print_head(const mlp_plan *f)
{
    const mlp_costs *costs = &f->costs;
    printf("step  %.4g us + %.4g us a row, on %zu thread%s of %s; %zu "
           "parameters, %zu training rows\n",
           costs->work.fixed_seconds / MICRO, costs->work.row_seconds / MICRO,
           f->run.job.config.threads, f->run.job.config.threads == 1 ? "" : "s",
           f->run.kernels->name, (size_t)(costs->bytes / sizeof(float)),
           f->run.data.train.rows);
    print_link("in a node", costs->inside, f->inside_from);
    print_link("between nodes", costs->between, f->between_from);
    if (mlp_comm_where(f->run.job.comm)->nodes > 1) {
        const mlp_step_forecast step = mlp_costs_between(
            costs, mlp_comm_size(f->run.job.comm), f->run.job.config.batch);
        const mlp_first_layer_way between =
            mlp_first_layer_way_of(step.by_tree, costs->rows.sends_rows);
        printf("first layer between nodes: by %s%s\n", between.way,
               between.about);
        printf("a node sends %.3f kB in %.4g messages a step, and waits for "
               "%zu rounds that depend on each other\n",
               1e-3 * step.sent.bytes, step.sent.messages, step.sent.rounds);
    }
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Compare the model's predictions with the measured steps. */
static void print_check(const mlp_plan *f)
{
    size_t ranks = mlp_comm_size(f->run.job.comm), count = f->team.count;
    double ratios[MLP_PLAN_POINTS];
    printf("\ncheck, %zu rank%s:  batch   measured  predicted  ratio\n", ranks,
           ranks == 1 ? "" : "s");
    for (size_t i = 0; i < count; i++) {
        size_t batch = ranks * (size_t)f->team.rows[i];
        double predicted = mlp_costs_step(&f->costs, ranks, batch);
        ratios[i] = predicted / f->team.seconds[i];
        printf("%23zu %7.3f ms %7.3f ms %6.2f\n", batch,
               1e3 * f->team.seconds[i], 1e3 * predicted, ratios[i]);
    }
    qsort(ratios, count, sizeof *ratios, compare);
    printf("median of the ratios %.2f\n", ratios[count / 2]);
}

static void print_line(const line *l)
{
    printf("%5zu %6zu", l->ranks, l->nodes);
    if (l->batch > 0) {
        printf(" %7zu %9.3f %8.1f %8.3g %9.0f%%", l->batch, 1e3 * l->step,
               1e-3 * l->between.sent.bytes, l->epoch, 100 * l->efficiency);
    } else {
        printf(" %7s %9s %8s %8s %10s", "-", "-", "-", "-", "-");
    }
    if (l->best > 0) {
        printf(" %10zu %8.3g %9.0f%%", l->best, l->best_epoch,
               100 * l->best_efficiency);
    } else {
        printf(" %10s %8s %10s", "-", "-", "-");
    }
    printf("%s\n", l->is_too_many ? "  *" : "");
}

static void print_table(const mlp_plan *f)
{
    bool has_mark = false;
    printf("\nranks  nodes   batch   step ms  kB sent  epoch s efficiency best "
           "batch  epoch s efficiency\n");
    for (size_t ranks = 1; ranks <= MLP_PLAN_RANKS; ranks *= 2) {
        line l = line_of(f, ranks);
        print_line(&l);
        has_mark = has_mark || l.is_too_many;
    }
    printf("efficiency: rows a second of each rank, over those of one rank on "
           "batch %zu\nbest batch: the smallest with %.0f%% or more; -: none, "
           "or fewer rows than ranks\nkB sent: by a node in a step\n",
           f->run.job.config.batch, 100 * WANTED_EFFICIENCY);
    if (has_mark) {
        printf("*: more than %zu node%s of %zu rank%s\n",
               f->run.job.config.plan, f->run.job.config.plan == 1 ? "" : "s",
               f->costs.per_node, f->costs.per_node == 1 ? "" : "s");
    }
}

/* ---- JSON lines -------------------------------------------------------- */

static json_t *number_if(bool is_there, double value)
{
    return is_there ? mlp_json_number(value) : json_null();
}

static mlp_status write_line(FILE *file, const line *l)
{
    return mlp_json_print(
        file,
        json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, "
                  "s:o, s:o, s:o}",
                  "event", "plan", "ranks", mlp_json_whole(l->ranks), "nodes",
                  mlp_json_whole(l->nodes), "batch", mlp_json_whole(l->batch),
                  "step_seconds", number_if(l->batch > 0, l->step),
                  "epoch_seconds", number_if(l->batch > 0, l->epoch),
                  "efficiency", number_if(l->batch > 0, l->efficiency),
                  "sent_bytes", number_if(l->batch > 0, l->between.sent.bytes),
                  "sent_messages",
                  number_if(l->batch > 0, l->between.sent.messages), "rounds",
                  mlp_json_whole(l->between.sent.rounds), "exposed_seconds",
                  number_if(l->batch > 0, l->between.exposed_seconds),
                  "best_batch", mlp_json_whole(l->best), "best_epoch_seconds",
                  number_if(l->best > 0, l->best_epoch), "best_efficiency",
                  number_if(l->best > 0, l->best_efficiency)),
        MLP_JSON_DOUBLE);
}

static mlp_status write_model(const mlp_plan *f, FILE *file)
{
    const mlp_costs *costs = &f->costs;
    return mlp_json_print(
        file,
        json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "event",
                  "plan_model", "ranks_per_node",
                  mlp_json_whole(costs->per_node), "gradient_bytes",
                  mlp_json_number(costs->bytes), "fixed_seconds",
                  mlp_json_number(costs->work.fixed_seconds), "row_seconds",
                  mlp_json_number(costs->work.row_seconds), "inside_alpha",
                  mlp_json_number(costs->inside.alpha), "inside_beta",
                  mlp_json_number(costs->inside.beta), "between_alpha",
                  mlp_json_number(costs->between.alpha), "between_beta",
                  mlp_json_number(costs->between.beta)),
        MLP_JSON_DOUBLE);
}

static mlp_status write_checks(const mlp_plan *f, FILE *file)
{
    size_t ranks = mlp_comm_size(f->run.job.comm);
    for (size_t i = 0; i < f->team.count; i++) {
        size_t batch = ranks * (size_t)f->team.rows[i];
        MLP_TRY(mlp_json_print(
            file,
            json_pack("{s:s, s:o, s:o, s:o, s:o}", "event", "plan_check",
                      "ranks", mlp_json_whole(ranks), "batch",
                      mlp_json_whole(batch), "measured_seconds",
                      mlp_json_number(f->team.seconds[i]), "predicted_seconds",
                      mlp_json_number(mlp_costs_step(&f->costs, ranks, batch))),
            MLP_JSON_DOUBLE));
    }
    return MLP_OK;
}

static mlp_status write_all(const mlp_plan *f, FILE *file)
{
    MLP_TRY(write_model(f, file));
    MLP_TRY(write_checks(f, file));
    for (size_t ranks = 1; ranks <= MLP_PLAN_RANKS; ranks *= 2) {
        line l = line_of(f, ranks);
        MLP_TRY(write_line(file, &l));
    }
    return MLP_OK;
}

/* Refuse an existing file: plan records don't belong in the log of a run. */
static mlp_status write_log(const mlp_plan *f, const char *path)
{
    FILE *file = fopen(path, "wxe");
    if (file == NULL) {
        return mlp_fail(MLP_ERROR_IO, "--log: %s: cannot be created: %s", path,
                        strerror(errno));
    }
    mlp_status status = write_all(f, file);
    bool is_written = !ferror(file);
    is_written = fclose(file) == 0 && is_written;
    if (status == MLP_OK && !is_written) {
        status = mlp_fail(MLP_ERROR_IO, "--log: %s: cannot be written: %s",
                          path, strerror(errno));
    }
    if (status != MLP_OK) {
        unlink(path);
    }
    return status;
}

mlp_status mlp_plan_print(const mlp_plan *f)
{
    if (f->run.job.config.log[0] != '\0') {
        MLP_TRY(write_log(f, f->run.job.config.log));
    }
    print_head(f);
    print_check(f);
    print_table(f);
    return mlp_stdout_flush();
}
