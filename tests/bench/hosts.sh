#!/bin/sh
# Table of step times on several hosts for several network speeds. The hosts are
# network namespaces that share this machine's cores, so computation takes
# longer than on separate computers; the links between them have rate and delay.
# Needs root, and mlp_train built.
#
#     sh tests/bench/hosts.sh [HOSTS] [-- OPTION...]
#
# OPTION... are mlp_train's, for another net or batch. Best of two runs of
# $MLP_STEPS steps. MLP_LINKS="MBIT:MICROSECONDS ..." sets other networks. Beside
# the default net is PyTorch's DDP over gloo, where rivals.sh has installed it.
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
MLP_SOURCE=$(dirname "$here")
MLP_BUILD=${MLP_BUILD:-$MLP_SOURCE/build}
MLP_DATA=${MLP_DATA:-$MLP_SOURCE/data/mnist}
hosts=2
case ${1:-} in
[2-9])
    hosts=$1
    shift
    ;;
esac
[ "${1:-}" != -- ] || shift
# shellcheck source=tests/support/system.sh
. "$here/support/system.sh"
# shellcheck source=tests/support/netns.sh
. "$here/support/netns.sh"

netns_is_possible
has_mnist || skip "no MNIST: say where with MLP_DATA"
cc -O2 -o relay "$here/bench/relay.c"
netns_up "$hosts"
list=h1:1
ports=p1
for i in $(seq 2 "$hosts"); do
    list=$list,h$i:1
    ports="$ports p$i"
done

# connect MBIT DELAY_US: connect hosts by the relay, not the kernel's switch.
relay_pid=
connect() {
    [ -z "$relay_pid" ] || { kill "$relay_pid" && wait "$relay_pid" || true; } 2>/dev/null
    # shellcheck disable=SC2086 # a list
    nsenter -t "$(netns_pid switch)" --net --uts --ipc --mount -- \
        "$place/relay" "$2" "$1" $ports 2>/dev/null &
    relay_pid=$!
}
for port in $ports; do
    netns_on switch ip link set "$port" nomaster
done

steps=${MLP_STEPS:-200}
# step_ms ARGUMENT...: sets $best to milliseconds of a step, best of two, and
# $hidden to the hidden percentage and the MB that each host sent per step.
step_ms() {
    best='' hidden=-
    for run in 1 2; do
        rm -f log.jsonl
        netns_team "$list" --data "$mnist" --threads 1 --max-steps "$steps" \
            --profile --log log.jsonl "$@"
        expect_status 75 "run $run: $*"
        ms=$(awk -v steps="$steps" '/^0 +[0-9]/ {
            for (i = 2; i <= NF; i++) s += $i
            printf "%.2f", 1000 * s / steps; exit }' out)
        if [ -z "$best" ] || awk "BEGIN { exit !($ms < $best) }"; then
            best=$ms
            hidden=$(sed -n 's/^between nodes:.* \([0-9.-]*\)% .*/\1/p' out)
            sent=$(sed -n 's/^between nodes: each sent \([0-9.]*\).*/\1/p' out |
                awk -v steps="$steps" '{ printf "%.3f", $1 / steps }')
        fi
    done
}

# ddp_ms: the same for DDP, its best of two epochs of so many steps; or nothing.
python=${MLP_RIVALS:-$MLP_SOURCE/build/rivals}/bin/python
ddp_ms() {
    [ -x "$python" ] || return 0
    for i in $(seq "$hosts" -1 1); do
        set -- "$python" "$here/bench/rival_torch_ddp.py" "$mnist" "$hosts" \
            $((i - 1)) tcp://10.77.0.1:29500 $((128 * steps))
        if [ "$i" -gt 1 ]; then
            GLOO_SOCKET_IFNAME=eth0 netns_on "h$i" "$@" >"ddp$i" 2>&1 &
        else
            printf '\n\n' | GLOO_SOCKET_IFNAME=eth0 netns_on h1 "$@" >ddp1 2>&1
        fi
    done
    sed -n 's/^{"seconds": *\([0-9.]*\).*/\1/p' ddp1 | sort -g |
        awk -v steps="$steps" 'NR == 1 { printf "%.2f", 1000 * $1 / steps }'
}

echo "$hosts hosts of one rank and thread on $(nproc) cores: $*"
echo "| Gbit/s | ms | step, auto | MB sent | hidden | step, tree | MB | hidden |" \
    "bf16 | MB | hidden | MPI | MPI / auto | MPI / tree | MPI / bf16 |" \
    "DDP | DDP / auto |"
echo "|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|"
for link in ${MLP_LINKS:-10000:100 10000:1000 1000:100 1000:1000}; do
    rate=${link%:*} delay=${link#*:}
    connect "$rate" "$delay"
    step_ms --exchange mpi "$@"
    mpi=$best
    step_ms "$@"
    auto=$best auto_hidden=$hidden auto_sent=$sent
    step_ms --between-nodes tree "$@"
    tree=$best tree_hidden=$hidden tree_sent=$sent
    step_ms --exchange-precision bf16 "$@"
    ddp=
    [ $# -gt 0 ] || ddp=$(ddp_ms)
    awk -v rate="$rate" -v delay="$delay" -v mpi="$mpi" -v tree="$tree" \
        -v th="$tree_hidden" -v ts="$tree_sent" -v half="$best" \
        -v hh="$hidden" -v hs="$sent" -v auto="$auto" -v ah="$auto_hidden" \
        -v as="$auto_sent" -v ddp="$ddp" 'BEGIN {
            printf "| %g | %g | %.1f ms | %s | %.0f%% | %.1f ms | %s | %.0f%% |", \
                rate / 1000, delay / 1000, auto, as, ah, tree, ts, th
            printf " %.1f ms | %s | %.0f%% | %.1f ms | %.2f | %.2f | %.2f |", \
                half, hs, hh, mpi, mpi / auto, mpi / tree, mpi / half
            printf ddp == "" ? " | |\n" : " %.1f ms | %.2f |\n", ddp, ddp / auto }'
done
