/** @file
 *  The same by a team: each rank trains its share of the rows, and has the
 * whole network in the end.
 */
#include <mlp/mlp_mpi.h>
#include <stdio.h>
#include <stdlib.h>

static void try_to(mlp_status status)
{
    if (status != MLP_OK) {
        fprintf(stderr, "%s\n", mlp_failure());
        exit(status);
    }
}

int main(int argc, char **argv)
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
    mlp_team *team;
    mlp_estimator *estimator;
    mlp_network *network;
    try_to(mlp_team_create(&argc, &argv, &team));
    try_to(mlp_estimator_create(team, &estimator));
    try_to(mlp_estimator_set(estimator, "hidden", "16"));
    try_to(mlp_estimator_train(estimator, &rows, NULL));
    try_to(mlp_estimator_network(estimator, &network));
    printf("rank %zu of %zu: %s\n", mlp_team_rank(team), mlp_team_size(team),
           mlp_network_describe(network)->weights_sha256);
    mlp_network_destroy(&network);
    mlp_estimator_destroy(&estimator);
    mlp_team_destroy(&team);
    return 0;
}
