/** @file
 *  Networks: saving, loading, and predictions of trained models.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/version.h"
#include "checkpoint/file.h"
#include "hdf5/lock.h"
#include "infer/inference.h"
#include "model/model.h"

#include "internal.h"

/* A pool of inference objects that no thread uses at the moment. `first` owns
 * the parameters, which the others share. */
typedef struct {
    pthread_mutex_t lock;
    mlp_inference *first;
    mlp_inference **free; /* [room] */
    size_t free_count, made, room;
} workspaces;

struct mlp_network {
    mlp_checkpoint state;
    mlp_network_facts facts;
    mlp_epoch *history; /* [state.history.count] */
    workspaces *work;
};

/* ---- create and destroy ------------------------------------------------ */

static mlp_status digest_weights(const mlp_checkpoint *state, char *hex)
{
    unsigned char digest[MLP_DIGEST_BYTES];
    MLP_TRY(mlp_model_digest(mlp_checkpoint_result(state),
                             state->parameter_count, digest));
    mlp_digest_hex(digest, hex);
    return MLP_OK;
}

static mlp_status describe_history(mlp_network *network)
{
    const mlp_history *history = &network->state.history;
    mlp_epoch *epochs = calloc(history->count + 1, sizeof *epochs);
    if (epochs == NULL) {
        return mlp_fail_memory("a network");
    }
    for (size_t i = 0; i < history->count; i++) {
        epochs[i] =
            mlp_epoch_of(&history->records[i], network->facts.is_regression);
    }
    network->history = epochs;
    network->facts.history = epochs;
    network->facts.history_count = history->count;
    return MLP_OK;
}

static mlp_status describe(mlp_network *network)
{
    const mlp_checkpoint *state = &network->state;
    bool is_regression = state->schema.is_regression;
    bool has_names = state->class_names.count > 0;
    network->facts = (mlp_network_facts){
        .layers = state->layers,
        .widths = state->widths,
        .outputs = state->widths[state->layers],
        .classes = is_regression ? 0 : mlp_checkpoint_classes(state),
        .class_names =
            has_names ? (const char *const *)state->class_names.items : NULL,
        .is_regression = is_regression,
        .parameters = state->parameter_count,
        .epochs = state->epoch,
        .steps = state->step};
    _Static_assert(sizeof network->facts.weights_sha256 == MLP_DIGEST_HEX,
                   "a digest in hexadecimal digits");
    MLP_TRY(describe_history(network));
    return digest_weights(state, network->facts.weights_sha256);
}

static mlp_status create_workspaces(mlp_network *network)
{
    network->work = calloc(1, sizeof *network->work);
    if (network->work == NULL) {
        return mlp_fail_memory("a network");
    }
    pthread_mutex_init(&network->work->lock, NULL);
    return mlp_inference_create(&network->state, 1, &network->work->first);
}

/* Create the pool, with `first` in it. */
static mlp_status fill(mlp_network *network)
{
    MLP_TRY(describe(network));
    MLP_TRY(create_workspaces(network));
    workspaces *work = network->work;
    work->free = calloc(1, sizeof *work->free);
    if (work->free == NULL) {
        return mlp_fail_memory("a network");
    }
    work->free[0] = work->first;
    work->free_count = work->made = work->room = 1;
    return MLP_OK;
}

mlp_status mlp_network_create(mlp_checkpoint *state, mlp_network **network)
{
    mlp_network *made = calloc(1, sizeof *made);
    *network = made;
    if (made == NULL) {
        mlp_checkpoint_destroy(state);
        return mlp_fail_memory("a network");
    }
    made->state = *state;
    mlp_status status = fill(made);
    if (status != MLP_OK) {
        mlp_network_destroy(network);
    }
    return status;
}

static void destroy_workspaces(workspaces *work)
{
    for (size_t i = 0; i < work->free_count; i++) {
        if (work->free[i] != work->first) {
            mlp_inference_destroy(&work->free[i]);
        }
    }
    mlp_inference_destroy(&work->first);
    pthread_mutex_destroy(&work->lock);
    free(work->free);
    free(work);
}

void mlp_network_destroy(mlp_network **network)
{
    mlp_network *old = *network;
    if (old == NULL) {
        return;
    }
    if (old->work != NULL) {
        destroy_workspaces(old->work);
    }
    mlp_checkpoint_destroy(&old->state);
    free(old->history);
    free(old);
    *network = NULL;
}

const mlp_checkpoint *mlp_network_state(const mlp_network *network)
{
    return &network->state;
}

const mlp_network_facts *mlp_network_describe(const mlp_network *network)
{
    return &network->facts;
}

/* ---- files and bytes --------------------------------------------------- */

mlp_status mlp_network_load(const char *path, mlp_network **network)
{
    char found[MLP_MAX_PATH];
    mlp_checkpoint state = {0};
    *network = NULL;
    MLP_TRY(mlp_checkpoint_open(path, &state, found));
    return mlp_network_create(&state, network);
}

mlp_status mlp_network_save(const mlp_network *network, const char *path)
{
    unsigned char digest[MLP_DIGEST_BYTES];
    return mlp_checkpoint_replace(path, &network->state, digest);
}

mlp_status mlp_network_to_bytes(const mlp_network *network,
                                unsigned char **bytes, size_t *size)
{
    return mlp_checkpoint_encode(&network->state, bytes, size);
}

mlp_status mlp_network_from_bytes(const unsigned char *bytes, size_t size,
                                  mlp_network **network)
{
    mlp_checkpoint state = {0};
    *network = NULL;
    MLP_TRY(mlp_checkpoint_decode("the bytes", bytes, size, &state));
    return mlp_network_create(&state, network);
}

/* ---- predict ----------------------------------------------------------- */

/* Grow the pool before creating an object, so that return_inference cannot
 * fail. */
static mlp_status make_room(workspaces *work)
{
    if (work->made < work->room) {
        return MLP_OK;
    }
    mlp_inference **grown =
        realloc(work->free, 2 * work->room * sizeof *work->free);
    if (grown == NULL) {
        return mlp_fail_memory("a prediction");
    }
    work->free = grown;
    work->room *= 2;
    return MLP_OK;
}

static mlp_status take_inference(workspaces *work, mlp_inference **one)
{
    mlp_status status = MLP_OK;
    pthread_mutex_lock(&work->lock);
    if (work->free_count > 0) {
        *one = work->free[--work->free_count];
    } else {
        status = make_room(work);
        if (status == MLP_OK) {
            status = mlp_inference_share(work->first, one);
            work->made += status == MLP_OK;
        }
    }
    pthread_mutex_unlock(&work->lock);
    return status;
}

static void return_inference(workspaces *work, mlp_inference *one)
{
    pthread_mutex_lock(&work->lock);
    work->free[work->free_count++] = one;
    pthread_mutex_unlock(&work->lock);
}

/* Copy a batch's results out. */
static void copy_results(const mlp_network *network,
                         const mlp_inference_result *result, float *outputs,
                         uint32_t *classes)
{
    size_t width = network->facts.outputs;
    const mlp_target_scaler *scaler = &network->state.target_scaler;
    for (size_t r = 0; outputs != NULL && r < result->rows; r++) {
        const float *row = result->outputs + r * result->stride;
        if (network->facts.is_regression) {
            outputs[r] = (float)mlp_target_prediction(scaler, row[0]);
        } else {
            memcpy(outputs + r * width, row, width * sizeof *outputs);
        }
    }
    if (classes != NULL) {
        memcpy(classes, result->predictions, result->rows * sizeof *classes);
    }
}

/* The samples as a dataset, which only reads them. */
static mlp_dataset rows_of(const mlp_samples *samples)
{
    bool is_f32 = samples->type == MLP_FLOAT32;
    return (mlp_dataset){.range = {0, samples->rows},
                         .features = samples->features,
                         .element = is_f32 ? MLP_ELEMENT_F32 : MLP_ELEMENT_U8,
                         .values = (void *)samples->values};
}

/* Check a batch of rows, run it forward, and copy its results out. */
static mlp_status predict_batch(const mlp_network *network, mlp_inference *one,
                                const mlp_dataset *dataset, mlp_range rows,
                                float *outputs, uint32_t *classes)
{
    size_t width = network->facts.outputs;
    MLP_TRY(mlp_inference_check(one, dataset, rows));
    mlp_inference_result result = mlp_inference_run(one, dataset, rows);
    copy_results(network, &result,
                 outputs != NULL ? outputs + rows.first * width : NULL,
                 classes != NULL ? classes + rows.first : NULL);
    return MLP_OK;
}

/* Rows at a time: so few that a core's L2 has them from the check on until
 * their non-zeros are marked, beside the weights. */
enum { BATCH_ROWS = 64 };
_Static_assert((int)BATCH_ROWS <= (int)MLP_INFERENCE_ROWS, "they are a batch");

mlp_status mlp_network_predict(const mlp_network *network,
                               const mlp_samples *samples, float *outputs,
                               uint32_t *classes)
{
    const mlp_dataset dataset = rows_of(samples);
    mlp_inference *one = NULL;
    mlp_range batch = {0, 0};
    mlp_status status;
    MLP_TRY(take_inference(network->work, &one));
    do {
        size_t rest = samples->rows - batch.first;
        batch.count = rest < BATCH_ROWS ? rest : BATCH_ROWS;
        status = predict_batch(network, one, &dataset, batch, outputs, classes);
        batch.first += batch.count;
    } while (status == MLP_OK && batch.first < samples->rows);
    return_inference(network->work, one);
    return status;
}

/* ---- version ----------------------------------------------------------- */

const char *mlp_version(void)
{
    return MLP_VERSION;
}

void mlp_hdf5_lock(void)
{
    mlp_h5_lock();
}

void mlp_hdf5_unlock(void)
{
    mlp_h5_unlock();
}
