/** @file
 *  A program around the library: train on rows in memory, save, load, predict.
 */
#include <mlp/mlp.h>
#include <stdio.h>
#include <stdlib.h>

static void try_to(mlp_status status) /* or say why not */
{
    if (status != MLP_OK) {
        fprintf(stderr, "%s\n", mlp_failure());
        exit(status);
    }
}

int main(void)
{
    enum { ROWS = 1000 };
    static float pairs[ROWS][2];
    static uint16_t larger[ROWS];
    for (unsigned i = 0; i < ROWS; i++) {
        pairs[i][0] = (float)(i * 7919 % ROWS) / ROWS;
        pairs[i][1] = (float)(i * 6841 % ROWS) / ROWS;
        larger[i] = pairs[i][1] > pairs[i][0];
    }
    const mlp_samples rows = {ROWS, 2, MLP_FLOAT32, pairs, larger, 0, 2, 0, 0};
    mlp_estimator *estimator;
    mlp_network *network;
    try_to(mlp_estimator_create(NULL, &estimator));
    try_to(mlp_estimator_set(estimator, "hidden", "16"));
    try_to(mlp_estimator_train(estimator, &rows, NULL));
    try_to(mlp_estimator_network(estimator, &network));
    try_to(mlp_network_save(network, "pairs.h5"));
    mlp_network_destroy(&network);
    mlp_estimator_destroy(&estimator);

    const float pair[2] = {0.8F, 0.3F};
    const mlp_samples one = {1, 2, MLP_FLOAT32, pair, 0, 0, 0, 0, 0};
    uint32_t answer;
    try_to(mlp_network_load("pairs.h5", &network));
    try_to(mlp_network_predict(network, &one, NULL, &answer));
    printf("of %g and %g the larger one is number %u\n", (double)pair[0],
           (double)pair[1], (unsigned)answer + 1);
    mlp_network_destroy(&network);
    return 0;
}
