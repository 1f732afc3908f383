#!/bin/sh
# Reference runs end with the digests of weights and states that are pinned in
# golden.txt: on every instruction set, compiled by gcc and by clang. This
# detects changes that affect all variants alike.
#
# --print as argument: print golden.txt with the digests of these runs.
set -eu
# shellcheck source=tests/support/system.sh
. "$MLP_SOURCE/tests/support/system.sh"

table=$MLP_SOURCE/tests/system/digest/golden.txt
# shellcheck disable=SC2034 # rows of the table name it
cars=$MLP_SOURCE/data/cars.csv
build=$MLP_BUILD
runs=0

# run_reference RANKS THREADS ARGUMENT...: sets $weights and $state, digests.
run_reference() {
    ranks=$1 threads=$2
    shift 2
    rm -rf saved
    team "$ranks" --threads "$threads" --quiet --every 0 --checkpoint saved "$@"
    expect_status 0 "$*"
    weights=$(digest)
    state=$("$build/mlp" show saved | sed -n 's/^state sha256 *//p')
    runs=$((runs + 1))
}

# expect_pinned RANKS THREADS ARGUMENT...
expect_pinned() {
    run_reference "$@"
    what="$name, $compiler, $set, $ranks ranks, $threads threads"
    sleef=$(pkg-config --modversion sleef 2>/dev/null || echo "unknown version")
    [ "$weights" = "$pinned_weights" ] ||
        fail "$what: weights $weights, not $pinned_weights (SLEEF $sleef)"
    [ "$state" = "$pinned_state" ] ||
        fail "$what: state $state, not $pinned_state (SLEEF $sleef)"
}

# each_row COMMAND: with $name, $teams, $pinned_weights, $pinned_state and the
# arguments of each row that can run here.
each_row() {
    action=$1
    while read -r name teams pinned_weights pinned_state words; do
        case $name in
        '#'*) continue ;;
        mnist) has_mnist || continue ;;
        esac
        eval "set -- $words" # for $cars and $mnist
        "$action" "$@"
    done <"$table"
}

# Every row on one thread. On the CPU's best set by the compiler of this build,
# and in long settings on all, also finished with care (train/fused.c), and by
# more ranks or threads, whose sums no set and no compiler orders.
check_row() {
    expect_pinned 0 1 "$@"
    [ "$set $build" = "$best_set $MLP_BUILD" ] || is_full || return 0
    export MLP_TEST_CAREFUL=1
    expect_pinned 0 1 "$@"
    unset MLP_TEST_CAREFUL
    case $teams in
    threads) expect_pinned 0 2 "$@" ;;
    ranks) expect_pinned 3 1 "$@" ;;
    esac
}

print_row() {
    run_reference 0 1 "$@"
    echo "$name $teams $weights $state $words"
}

if [ "${1:-}" = --print ]; then
    grep '^#' "$table"
    each_row print_row
    exit
fi

# check_compiler NAME: run all rows with $program and $build of it.
check_compiler() {
    compiler=$1
    best_set=
    for set in avx512 avx2 base; do
        if ! has_set "$set"; then
            echo "without $set, which this CPU lacks"
            continue
        fi
        best_set=${best_set:-$set}
        export MLP_KERNELS=$set
        each_row check_row
        unset MLP_KERNELS
    done
    echo "$compiler: all digests as pinned"
}

# The compiler that did not make the build under test.
other_compiler() {
    case $(sed -n 's/^CMAKE_C_COMPILER:[A-Z]*=//p' "$MLP_BUILD/CMakeCache.txt") in
    *clang*) echo gcc ;;
    *) echo clang ;;
    esac
}

other=$(other_compiler)
check_compiler "the compiler of this build"
if command -v "$other" >/dev/null 2>&1; then
    build=$MLP_BUILD/$other
    {
        CC=$other cmake -S "$MLP_SOURCE" -B "$build" -DBUILD_TESTING=OFF &&
            cmake --build "$build" --target mlp_train mlp \
                --parallel "$(nproc 2>/dev/null || echo 2)"
    } >out 2>err || fail "the build by $other"
    program=$build/mlp_train
    check_compiler "$other"
else
    echo "without $other, which is not installed"
fi
has_mnist || echo "without MNIST, which is not there"
echo "$runs runs ended with the pinned digests"
