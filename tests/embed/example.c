/** @file
 *  A program of one's own around the library: train on rows in memory, save,
 *  load, predict. Which of two numbers is the larger one?
 */
#include <mlp/inference.h>
#include <mlp/run.h>
#include <stdio.h>

enum { ROWS = 1000 };

static mlp_status train(const mlp_source_arrays *arrays, const char *directory)
{
    mlp_comm *team = NULL;
    mlp_source *source = NULL;
    mlp_config config;
    mlp_config_init(&config);
    MLP_TRY(mlp_config_set(&config, "hidden", "16"));
    MLP_TRY(mlp_config_set(&config, "quiet", "yes"));
    MLP_TRY(mlp_config_set(&config, "checkpoint", directory));
    MLP_TRY(mlp_source_open_arrays(arrays, &source));
    mlp_status status = mlp_comm_world_create(NULL, NULL, &team);
    if (status == MLP_OK) {
        status = mlp_run_on(team, &config, source);
    }
    mlp_comm_destroy(&team);
    mlp_source_close(&source);
    return status;
}

static mlp_status predict(const char *directory, float a, float b)
{
    float pair[] = {a, b};
    uint16_t unknown[1] = {0};
    char path[MLP_MAX_PATH];
    mlp_checkpoint checkpoint = {0};
    mlp_inference *model = NULL;
    mlp_dataset row = {{0, 1}, 2, MLP_ELEMENT_F32, pair, unknown};
    MLP_TRY(mlp_checkpoint_load_newest(directory, &checkpoint, path));
    MLP_TRY(mlp_inference_create(&checkpoint, 1, &model));
    mlp_inference_result result = mlp_inference_run(model, &row, row.range);
    printf("of %g and %g the larger one is number %u\n", (double)a, (double)b,
           (unsigned)result.predictions[0] + 1);
    mlp_inference_destroy(&model);
    mlp_checkpoint_destroy(&checkpoint);
    return MLP_OK;
}

int main(int argc, char **argv)
{
    static float pairs[ROWS][2];
    static uint16_t larger[ROWS];
    for (unsigned i = 0; i < ROWS; i++) {
        pairs[i][0] = (float)(i * 7919 % ROWS) / ROWS;
        pairs[i][1] = (float)(i * 6841 % ROWS) / ROWS;
        larger[i] = pairs[i][1] > pairs[i][0];
    }
    const mlp_source_arrays arrays = {
        "pairs", 1, 2, MLP_ELEMENT_F32, {ROWS, 0}, {pairs}, {larger}};
    const char *directory = argc > 1 ? argv[1] : "pairs";
    mlp_status status = train(&arrays, directory);
    if (status == MLP_OK) {
        status = predict(directory, 0.8F, 0.3F);
    }
    if (status != MLP_OK) {
        fprintf(stderr, "%s: %s\n", argv[0], mlp_failure());
    }
    return (int)status;
}
