/** @file
 *  The interface that each kind of team implements; comm.c has what they have
 *  in common. A kind embeds these structs as its first member.
 */
#ifndef MLP_COMM_INTERNAL_H
#define MLP_COMM_INTERNAL_H

#include <stddef.h>
#include <stdint.h>

#include "comm.h"

typedef enum { MLP_COMM_SUM, MLP_COMM_MAX, MLP_COMM_MIN } mlp_comm_reduction;

typedef struct {
    void (*destroy)(mlp_comm *comm); /**< frees comm, too */
    void (*abort)(mlp_comm *comm, mlp_status status) __attribute__((noreturn));
    /** Not called in a team of one. */
    mlp_status (*broadcast)(mlp_comm *comm, size_t root, void *bytes, size_t n);
    /** Not called in a team of one. */
    mlp_status (*reduce)(mlp_comm *comm, mlp_comm_reduction reduction,
                         uint64_t *values, size_t n);
    /** A barrier in which ranks sleep. Not called in a team of one. */
    mlp_status (*sleeping_barrier)(mlp_comm *comm);
    /** Succeeds on all ranks or on none; sets *shared on success. */
    mlp_status (*share)(mlp_comm *comm, size_t bytes, void **segments,
                        mlp_shared **shared);
    void (*unshare)(mlp_shared *shared);
    /** Not called in a team of one. */
    uint64_t (*shared_room)(mlp_comm *comm);
    /** These are not called in a team of one. */
    mlp_status (*transfers_create)(mlp_comm *comm, size_t count,
                                   mlp_transfers **transfers);
    void (*transfers_destroy)(mlp_transfers *transfers);
    mlp_status (*transfers_plan)(mlp_transfers *transfers, size_t i,
                                 const mlp_lane *lanes);
    mlp_status (*transfers_plan_sum)(mlp_transfers *transfers, size_t i,
                                     mlp_sum_type type, void *numbers,
                                     size_t n);
    mlp_status (*transfers_begin)(mlp_transfers *transfers, size_t i);
    mlp_status (*transfers_test)(mlp_transfers *transfers, size_t i,
                                 bool *is_over);
} mlp_comm_ops;

struct mlp_comm {
    const mlp_comm_ops *ops;
    size_t rank, size;
    mlp_comm_place place;
    bool is_single;
    mlp_pulse *pulse;    /**< NULL: own_pulse is used */
    mlp_pulse own_pulse; /**< read by no watchdog */
};

struct mlp_shared {
    mlp_comm *comm;
};

struct mlp_transfers {
    mlp_comm *comm;
};

/** MLP_ERROR_USAGE with text `fault` when a launcher started several processes
 *  but this team of `size` has one rank: each process would be a team of its
 *  own and overwrite the files of the others. */
mlp_status mlp_comm_check_launcher(size_t size, const char *fault);

#endif
