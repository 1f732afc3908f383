/** @file
 *  A team of one rank, without communication.
 */
#include <stdlib.h>
#include <string.h>

#include "comm_internal.h"

static void serial_destroy(mlp_comm *comm)
{
    free(comm);
}

__attribute__((noreturn)) static void serial_abort(mlp_comm *comm,
                                                   mlp_status status)
{
    (void)comm;
    _Exit((int)status);
}

typedef struct {
    mlp_shared base;
    void *memory;
} serial_shared;

enum { ALIGNMENT = 64 };

static mlp_status serial_share(mlp_comm *comm, size_t bytes, void **segments,
                               mlp_shared **shared)
{
    serial_shared *s = calloc(1, sizeof *s);
    if (s == NULL) {
        return mlp_fail_memory("shared memory");
    }
    size_t rounded = (bytes / ALIGNMENT + 1) * ALIGNMENT;
    s->base.comm = comm;
    s->memory = rounded > bytes ? aligned_alloc(ALIGNMENT, rounded) : NULL;
    if (s->memory == NULL) {
        free(s);
        return mlp_fail(MLP_ERROR_INTERNAL,
                        "out of memory for %zu bytes of shared memory", bytes);
    }
    memset(s->memory, 0, rounded);
    segments[0] = s->memory;
    *shared = &s->base;
    return MLP_OK;
}

static void serial_unshare(mlp_shared *shared)
{
    serial_shared *s = (serial_shared *)shared;
    free(s->memory);
    free(s);
}

static const mlp_comm_ops serial_ops = {
    .destroy = serial_destroy,
    .abort = serial_abort,
    .share = serial_share,
    .unshare = serial_unshare,
};

mlp_status mlp_comm_serial_create(mlp_comm **comm)
{
    static const size_t zero[] = {0};
    *comm = malloc(sizeof **comm);
    if (*comm == NULL) {
        return mlp_fail_memory("the team");
    }
    **comm = (mlp_comm){
        .ops = &serial_ops,
        .size = 1,
        .place = {.size = 1,
                  .nodes = 1,
                  .smallest = 1,
                  .ranks = 1,
                  .node_of = zero,
                  .local_rank = zero},
    };
    return MLP_OK;
}
