/** @file
 *  The public interface to the team, mlp_mpi.h.
 */
#include "mlp/mlp_mpi.h"

#include "team/comm.h"

mlp_status mlp_team_create(int *argc, char ***argv, mlp_team **team)
{
    return mlp_comm_world_create(argc, argv, team);
}

void mlp_team_destroy(mlp_team **team)
{
    mlp_comm_destroy(team);
}

size_t mlp_team_rank(const mlp_team *team)
{
    return mlp_comm_rank(team);
}

size_t mlp_team_size(const mlp_team *team)
{
    return mlp_comm_size(team);
}
