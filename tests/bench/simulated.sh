#!/bin/sh
# Step times on a simulated cluster: the trainer runs on many ranks in one
# process of SimGrid's SMPI, which computes for real and simulates the network.
# Beside them --plan's, and whether the weights are those of one rank.
# Needs Debian's libsimgrid-dev and libhdf5-dev, mlp_train built, and mpirun.
#
#     sh tests/bench/simulated.sh [RANKS...]
#
# RANKS, one a node, are 4 and 16 if not given; 64 take minutes, 256 hours.
# MLP_WIDTHS="256 1024 4096" sets the first layers' columns, MLP_STEPS the steps,
# MLP_LINK="LATENCY_US,GBIT" the network.
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
MLP_SOURCE=$(dirname "$here")
MLP_BUILD=${MLP_BUILD:-$MLP_SOURCE/build}
# shellcheck source=tests/support/system.sh
. "$here/support/system.sh"
command -v smpirun >/dev/null || skip "no SimGrid: apt-get install libsimgrid-dev"
[ $# -gt 0 ] || set -- 4 16

steps=${MLP_STEPS:-10}
link=${MLP_LINK:-30,10}
simulated=${MLP_SIMULATED:-$MLP_BUILD-smpi}
options="--data digits --threads 1 --shards 64 --batch 64"

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

# digest_of FILE
digest_of() { sed -n 's/^weights sha256 //p' "$1"; }

echo "| columns | ranks | step, simulated | step, planned | digest |"
echo "|---|---|---|---|---|"
for width in ${MLP_WIDTHS:-256 1024 4096}; do
    rm -f plan.jsonl
    export MLP_TEST_NODE_SIZE=1
    # shellcheck disable=SC2086 # a list of words
    team 2 $options --hidden "$width" --plan 256 --plan-link "$link" \
        --log plan.jsonl
    expect_status 0 "--plan"
    unset MLP_TEST_NODE_SIZE
    # shellcheck disable=SC2086
    team 0 $options --hidden "$width" --max-steps "$steps"
    expect_status 75 "one rank"
    alone=$(digest_of out)
    for ranks in "$@"; do
        status=0 # which expect_status reads
        # shellcheck disable=SC2086,SC2034
        smpirun -np "$ranks" -platform cluster.xml -hostfile hosts \
            --cfg=smpi/host-speed:1Gf --cfg=smpi/test:5e-7 \
            --log=root.thres:critical "$simulated/mlp_train" $options \
            --hidden "$width" --max-steps "$steps" --profile \
            >out 2>err </dev/null || status=$?
        expect_status 75 "$ranks simulated ranks"
        same=other
        [ "$(digest_of out)" != "$alone" ] || same=same
        planned=$(sed -n "s/.*\"plan\", *\"ranks\": *$ranks,.*\"step_seconds\": *\([0-9.e-]*\).*/\1/p" \
            plan.jsonl)
        awk -v width="$width" -v ranks="$ranks" -v steps="$steps" \
            -v planned="$planned" -v same="$same" '/^0 +[0-9]/ {
                for (i = 2; i <= NF; i++) seconds += $i
                printf "| %d | %d | %.2f ms | %.2f ms | %s |\n", width, ranks,
                    1000 * seconds / steps, 1000 * planned, same
                exit }' out
        [ "$same" = same ] || fail "$ranks simulated ranks: another digest"
    done
done
