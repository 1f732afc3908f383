#!/bin/sh
# From a fresh clone to a trained network, in about a minute.
#
#     sh jobs/quickstart.sh
#
# Installs what is missing where it may, builds in build/, gets MNIST if it can,
# trains on the cores of this machine, and leaves checkpoints and a log in
# runs/quickstart. Can be run again at any time.
#
#     MLP_DATA              train on this data; nothing is downloaded
#     MLP_QUICKSTART_ARGS   further options of mlp_train: "--epochs 1"
set -eu
exec </dev/null # mpirun would read the terminal's input

cd "$(dirname "$0")/.."
run_dir=runs/quickstart

say() { printf '\n== %s\n' "$*"; }

run() {
    printf '+ %s\n' "$*"
    "$@"
}

# The output of a build is shown only when it fails.
run_logged() {
    printf '+ %s\n' "$*"
    "$@" >build/quickstart.log 2>&1 || {
        cat build/quickstart.log >&2
        exit 1
    }
}

# Cores, not hardware threads: that is what mpirun counts as slots. No more
# than 8, so that the result is the same on every machine.
count_ranks() {
    threads=$(nproc 2>/dev/null || echo 1)
    cores=$(lscpu -p=core,socket 2>/dev/null | grep -v '^#' | sort -u | wc -l)
    [ "$cores" -gt 0 ] && [ "$cores" -lt "$threads" ] || cores=$threads
    [ "$cores" -lt 8 ] || cores=8
    echo "$cores"
}

say "What the build needs"
run sh jobs/packages.sh build

say "Build"
mkdir -p build
run_logged cmake -S . -B build -DCMAKE_BUILD_TYPE=Release
run_logged cmake --build build --parallel "$(nproc 2>/dev/null || echo 1)" \
    --target mlp_train mlp

say "Data"
if [ -n "${MLP_DATA:-}" ]; then
    echo "MLP_DATA=$MLP_DATA"
elif ! run sh data/fetch_mnist.sh; then
    echo "no MNIST: training on the built-in digits, 8 x 8 pixels, instead"
fi

say "Train"
if [ "$(id -u)" -eq 0 ]; then # in containers, where mpirun refuses root
    run export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
fi
run mkdir -p "$run_dir"
rm -f "$run_dir"/ckpt-*.h5 # of an earlier quickstart
# shellcheck disable=SC2086 # further options are words
run mpirun -np "$(count_ranks)" --bind-to none build/mlp_train \
    --checkpoint "$run_dir" --log "$run_dir/log.jsonl" \
    ${MLP_QUICKSTART_ARGS:-}

newest=
for newest in "$run_dir"/ckpt-*.h5; do :; done
say "Result"
run build/mlp show "$newest"

say "Next"
cat <<NEXT
sh tests/run.sh     run all tests
build/mlp --help    inspect and use what was trained: $newest
README.md           options, own data, clusters
NEXT
