#!/bin/sh
# A placement that wastes cores gives a warning with the launch line to use, a
# good one does not; and a launcher of another MPI is refused.
set -eu
# shellcheck source=tests/support/system.sh
. "$MLP_SOURCE/tests/support/system.sh"

[ "$(nproc)" -ge 2 ] || skip "two cores are needed"
command -v taskset >/dev/null || skip "taskset is not installed"
unset SLURM_JOB_ID
job="--data digits --epochs 1 --hidden 8"

# place TASKSET-CORES MPIRUN-OPTIONS ARGUMENT...
run_on() {
    options=$1
    shift
    status=0
    # shellcheck disable=SC2086 # words
    timeout 100 mpirun $options "$@" $job >out 2>err </dev/null || status=$?
    expect_status 0 "mpirun $options"
}
expect_warning() {
    grep -q "warning: $1" err || fail "no warning: $1"
    grep -q 'use "mpirun -np' err || fail "no launch line"
}

run_on "-np 2 --oversubscribe --bind-to none" "$program" --threads 1
! grep -q warning err || fail "warns of a good placement"
grep -q "2 ranks x 1 thread on $(nproc) cores, [ab]" out ||
    fail "the first line lacks the placement"

run_on "-np 1 --bind-to none" taskset -c 0 "$program" --threads 2
expect_warning "rank 0 is bound to fewer cores than its 2 threads"
grep -q "on 1 core, bound, " out || fail "the first line lacks the binding"

run_on "-np 2 --oversubscribe --bind-to none" taskset -c 0 "$program"
expect_warning "rank 0 shares cores with another rank while others are idle"

run_on "-np 1 --bind-to core" "$program"
expect_warning "the launcher bound this rank to 1 of $(nproc) cores"

run_on "-np 2 --oversubscribe --bind-to none" "$program" --threads 99
! grep -q warning err || fail "warns of many threads"
grep -q "99 threads a rank are more than its share" err ||
    fail "says nothing of many threads"

echo "threads that OpenMP binds"
(
    export OMP_PROC_BIND=true OMP_PLACES=cores
    # shellcheck disable=SC2086
    team 0 $job
    expect_status 0 "OMP_PROC_BIND"
)
grep -q "1 rank x $(nproc) threads on $(nproc) cores, [ab]" out ||
    fail "takes the first place for all cores"
! grep -q warning err || fail "warns of threads that are bound"

export PMI_SIZE=4 PMI_RANK=0
# shellcheck disable=SC2086
team 0 $job
expect_status 64 "another MPI's launcher"
grep -q "one of 4 processes (PMI_SIZE), but MPI sees one" err ||
    fail "does not name the launcher"
