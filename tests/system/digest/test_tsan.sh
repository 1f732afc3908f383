#!/bin/sh
# ThreadSanitizer finds no data race in the unit tests of code with threads and
# in training. Needs clang, and its OpenMP with the Archer tool, as
# ThreadSanitizer does not know gcc's OpenMP.
set -eu
# shellcheck source=tests/support/system.sh
. "$MLP_SOURCE/tests/support/system.sh"

command -v clang >/dev/null 2>&1 || skip "clang is not installed"
archer=$(clang -print-resource-dir)/../../libarcher.so
[ -e "$archer" ] || skip "libarcher.so of clang's OpenMP is not installed"
export OMP_TOOL_LIBRARIES="$archer"
# MPI locks in varying order, which is not a fault of this project.
export TSAN_OPTIONS="ignore_noninstrumented_modules=1 detect_deadlocks=0 \
exitcode=99"

# Two threads write one number, with or without a barrier in between.
cat >race.c <<'END'
#include <omp.h>
int number;
int main(void)
{
#pragma omp parallel num_threads(2)
    {
        if (omp_get_thread_num() == 0) {
            number++;
        }
        BETWEEN
        if (omp_get_thread_num() == 1) {
            number++;
        }
    }
    return number != 2;
}
END

# run_race CODE: build and run it with this code in between; 99: a race
run_race() {
    clang -O1 -fopenmp -fsanitize=thread "-DBETWEEN=$1" race.c -o race \
        >out 2>err || return
    ./race >out 2>err
}

status=0
run_race '_Pragma("omp barrier")' || status=$?
[ "$status" -eq 0 ] || skip "ThreadSanitizer does not work here: code $status"
status=0
run_race '' || status=$?
[ "$status" -eq 99 ] || fail "ThreadSanitizer does not find a race"

build=$MLP_BUILD/tsan
programs=mlp_train
if pkg-config --exists check; then
    programs="$programs test_threads test_exchange test_pass test_inference
        test_mlp mpi_test_exchange mpi_test_exchange_mpi"
else
    echo "without the tests in C: the library Check is not installed"
fi
mkdir -p "$build"
# shellcheck disable=SC2086 # a list of words
{
    CC=clang cmake -S "$MLP_SOURCE" -B "$build" -DMLP_SANITIZE=thread &&
        cmake --build "$build" --parallel "$(nproc 2>/dev/null || echo 2)" \
            --target $programs
} >out 2>err || fail "the build"

# expect_clean NAME COMMAND...
expect_clean() {
    name=$1
    shift
    status=0
    CK_FORK=no timeout 300 "$@" >out 2>err </dev/null || status=$?
    grep -A25 "WARNING: ThreadSanitizer" err || true
    expect_status 0 "$name"
    echo "clean: $name"
}

on_two_ranks="mpirun --oversubscribe --bind-to none -np 2"
for name in $programs; do
    launch=
    case $name in
    mlp_train) continue ;;
    mpi_*) launch=$on_two_ranks ;;
    esac
    # shellcheck disable=SC2086
    expect_clean "$name" $launch "$build/tests/$name"
done

program=$build/mlp_train
digits="--data digits --schedule constant --epochs 2"
# shellcheck disable=SC2086
{
    expect_clean "training" "$program" $digits --threads 3 --profile \
        --checkpoint saved
    expect_clean "resuming" "$program" $digits --epochs 3 --threads 2 \
        --checkpoint saved --resume
    for exchange in tree mpi; do
        expect_clean "two ranks, $exchange" $on_two_ranks "$program" $digits \
            --threads 2 --exchange "$exchange"
    done
    export MLP_TEST_NODE_SIZE=1
    expect_clean "two nodes" $on_two_ranks "$program" $digits --threads 2
}
