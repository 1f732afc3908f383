#!/bin/sh
# The watchdog: if a rank hangs, the job ends in time, with a message that names
# the rank. If a rank is killed, the job ends at once.
#
# In short settings one rank of each kind; in long ones (tests/run.sh --full)
# each of 4 ranks is stopped and killed 20 times.
set -eu
# shellcheck source=tests/support/system.sh
. "$MLP_SOURCE/tests/support/system.sh"

ranks=4 limit=3 times=1 victims="0 3"
if is_full; then
    limit=5 times=20 victims="0 1 2 3"
fi

# pid_of RANK: process id of a rank of the running team.
pid_of() {
    for pid in $(pgrep -P "$team_pid"); do
        if tr '\0' '\n' <"/proc/$pid/environ" 2>/dev/null |
            grep -qx "OMPI_COMM_WORLD_RANK=$1"; then
            echo "$pid"
        fi
    done
}

trains() { grep -qs '"event":"epoch"' log.jsonl; }

# strike SIGNAL RANK: signal an endless training after a random time.
strike() {
    rm -f log.jsonl struck
    start "$ranks" --data digits --hidden 16 --epochs 1000000 --threads 1 \
        --watchdog "$limit" --log log.jsonl --quiet
    wait_for 60 trains
    sleep "$(awk -v seed="$count$2" 'BEGIN { srand(seed); print rand() / 5 }')"
    victim=$(pid_of "$2")
    : >struck
    kill -s "$1" "$victim"
    finish_timed struck
}

expect_in_time() {
    [ "$milliseconds" -le $(($1 * 1000)) ] ||
        fail "$2: ended after $milliseconds ms, not within $1 s"
}

count=0
worst=0
for number in $(seq "$times"); do
    for victim_rank in $victims; do
        strike STOP "$victim_rank"
        what="rank $victim_rank stopped, time $number"
        expect_status 70 "$what"
        expect_in_time $((limit + 5)) "$what"
        [ "$(said | wc -l)" -eq 1 ] || fail "$what: not one line"
        grep -q "rank $victim_rank is stuck: stopped by a signal, [a-z]*, step" \
            err || fail "$what: it is not named"
        grep -q "no progress for $limit s: .*; rank .*, step" err ||
            fail "$what: the others are not named"
        [ "$milliseconds" -le "$worst" ] || worst=$milliseconds
        count=$((count + 1))
    done
done
echo "stopped $count times: named, and over after $worst ms at most"

count=0
worst=0
for number in $(seq "$times"); do
    for victim_rank in $victims; do
        strike KILL "$victim_rank"
        what="rank $victim_rank killed, time $number"
        expect_status 137 "$what"
        expect_in_time 5 "$what"
        [ "$milliseconds" -le "$worst" ] || worst=$milliseconds
        count=$((count + 1))
    done
done
echo "killed $count times: over after $worst ms at most"

echo "with one rank per node, ranks of other nodes are named"
export MLP_TEST_NODE_SIZE=1
ranks=2
strike STOP 1
unset MLP_TEST_NODE_SIZE
expect_status 70 "two nodes"
# The node without a stuck rank leaves the other one 2 s to report first.
expect_in_time $((limit + 7)) "two nodes"
grep -q "rank 0: watchdog: .*no rank of this node is stuck: check rank 1;" \
    err || fail "two nodes: rank 1 is not named"

echo "a job that is suspended as a whole continues"
rm -f log.jsonl
start 2 --data digits --epochs 300 --hidden 16 --watchdog 1 --log log.jsonl \
    --quiet
wait_for 60 trains
pids=$(pgrep -P "$team_pid")
# shellcheck disable=SC2086 # a list
kill -s STOP $pids
sleep 3
# shellcheck disable=SC2086
kill -s CONT $pids
finish
expect_status 0 "stopped and continued"

echo "without a watchdog it hangs on"
ranks=2 limit=0
rm -f log.jsonl
start 2 --data digits --epochs 1000000 --watchdog 0 --log log.jsonl --quiet
wait_for 60 trains
kill -s STOP "$(pid_of 1)"
sleep 4
kill -0 "$team_pid" || fail "somebody ended it"
kill -s KILL "$(pid_of 1)"
finish
