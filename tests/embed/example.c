/** @file
 *  A program around the library: train on rows in memory, save, load, predict.
 */
#include "infer/inference.h"
#include "run/run.h"
#include <stdio.h>

enum { ROWS = 1000 };
static float pairs[ROWS][2];
static uint16_t larger[ROWS];

static mlp_status train(const char *directory)
{
    const mlp_source_arrays rows = {
        "pairs", 1, 2, MLP_ELEMENT_F32, {ROWS, 0}, {pairs}, {larger}};
    mlp_comm *team = NULL;
    mlp_source *source = NULL;
    mlp_config config;
    mlp_stop stop;
    mlp_config_init(&config);
    MLP_TRY(mlp_config_set(&config, "quiet", "yes"));
    MLP_TRY(mlp_config_set(&config, "checkpoint", directory));
    MLP_TRY(mlp_source_open_arrays(&rows, &source));
    MLP_TRY(mlp_comm_world_create(NULL, NULL, &team));
    mlp_stop_init(&stop);
    mlp_status status = mlp_run(
        &(mlp_run_setting){.comm = team, .stop = &stop, .source = source},
        &config);
    mlp_comm_destroy(&team);
    mlp_source_close(&source);
    return status;
}

static mlp_status predict(const char *directory, float a, float b)
{
    mlp_dataset pair = {.range = {0, 1}, .features = 2, .labels = larger};
    pair.element = MLP_ELEMENT_F32;
    pair.values = (float[]){a, b};
    char path[MLP_MAX_PATH];
    mlp_checkpoint checkpoint = {0};
    mlp_inference *model = NULL;
    MLP_TRY(mlp_checkpoint_load_newest(directory, &checkpoint, path));
    MLP_TRY(mlp_inference_create(&checkpoint, 1, &model));
    mlp_inference_result result = mlp_inference_run(model, &pair, pair.range);
    printf("of %g and %g the larger one is number %u\n", a, b,
           result.predictions[0] + 1);
    mlp_inference_destroy(&model);
    mlp_checkpoint_destroy(&checkpoint);
    return MLP_OK;
}

int main(void)
{
    for (unsigned i = 0; i < ROWS; i++) {
        pairs[i][0] = (float)(i * 7919 % ROWS) / ROWS;
        pairs[i][1] = (float)(i * 6841 % ROWS) / ROWS;
        larger[i] = pairs[i][1] > pairs[i][0];
    }
    mlp_status status = train("pairs");
    status = status == MLP_OK ? predict("pairs", 0.8F, 0.3F) : status;
    fputs(mlp_failure(), stderr);
    return (int)status;
}
