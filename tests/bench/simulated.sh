#!/bin/sh
# Step times on a simulated cluster: the trainer runs on many ranks in one
# process of SimGrid's SMPI, which computes for real and simulates the network.
# Beside them --plan's, and whether the weights are those of one rank. Ranks that
# take turns on one core find its caches cold, so what they compute takes longer
# than on a cluster; what they wait for is the network.
# Needs Debian's libsimgrid-dev and libhdf5-dev, mlp_train built, and mpirun.
#
#     sh tests/bench/simulated.sh [RANKS...]
#
# RANKS, one a node, are 16 and 64 if not given, and 256 with MLP_TEST_FULL=1. A
# step of 64 ranks takes some five seconds to simulate, of 256 minutes.
# MLP_WIDTHS="256 1024 4096" sets the first layers' columns, MLP_STEPS the steps,
# of which the first and the last are not timed, MLP_LINK="LATENCY_US,GBIT" the
# network.
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
MLP_SOURCE=$(dirname "$here")
MLP_BUILD=${MLP_BUILD:-$MLP_SOURCE/build}
export MLP_MPIEXEC="${MLP_MPIEXEC:-mpirun --oversubscribe --bind-to none}"
# shellcheck source=tests/support/system.sh
. "$here/support/system.sh"
command -v smpirun >/dev/null || skip "no SimGrid: apt-get install libsimgrid-dev"
if [ $# -eq 0 ]; then
    set -- 16 64
    ! is_full || set -- "$@" 256
fi
shards=64 # and rows of a batch: one at least for each rank
for ranks in "$@"; do
    [ "$ranks" -le "$shards" ] || shards=$ranks
done

steps=${MLP_STEPS:-5}
link=${MLP_LINK:-30,10}
simulated=${MLP_SIMULATED:-$MLP_BUILD-smpi}
options="--data digits --threads 1 --shards $shards --batch $shards"
# The links are as described; messages up to TCP's eager limit leave at once; a
# poll takes 0.1 us.
settings="--cfg=smpi/host-speed:1Gf --cfg=smpi/test:1e-7
    --cfg=smpi/grow-injected-times:no --cfg=smpi/async-small-thresh:65536
    --cfg=smpi/lat-factor:0:1 --cfg=smpi/bw-factor:0:1
    --log=root.thres:critical"

cmake -S "$MLP_SOURCE" -B "$simulated" -DCMAKE_C_COMPILER=smpicc \
    -DMLP_HDF5=hdf5-serial -DCMAKE_C_FLAGS=-DSMPI_NO_OVERRIDE_MALLOC >cmake.log
cmake --build "$simulated" --target mlp_train >>cmake.log

# Between two nodes there are two links, each with half of the latency.
awk -v link="$link" 'BEGIN {
    split(link, of, ",")
    print "<?xml version=\"1.0\"?>"
    print "<!DOCTYPE platform SYSTEM \"https://simgrid.org/simgrid.dtd\">"
    print "<platform version=\"4.1\"><cluster id=\"c\" prefix=\"n\" suffix=\"\""
    print " radical=\"0-255\" speed=\"1Gf\" lat=\"" of[1] / 2 "us\" bw=\"" \
        of[2] / 8 "GBps\"/></platform>"
    for (i = 0; i < 256; i++) print "n" i >"hosts"
}' >cluster.xml

# median_of FILE COLUMN
median_of() {
    sort -g -k "$2,$2" "$1" |
        awk -v column="$2" '{ of[NR] = $column } END { print of[int((NR + 1) / 2)] }'
}

# Milliseconds of rank 0's steps, and of its waits in each, but of the first
# one, from a timeline to the file steps.
time_steps() {
    awk -F'[:,]' '/"pid":0,/ {
        if (/"gather"/) {
            if (steps++ > 1) print ($6 - at) / 1000, waits / 1000
            at = $6; waits = 0 }
        if (/"wait"/) waits += $8 }' "$1" >steps
}

# planned RANKS NAME: milliseconds in plan.jsonl.
planned() {
    sed -n "/\"plan\", *\"ranks\": *$1,/s/.*\"$2\": *\([0-9.e-]*\).*/\1/p" \
        plan.jsonl | awk '{ print 1000 * $1 }'
}

echo "| columns | ranks | first layer | step, simulated | of it waits |" \
    "step, planned | of it waits | digest |"
echo "|---|---|---|---|---|---|---|---|"
for width in ${MLP_WIDTHS:-256 1024 4096}; do
    rm -f plan.jsonl
    export MLP_TEST_NODE_SIZE=1
    # shellcheck disable=SC2086 # a list of words; with rows for two batches
    team 2 $options --shards 64 --hidden "$width" --plan 256 \
        --plan-link "$link" --log plan.jsonl
    expect_status 0 "--plan"
    unset MLP_TEST_NODE_SIZE
    # shellcheck disable=SC2086
    team 0 $options --hidden "$width" --max-steps "$steps"
    expect_status 75 "one rank"
    alone=$(digest)
    for ranks in "$@"; do
        status=0 # which expect_status reads
        rm -f line.json
        # shellcheck disable=SC2086,SC2034
        smpirun -np "$ranks" -platform cluster.xml -hostfile hosts $settings \
            "$simulated/mlp_train" $options --hidden "$width" \
            --max-steps "$steps" --timeline line.json >out 2>err </dev/null ||
            status=$?
        expect_status 75 "$ranks simulated ranks"
        [ "$(digest)" = "$alone" ] ||
            fail "$ranks simulated ranks: another digest"
        time_steps line.json
        way=$(sed -n 's/^nodes first layer between nodes by \([a-z]*\).*/\1/p' out)
        printf '| %d | %d | %s | %.3f ms | %.3f ms | %.3f ms | %.3f ms | same |\n' \
            "$width" "$ranks" "$way" "$(median_of steps 1)" "$(median_of steps 2)" \
            "$(planned "$ranks" step_seconds)" "$(planned "$ranks" exposed_seconds)"
    done
done
