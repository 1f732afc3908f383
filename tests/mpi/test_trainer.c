/** @file
 *  Training over 1 to 4 ranks on synthetic rows: bitwise as in a team of one,
 *  and the same failures on all ranks.
 */
#include "train/trainer.h"

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "optim/optimizer.h"
#include "reference_mlp.h"
#include "rows/shard.h"
#include "run_suite.h"
#include "team/place.h"

/* Up to four nodes have 16 columns of the first layer each, one of them fewer.
 */
enum { FEATURES = 21, HIDDEN = 49, CLASSES = 3, STEPS = 12 };

static mlp_comm *world;
static mlp_comm *alone;

/* One way to train. */
typedef struct {
    size_t rows, batch, shards, threads;
    double lr, momentum, l2;
    mlp_optimizer_kind optimizer;
    bool is_sparse;
    size_t bad_row; /* contains a NaN; NONE: no row does */
} scenario;

static const size_t NONE = SIZE_MAX;

static const scenario scenarios[] = {
    {100, 16, 8, 1, 0.1, 0.0, 0.0, MLP_OPTIMIZER_SGD, true, NONE},
    {100, 16, 8, 3, 0.1, 0.9, 0.0, MLP_OPTIMIZER_SGD, false, NONE},
    {101, 37, 11, 2, 0.1, 0.9, 0.0, MLP_OPTIMIZER_NESTEROV, true, NONE},
    {97, 10, 5, 1, 0.1, 0.5, 0.01, MLP_OPTIMIZER_SGD, true, NONE},
    {64, 64, 4, 2, 0.05, 0.0, 0.1, MLP_OPTIMIZER_SGD, false, NONE},
    /* fewer rows than shards: some ranks have no row */
    {3, 8, 8, 1, 0.1, 0.9, 0.0, MLP_OPTIMIZER_SGD, true, NONE},
    {5, 4, 4, 2, 0.1, 0.0, 0.0, MLP_OPTIMIZER_SGD, false, NONE},
    {1, 4, 4, 1, 0.1, 0.0, 0.0, MLP_OPTIMIZER_SGD, true, NONE},
};

enum { SCENARIOS = sizeof scenarios / sizeof *scenarios };

/* How new teams exchange the first layer between nodes. */
static mlp_between_nodes between_nodes;

/* Each scenario twice, also by the other way between nodes. */
static const scenario *scenario_at(int i)
{
    between_nodes =
        i < SCENARIOS ? MLP_BETWEEN_NODES_COLUMNS : MLP_BETWEEN_NODES_TREE;
    return &scenarios[i % SCENARIOS];
}

static void choose_by_counting(void)
{
    between_nodes = MLP_BETWEEN_NODES_AUTO;
}

/* ---- a team ------------------------------------------------------------ */

typedef struct {
    mlp_comm *comm;
    mlp_config config;
    mlp_model *model;
    mlp_sharded split;
    mlp_trainer *trainer;
    float *parameters; /* as last stored */
    float *velocity;
} team;

static void *zeros(size_t count, size_t size)
{
    void *memory = calloc(count + 1, size);
    if (memory == NULL) {
        abort(); /* an assertion here would leave the other ranks waiting */
    }
    return memory;
}

static float value_of(const scenario *s, size_t row, size_t column)
{
    mlp_rng_key key = {5, MLP_RNG_TEST, 0};
    mlp_rng_block block = mlp_rng_draw(key, row, (uint32_t)column);
    float value = mlp_rng_uniform(block.word[0]);
    if (row == s->bad_row && column == FEATURES / 2) {
        return NAN;
    }
    return mlp_rng_uniform(block.word[1]) < 0.6F ? 0.0F : value;
}

static uint16_t label_of(size_t row)
{
    return (uint16_t)(row * 7 % CLASSES);
}

/* The rows of this rank's shards. */
static mlp_sharded make_split(const scenario *s, mlp_comm *comm)
{
    mlp_range shards = mlp_place_rank_shards(mlp_comm_where(comm),
                                             mlp_comm_rank(comm), s->shards);
    mlp_range first = mlp_range_part(s->rows, s->shards, shards.first);
    mlp_range last =
        mlp_range_part(s->rows, s->shards, shards.first + shards.count - 1);
    mlp_range here = {first.first, last.first + last.count - first.first};
    float *values = zeros(here.count * FEATURES, sizeof *values);
    uint16_t *labels = zeros(here.count, sizeof *labels);
    for (size_t r = 0; r < here.count; r++) {
        labels[r] = label_of(here.first + r);
        for (size_t c = 0; c < FEATURES; c++) {
            values[r * FEATURES + c] = value_of(s, here.first + r, c);
        }
    }
    return (mlp_sharded){.here = {.range = here,
                                  .features = FEATURES,
                                  .element = MLP_ELEMENT_F32,
                                  .values = values,
                                  .labels = labels},
                         .rows = s->rows,
                         .shards = shards};
}

static mlp_config make_config(const scenario *s)
{
    mlp_config config;
    mlp_config_init(&config);
    config.batch = s->batch;
    config.shards = s->shards;
    config.threads = s->threads;
    config.lr = s->lr;
    config.schedule = MLP_SCHEDULE_CONSTANT;
    config.momentum = s->momentum;
    config.l2 = s->l2;
    config.optimizer = s->optimizer;
    config.between_nodes = between_nodes;
    return config;
}

static mlp_status create_trainer(team *t, bool is_sparse)
{
    const mlp_trainer_parts parts = {.comm = t->comm,
                                     .config = &t->config,
                                     .model = t->model,
                                     .kernels = mlp_kernels_find(NULL),
                                     .train = &t->split,
                                     .scaler = {.scale = 1.0F},
                                     .is_sparse = is_sparse};
    return mlp_trainer_create(&parts, &t->trainer);
}

/* Create a team with initial weights. Collective over comm. */
static mlp_status create_team(const scenario *s, mlp_comm *comm, team *t)
{
    const size_t widths[] = {FEATURES, HIDDEN, 17, CLASSES};
    *t = (team){.comm = comm, .config = make_config(s)};
    t->split = make_split(s, comm);
    MLP_TRY(mlp_comm_agree(comm,
                           mlp_model_create(widths, 3, &t->config, &t->model)));
    t->parameters = zeros(t->model->parameters, sizeof *t->parameters);
    t->velocity = zeros(t->model->parameters, sizeof *t->velocity);
    MLP_TRY(create_trainer(t, s->is_sparse));
    mlp_model_initialize(t->model, MLP_INIT_HE_UNIFORM, 1, t->parameters);
    return mlp_trainer_load(t->trainer, t->parameters, NULL);
}

static void destroy_team(team *t)
{
    mlp_trainer_destroy(&t->trainer);
    mlp_dataset_destroy(&t->split.here);
    mlp_model_destroy(&t->model);
    free(t->parameters);
    free(t->velocity);
}

static mlp_status take_step(team *t, size_t step, bool wants_stop,
                            mlp_step_result *result)
{
    size_t steps =
        mlp_epoch_steps(t->split.rows, mlp_config_step_rows(&t->config));
    return mlp_trainer_step(t->trainer, step / steps, step % steps, wants_stop,
                            result);
}

static void store(team *t)
{
    float *const moments[] = {t->velocity, NULL};
    mlp_trainer_store(t->trainer, t->parameters, moments);
}

static bool have_same_bits(const team *a, const team *b)
{
    size_t bytes = a->model->parameters * sizeof(float);
    return memcmp(a->parameters, b->parameters, bytes) == 0 &&
           memcmp(a->velocity, b->velocity, bytes) == 0;
}

static bool are_same_tallies(const mlp_tally *a, const mlp_tally *b)
{
    return memcmp(&a->loss_sum, &b->loss_sum, sizeof a->loss_sum) == 0 &&
           a->hits == b->hits && a->rows == b->rows;
}

/* Number of ranks on which a claim is true. Collective. */
static uint64_t ranks_where(bool claim)
{
    uint64_t count = claim;
    return mlp_comm_sum(world, &count, 1) == MLP_OK ? count : UINT64_MAX;
}

/* ---- equal to one rank ------------------------------------------------- */

/* Train in the team and alone; whether all results are the same. */
static bool train_both(team *many, team *one)
{
    bool is_same = true;
    for (size_t step = 0; step < STEPS; step++) {
        mlp_step_result here;
        mlp_step_result there;
        is_same &= take_step(many, step, false, &here) == MLP_OK;
        is_same &= take_step(one, step, false, &there) == MLP_OK;
        is_same = is_same && are_same_tallies(&here.tally, &there.tally) &&
                  !here.wants_stop;
    }
    store(many);
    store(one);
    return is_same && have_same_bits(many, one);
}

START_TEST(parameters_and_tallies_have_the_bits_of_a_team_of_one)
{
    team many;
    team one;
    const scenario *s = scenario_at(_i);
    mlp_status status = create_team(s, world, &many);
    bool is_same = create_team(s, alone, &one) == MLP_OK && status == MLP_OK &&
                   train_both(&many, &one);
    uint64_t same = ranks_where(is_same);
    destroy_team(&many);
    destroy_team(&one);
    ck_assert_uint_eq(same, mlp_comm_size(world));
}
END_TEST

/* Columns where there are several nodes, unless something is in the way. */
START_TEST(fewer_bytes_and_no_norms_make_columns)
{
    static const scenario few = {
        100, 20, 8, 1, 0.1, 0.0, 0.0, MLP_OPTIMIZER_SGD, true, SIZE_MAX};
    bool has_nodes = mlp_comm_where(world)->nodes > 1;
    bool is_by_columns[4] = {false};
    mlp_status refused = MLP_OK;
    team t;
    for (int i = 0; i < 4; i++) {
        scenario s = few;
        s.batch = i == 1 ? 100 : 20; /* at most 84 are fewer bytes */
        s.optimizer = i == 2 ? MLP_OPTIMIZER_LAMB : s.optimizer;
        between_nodes =
            i == 3 ? MLP_BETWEEN_NODES_TREE : MLP_BETWEEN_NODES_AUTO;
        if (create_team(&s, world, &t) == MLP_OK) {
            is_by_columns[i] =
                strcmp(mlp_trainer_first_layer_way(t.trainer).way, "columns") ==
                0;
        }
        destroy_team(&t);
    }
    scenario s = few;
    s.optimizer = MLP_OPTIMIZER_LAMB;
    between_nodes = MLP_BETWEEN_NODES_COLUMNS;
    refused = create_team(&s, world, &t);
    bool is_told = strstr(mlp_failure(), "--between-nodes columns: norms");
    destroy_team(&t);
    ck_assert_int_eq(is_by_columns[0], has_nodes);
    ck_assert(!is_by_columns[1] && !is_by_columns[2] && !is_by_columns[3]);
    ck_assert_int_eq(refused, has_nodes ? MLP_ERROR_USAGE : MLP_OK);
    ck_assert_int_eq(is_told, has_nodes);
}
END_TEST

/* The same configuration with accumulation of micro-batches of `batch` rows.
 * Collective over comm. */
static mlp_status create_accumulating(const scenario *s, mlp_comm *comm,
                                      size_t batch, team *t)
{
    MLP_TRY(create_team(s, comm, t));
    mlp_trainer_destroy(&t->trainer);
    t->config.batch = batch;
    t->config.accumulate = s->batch / batch;
    MLP_TRY(create_trainer(t, s->is_sparse));
    return mlp_trainer_load(t->trainer, t->parameters, NULL);
}

/* Up to 8 micro-batches, some of single rows, and with fewer rows than shards.
 */
START_TEST(accumulated_batch_has_the_bits_of_a_whole_one)
{
    const scenario *s = scenario_at(_i);
    uint64_t same = mlp_comm_size(world);
    for (size_t batch = 1; batch < s->batch; batch++) {
        team accumulating;
        team whole;
        if (s->batch % batch != 0 || s->batch / batch > 8) {
            continue;
        }
        bool is_same =
            create_accumulating(s, world, batch, &accumulating) == MLP_OK;
        is_same = create_team(s, alone, &whole) == MLP_OK && is_same &&
                  train_both(&accumulating, &whole);
        uint64_t here = ranks_where(is_same);
        same = here < same ? here : same;
        destroy_team(&accumulating);
        destroy_team(&whole);
    }
    ck_assert_uint_eq(same, mlp_comm_size(world));
}
END_TEST

/* Add the gradient of all rows to `gradient`, and their loss to *loss. */
static void add_reference(const scenario *s, const float *parameters,
                          double *gradient, double *loss)
{
    const reference_net net = {.layers = 3,
                               .widths = {FEATURES, HIDDEN, 17, CLASSES},
                               .hidden = MLP_ACTIVATION_RELU,
                               .output = MLP_OUTPUT_SOFTMAX};
    size_t count = reference_parameters(&net);
    double *exact = zeros(count, sizeof *exact);
    for (size_t i = 0; i < count; i++) {
        exact[i] = (double)parameters[i];
    }
    for (size_t r = 0; r < s->rows; r++) {
        reference_row row;
        for (size_t c = 0; c < FEATURES; c++) {
            row.a[0][c] = (double)value_of(s, r, c);
        }
        reference_forward(&net, exact, &row);
        reference_add_gradient(&net, exact, &row, label_of(r), gradient);
        *loss += reference_loss(&net, &row, label_of(r));
    }
    free(exact);
}

START_TEST(step_goes_down_the_mean_gradient_of_the_batch)
{
    static const scenario whole = {
        61, 64, 8, 2, 0.5, 0.0, 0.0, MLP_OPTIMIZER_SGD, true, SIZE_MAX};
    team t;
    mlp_step_result result = {0};
    mlp_status status = create_team(&whole, world, &t);
    size_t count = t.model->parameters;
    double *expected = zeros(count, sizeof *expected);
    double loss = 0.0;
    double worst = 0.0;
    add_reference(&whole, t.parameters, expected, &loss);
    for (size_t i = 0; i < count; i++) {
        expected[i] = (double)t.parameters[i] - 0.5 * expected[i] / 61.0;
    }
    status = status == MLP_OK ? take_step(&t, 0, false, &result) : status;
    store(&t);
    for (size_t i = 0; i < count; i++) {
        worst = fmax(worst, fabs((double)t.parameters[i] - expected[i]));
    }
    free(expected);
    destroy_team(&t);
    ck_assert_int_eq(status, MLP_OK);
    /* float32: sums of at most 61 terms of about 1, each off by 2^-24 */
    ck_assert_double_lt(worst, 5e-6);
    ck_assert_double_eq_tol(result.tally.loss_sum, loss, 61 * 5e-6);
    ck_assert_uint_eq(result.tally.rows, 61);
}
END_TEST

START_TEST(training_learns_the_rows)
{
    team t;
    mlp_step_result first;
    mlp_step_result last;
    mlp_status status = create_team(&scenarios[1], world, &t);
    for (size_t step = 0; step < 300 && status == MLP_OK; step++) {
        status = take_step(&t, step, false, step == 0 ? &first : &last);
    }
    destroy_team(&t);
    ck_assert_int_eq(status, MLP_OK);
    ck_assert_double_gt(mlp_tally_loss(&first.tally), 0.9); /* about ln 3 */
    ck_assert_double_lt(mlp_tally_loss(&last.tally), 0.01);
}
END_TEST

static mlp_status evaluate_both(team *many, team *one, mlp_tally tallies[2],
                                uint64_t confusions[2][CLASSES * CLASSES])
{
    memset(confusions, 0, 2 * sizeof *confusions);
    MLP_TRY(mlp_trainer_evaluate(many->trainer, &many->split, &tallies[0],
                                 confusions[0]));
    return mlp_trainer_evaluate(one->trainer, &one->split, &tallies[1],
                                confusions[1]);
}

START_TEST(evaluation_is_exact_and_the_same_on_every_rank)
{
    team many;
    team one;
    mlp_tally tallies[2];
    uint64_t confusions[2][CLASSES * CLASSES];
    const scenario *s = scenario_at(_i);
    mlp_status status = create_team(s, world, &many);
    bool is_same = create_team(s, alone, &one) == MLP_OK && status == MLP_OK &&
                   train_both(&many, &one);
    status = evaluate_both(&many, &one, tallies, confusions);
    uint64_t rows = 0;
    uint64_t hits = 0;
    for (size_t i = 0; i < CLASSES * CLASSES; i++) {
        rows += confusions[0][i];
        hits += i % (CLASSES + 1) == 0 ? confusions[0][i] : 0;
    }
    is_same = is_same && are_same_tallies(&tallies[0], &tallies[1]) &&
              memcmp(confusions[0], confusions[1], sizeof *confusions) == 0;
    uint64_t same = ranks_where(is_same);
    destroy_team(&many);
    destroy_team(&one);
    ck_assert_int_eq(status, MLP_OK);
    ck_assert_uint_eq(same, mlp_comm_size(world));
    ck_assert_uint_eq(tallies[0].rows, s->rows);
    ck_assert_uint_eq(rows, s->rows);
    ck_assert_uint_eq(tallies[0].hits, hits);
}
END_TEST

START_TEST(stored_state_goes_on_where_it_was)
{
    team straight;
    team resumed;
    mlp_step_result result;
    mlp_status status = create_team(&scenarios[2], world, &straight);
    for (size_t step = 0; step < STEPS && status == MLP_OK; step++) {
        status = take_step(&straight, step, false, &result);
        if (step + 1 == STEPS / 2 && status == MLP_OK) {
            store(&straight);
            between_nodes = MLP_BETWEEN_NODES_TREE; /* from columns */
            status = create_team(&scenarios[2], world, &resumed);
            float *const moments[] = {straight.velocity, NULL};
            mlp_trainer_load(resumed.trainer, straight.parameters, moments);
        }
    }
    for (size_t step = STEPS / 2; step < STEPS && status == MLP_OK; step++) {
        status = take_step(&resumed, step, false, &result);
    }
    store(&straight);
    store(&resumed);
    uint64_t same = ranks_where(have_same_bits(&straight, &resumed));
    destroy_team(&straight);
    destroy_team(&resumed);
    ck_assert_int_eq(status, MLP_OK);
    ck_assert_uint_eq(same, mlp_comm_size(world));
}
END_TEST

START_TEST(one_rank_asked_to_stop_stops_all)
{
    team t;
    mlp_step_result result;
    uint64_t stopping[3] = {99, 99, 99};
    bool is_last = mlp_comm_rank(world) + 1 == mlp_comm_size(world);
    mlp_status status = create_team(&scenarios[0], world, &t);
    for (size_t step = 0; step < 3 && status == MLP_OK; step++) {
        status = take_step(&t, step, is_last && step == 1, &result);
        stopping[step] = ranks_where(result.wants_stop);
    }
    destroy_team(&t);
    ck_assert_int_eq(status, MLP_OK);
    ck_assert_uint_eq(stopping[0], 0);
    ck_assert_uint_eq(stopping[1], mlp_comm_size(world));
    ck_assert_uint_eq(stopping[2], 0);
}
END_TEST

/* ---- divergence -------------------------------------------------------- */

/* Train until it fails; the state is then as after the last good step. */
static mlp_status train_to_failure(team *t, bool *stayed)
{
    mlp_status status = MLP_OK;
    size_t bytes = t->model->parameters * sizeof(float);
    float *before = zeros(1, bytes);
    for (size_t step = 0; step < STEPS && status == MLP_OK; step++) {
        mlp_step_result result;
        store(t);
        memcpy(before, t->parameters, bytes);
        status = take_step(t, step, false, &result);
    }
    store(t);
    *stayed = memcmp(before, t->parameters, bytes) == 0;
    free(before);
    return status;
}

static void check_divergence(const scenario *s)
{
    team t;
    bool stayed = false;
    mlp_tally tally;
    mlp_status created = create_team(s, world, &t);
    mlp_status status = train_to_failure(&t, &stayed);
    uint64_t diverged = ranks_where(status == MLP_DIVERGED);
    uint64_t unchanged = ranks_where(stayed);
    /* the team can still communicate */
    mlp_status after = mlp_trainer_evaluate(t.trainer, &t.split, &tally, NULL);
    destroy_team(&t);
    ck_assert_int_eq(created, MLP_OK);
    ck_assert_uint_eq(diverged, mlp_comm_size(world));
    ck_assert_uint_eq(unchanged, mlp_comm_size(world));
    ck_assert_int_eq(after, MLP_OK);
    ck_assert_ptr_nonnull(strstr(mlp_failure(), "not finite"));
}

START_TEST(nan_on_one_rank_stops_all_and_leaves_the_parameters)
{
    scenario s = *scenario_at(_i);
    s.bad_row = s.rows - 1; /* of the last rank */
    check_divergence(&s);
}
END_TEST

START_TEST(huge_learning_rate_stops_all_and_leaves_the_parameters)
{
    scenario s = *scenario_at(_i);
    s.lr = 1e25;
    check_divergence(&s);
}
END_TEST

/* ---- values that are not finite: detected in their step, and located ----- */

/* Kernels whose results are corrupted on one rank, in one layer. */
typedef enum {
    NOTHING,
    ACTIVATION,
    LOSS,
    ERROR,      /* dz of a layer, in backward */
    GRADIENT,   /* of a weight */
    GREAT_SUM,  /* finite in each node team, but not their sum */
    FALSE_ALARM /* of a correct gradient */
} poison_kind;

static const size_t inputs_of[] = {FEATURES, HIDDEN, 17};
enum { LAYERS = sizeof inputs_of / sizeof inputs_of[0] };

static const mlp_kernels *real;
static struct {
    poison_kind kind;
    size_t layer;
    size_t rank; /* that has the row, or in whose node team the sum is */
    size_t row;  /* first row of that rank in its node team's batch */
    bool is_alone;
} poison;

static bool is_in_its_node_team(size_t rank)
{
    const size_t *node_of = mlp_comm_where(world)->node_of;
    return poison.is_alone ? rank == poison.rank
                           : node_of[rank] == node_of[poison.rank];
}

static bool is_layer(poison_kind kind, size_t in)
{
    return poison.kind == kind && in == inputs_of[poison.layer];
}

/* Whether this thread corrupts the row: it has the row's first columns. */
static bool has_row(poison_kind kind, size_t in, mlp_range rows,
                    mlp_range panels)
{
    return is_layer(kind, in) && is_in_its_node_team(mlp_comm_rank(world)) &&
           rows.first <= poison.row && poison.row < rows.first + rows.count &&
           panels.first == 0 && panels.count > 0;
}

/* Whether this thread corrupts the gradient: it has the first block. */
static bool has_sum(poison_kind kind, size_t in, mlp_range groups,
                    mlp_range panels)
{
    return is_layer(kind, in) &&
           (kind == GREAT_SUM || is_in_its_node_team(mlp_comm_rank(world))) &&
           groups.first == 0 && panels.first == 0 && groups.count > 0 &&
           panels.count > 0;
}

static void poison_forward(const mlp_dense *layer, const mlp_batch *x,
                           const mlp_units *y, mlp_range rows, mlp_range panels)
{
    real->forward(layer, x, y, rows, panels);
    if (has_row(ACTIVATION, layer->in, rows, panels)) {
        y->a[poison.row * mlp_stride(layer->out)] = NAN;
    }
}

static void poison_backward(const mlp_dense *layer, const float *dz,
                            const mlp_dense *below, const mlp_units *units,
                            float *dx, mlp_range rows, mlp_range panels,
                            float *scratch)
{
    real->backward(layer, dz, below, units, dx, rows, panels, scratch);
    if (has_row(ERROR, below->in, rows, panels)) {
        dx[poison.row * mlp_stride(below->out)] = INFINITY;
    }
}

static void poison_loss(mlp_loss kind, const mlp_loss_rows *loss,
                        const mlp_dense *layer, mlp_range rows)
{
    real->loss(kind, loss, layer, rows);
    if (has_row(LOSS, layer->in, rows, (mlp_range){0, 1})) {
        loss->losses[poison.row] = NAN;
    }
    if (has_row(ERROR, layer->in, rows, (mlp_range){0, 1}) &&
        loss->dz != NULL) {
        loss->dz[poison.row * loss->stride] = -INFINITY;
    }
}

static bool poison_gradient(const mlp_dense *layer, const mlp_batch *x,
                            const float *dz, const mlp_units *units,
                            const mlp_gradient_node *node, mlp_range groups,
                            mlp_range panels, float *scratch)
{
    bool is_safe =
        real->gradient(layer, x, dz, units, node, groups, panels, scratch);
    float *sum = &node->sum[mlp_dense_index(layer->in, layer->out,
                                            groups.first * MLP_GROUP,
                                            panels.first * MLP_PANEL)];
    if (has_sum(GRADIENT, layer->in, groups, panels)) {
        *sum = INFINITY;
        return false;
    }
    if (has_sum(GREAT_SUM, layer->in, groups, panels)) {
        *sum = 3e38F;
        return false;
    }
    return is_safe && !has_sum(FALSE_ALARM, layer->in, groups, panels);
}

/* Create a team whose kernels can be corrupted. Sums of gradients are corrupted
 * in steps that are finished with care, since of operands below the bound
 * (train/fused.c) all sums are finite. Collective over comm. */
static mlp_status create_spoilt(const scenario *s, const mlp_config *wanted,
                                poison_kind kind, mlp_comm *comm, team *t)
{
    bool is_careful =
        kind == GRADIENT || kind == GREAT_SUM || kind == FALSE_ALARM;
    static mlp_kernels poisoned;
    real = mlp_kernels_find(NULL);
    poisoned = *real;
    poisoned.forward = poison_forward;
    poisoned.backward = poison_backward;
    poisoned.loss = poison_loss;
    poisoned.gradient = poison_gradient;
    poison.kind = NOTHING;
    MLP_TRY(create_team(s, comm, t));
    mlp_trainer_destroy(&t->trainer);
    t->config.clip_norm = wanted->clip_norm;
    t->config.exchange = wanted->exchange;
    t->config.exchange_precision = wanted->exchange_precision;
    t->config.between_nodes = wanted->between_nodes;
    const mlp_trainer_parts parts = {.comm = t->comm,
                                     .config = &t->config,
                                     .model = t->model,
                                     .kernels = &poisoned,
                                     .train = &t->split,
                                     .scaler = {.scale = 1.0F},
                                     .is_sparse = s->is_sparse};
    if (is_careful) {
        setenv("MLP_TEST_CAREFUL", "1", 1);
    }
    mlp_status status = mlp_trainer_create(&parts, &t->trainer);
    unsetenv("MLP_TEST_CAREFUL");
    return status != MLP_OK ? status
                            : mlp_trainer_load(t->trainer, t->parameters, NULL);
}

/* Take the corrupted step; whether it fails with the expected text and leaves
 * parameters and moments unchanged. */
static bool is_caught(team *t, size_t step, const char *expected)
{
    size_t bytes = t->model->parameters * sizeof(float);
    mlp_step_result result;
    store(t);
    float *before = zeros(2, bytes);
    memcpy(before, t->parameters, bytes);
    memcpy(before + t->model->parameters, t->velocity, bytes);
    mlp_status status = take_step(t, step, false, &result);
    store(t);
    bool is_told = strstr(mlp_failure(), expected) != NULL;
    bool has_stayed =
        memcmp(before, t->parameters, bytes) == 0 &&
        memcmp(before + t->model->parameters, t->velocity, bytes) == 0;
    free(before);
    if (status != MLP_DIVERGED || !is_told || !has_stayed) {
        fprintf(stderr, "expected %s, have %s%s\n", expected, mlp_failure(),
                has_stayed ? "" : "; and the step updated");
    }
    return status == MLP_DIVERGED && is_told && has_stayed;
}

static bool has_columns(const mlp_config *config)
{
    return config->between_nodes == MLP_BETWEEN_NODES_COLUMNS &&
           mlp_comm_where(world)->nodes > 1;
}

/* Rows of the node team's batch before those of poison.rank, in the corrupted
 * step; of the whole batch, where nodes compute columns of all rows. */
static size_t rows_before(const scenario *s, bool is_whole)
{
    const mlp_comm_place *place = mlp_comm_where(world);
    size_t node = place->node_of[poison.rank];
    size_t own = mlp_place_rank_shards(place, poison.rank, s->shards).first;
    size_t first =
        is_whole ? 0 : mlp_place_node_shards(place, node, s->shards).first;
    size_t rows = 0;
    for (size_t i = poison.is_alone ? own : first; i < own; i++) {
        rows += mlp_shard_batch(s->rows, s->shards, s->batch, 1, i).count;
    }
    return rows;
}

/* A good step, then one corrupted as the global `poison` says. */
static uint64_t ranks_that_catch(const mlp_config *config, poison_kind kind,
                                 const char *expected)
{
    team t;
    mlp_step_result result;
    poison.is_alone = config->exchange == MLP_EXCHANGE_MPI;
    bool is_whole =
        has_columns(config) && kind == ACTIVATION && poison.layer == 0;
    poison.row = rows_before(&scenarios[1], is_whole);
    mlp_status status = create_spoilt(&scenarios[1], config, kind, world, &t);
    status = status == MLP_OK ? take_step(&t, 0, false, &result) : status;
    poison.kind = kind;
    bool is_right = status == MLP_OK && is_caught(&t, 1, expected);
    poison.kind = NOTHING;
    uint64_t count = ranks_where(is_right);
    destroy_team(&t);
    return count;
}

static const mlp_config ways[] = {
    {.exchange = MLP_EXCHANGE_TREE, .between_nodes = MLP_BETWEEN_NODES_TREE},
    {.exchange = MLP_EXCHANGE_TREE, .between_nodes = MLP_BETWEEN_NODES_COLUMNS},
    {.exchange = MLP_EXCHANGE_TREE, .exchange_precision = MLP_PRECISION_BF16},
    {.exchange = MLP_EXCHANGE_MPI},
    {.exchange = MLP_EXCHANGE_TREE, .clip_norm = 1.0},
};
enum { WAYS = sizeof ways / sizeof ways[0] };

/* The rank that must be named: the one with the row, or the one that computed
 * the sum, the first of the node team. */
static size_t culprit(poison_kind kind)
{
    size_t rank = 0;
    while (kind == GRADIENT && !is_in_its_node_team(rank)) {
        rank++;
    }
    return kind == GRADIENT ? rank : poison.rank;
}

/* On the first rank or on the last one only, in each layer. */
static void check_catching(const mlp_config *way, poison_kind kind,
                           const char *what)
{
    size_t ranks = mlp_comm_size(world);
    for (size_t i = 0; i < 2 * LAYERS; i++) {
        char expected[96];
        char layer[16] = "";
        poison.layer = i / 2;
        poison.rank = i % 2 == 0 ? 0 : ranks - 1;
        poison.is_alone = way->exchange == MLP_EXCHANGE_MPI;
        if (kind == LOSS && poison.layer + 1 < LAYERS) {
            continue;
        }
        if (kind != LOSS) {
            snprintf(layer, sizeof layer, ", layer %zu", poison.layer);
        }
        snprintf(expected, sizeof expected,
                 "epoch 1, step 2: rank %zu%s: %s is not finite", culprit(kind),
                 layer, what);
        ck_assert_uint_eq(ranks_that_catch(way, kind, expected), ranks);
    }
}

START_TEST(what_is_not_finite_is_caught_before_the_update)
{
    check_catching(&ways[_i], ACTIVATION, "an activation");
    check_catching(&ways[_i], LOSS, "the loss");
    check_catching(&ways[_i], ERROR, "an error going back");
    check_catching(&ways[_i], GRADIENT, "a gradient");
}
END_TEST

START_TEST(a_sum_of_finite_gradients_that_is_not_finite_is_caught)
{
    size_t ranks = mlp_comm_size(world);
    for (size_t way = 0; way < WAYS && ranks > 1; way++) {
        bool is_mpi = ways[way].exchange == MLP_EXCHANGE_MPI;
        bool adds = is_mpi || mlp_comm_where(world)->nodes > 1 ||
                    ways[way].exchange_precision == MLP_PRECISION_BF16;
        if (!adds) { /* the node team's sum is that of all ranks */
            continue;
        }
        for (size_t layer = 0; layer < LAYERS; layer++) {
            char expected[96];
            poison.layer = layer;
            if (has_columns(&ways[way]) && layer == 0) {
                continue; /* a sum of one node */
            }
            /* MPI's sums take the place of rank 0's own */
            snprintf(expected, sizeof expected,
                     "epoch 1, step 2: %slayer %zu: %s is not finite",
                     is_mpi ? "rank 0, " : "", layer,
                     is_mpi ? "a gradient" : "the sum of all ranks' gradients");
            ck_assert_uint_eq(ranks_that_catch(&ways[way], GREAT_SUM, expected),
                              ranks);
        }
    }
}
END_TEST

/* Checking the sums again changes nothing. */
START_TEST(a_false_alarm_changes_no_bit)
{
    team many;
    team one;
    const scenario *s = scenario_at(_i);
    mlp_status status =
        create_spoilt(s, &ways[_i < SCENARIOS], FALSE_ALARM, world, &many);
    poison.kind = FALSE_ALARM;
    poison.layer = 1;
    poison.rank = mlp_comm_size(world) - 1;
    bool is_same = create_team(s, alone, &one) == MLP_OK && status == MLP_OK &&
                   train_both(&many, &one);
    poison.kind = NOTHING;
    uint64_t same = ranks_where(is_same);
    destroy_team(&many);
    destroy_team(&one);
    ck_assert_uint_eq(same, mlp_comm_size(world));
}
END_TEST

/* Train one step, and count the ranks with the expected failure. Collective. */
static uint64_t ranks_that_say(team *t, const char *expected)
{
    mlp_step_result result;
    mlp_status status = take_step(t, 0, false, &result);
    uint64_t count = ranks_where(
        status == MLP_DIVERGED && strstr(mlp_failure(), expected) != NULL &&
        strstr(mlp_failure(), "epoch 1, step 1: ") != NULL);
    if (count != mlp_comm_size(world)) {
        fprintf(stderr, "expected %s, have %s\n", expected, mlp_failure());
    }
    return count;
}

/* Also in an earlier micro-batch than the last: the step ends there. */
START_TEST(an_input_of_the_first_micro_batch_is_named)
{
    scenario s = scenarios[0];
    team t;
    s.batch = 100; /* all rows are in the first step */
    for (size_t row = 0; row < 2; row++) {
        s.bad_row = row * 99;
        mlp_status status = create_accumulating(&s, world, 10, &t);
        uint64_t input = ranks_that_say(&t, ": an input is not finite");
        destroy_team(&t);
        ck_assert_int_eq(status, MLP_OK);
        ck_assert_uint_eq(input, mlp_comm_size(world));
    }
}
END_TEST

START_TEST(an_input_and_a_weight_that_are_not_finite_are_named)
{
    scenario s = scenarios[0];
    team t;
    mlp_status created = create_team(&s, world, &t);
    t.parameters[(FEATURES + 1) * HIDDEN + 5] = INFINITY; /* of layer 1 */
    mlp_status loaded = mlp_trainer_load(t.trainer, t.parameters, NULL);
    uint64_t weight = ranks_that_say(&t, "rank 0, layer 1: a weight is");
    destroy_team(&t);
    s.batch = 100; /* the bad row is in the first step */
    s.bad_row = 99;
    mlp_status again = create_team(&s, world, &t);
    uint64_t input = ranks_that_say(&t, ": an input is not finite");
    destroy_team(&t);
    ck_assert_int_eq(created, MLP_OK);
    ck_assert_int_eq(loaded, MLP_OK);
    ck_assert_int_eq(again, MLP_OK);
    ck_assert_uint_eq(weight, mlp_comm_size(world));
    ck_assert_uint_eq(input, mlp_comm_size(world));
}
END_TEST

static Suite *create_suite(void)
{
    TCase *tests = tcase_create("trainer");
    tcase_add_checked_fixture(tests, choose_by_counting, NULL);
    tcase_add_test(tests, fewer_bytes_and_no_norms_make_columns);
    tcase_add_loop_test(tests, what_is_not_finite_is_caught_before_the_update,
                        0, WAYS);
    tcase_add_test(tests,
                   a_sum_of_finite_gradients_that_is_not_finite_is_caught);
    tcase_add_loop_test(tests, a_false_alarm_changes_no_bit, 0, 2 * SCENARIOS);
    tcase_add_test(tests, an_input_and_a_weight_that_are_not_finite_are_named);
    tcase_add_test(tests, an_input_of_the_first_micro_batch_is_named);
    tcase_add_loop_test(tests, accumulated_batch_has_the_bits_of_a_whole_one, 0,
                        2 * SCENARIOS);
    tcase_add_loop_test(tests,
                        parameters_and_tallies_have_the_bits_of_a_team_of_one,
                        0, 2 * SCENARIOS);
    tcase_add_test(tests, step_goes_down_the_mean_gradient_of_the_batch);
    tcase_add_test(tests, training_learns_the_rows);
    tcase_add_loop_test(tests, evaluation_is_exact_and_the_same_on_every_rank,
                        0, 2 * SCENARIOS);
    tcase_add_test(tests, stored_state_goes_on_where_it_was);
    tcase_add_test(tests, one_rank_asked_to_stop_stops_all);
    tcase_add_loop_test(tests,
                        nan_on_one_rank_stops_all_and_leaves_the_parameters, 0,
                        2 * SCENARIOS);
    tcase_add_loop_test(
        tests, huge_learning_rate_stops_all_and_leaves_the_parameters, 0, 5);
    Suite *suite = suite_create("trainer over MPI");
    suite_add_tcase(suite, tests);
    return suite;
}

int main(int argc, char **argv)
{
    if (mlp_comm_world_create(&argc, &argv, &world) != MLP_OK ||
        mlp_comm_serial_create(&alone) != MLP_OK) {
        fprintf(stderr, "%s\n", mlp_failure());
        return EXIT_FAILURE;
    }
    int status = run_suite(create_suite(), CK_NOFORK);
    mlp_comm_destroy(&alone);
    mlp_comm_destroy(&world);
    return status;
}
