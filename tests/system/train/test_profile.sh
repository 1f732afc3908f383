#!/bin/sh
# --profile and --timeline: a table and a timeline; the weights don't change.
set -eu
# shellcheck source=tests/support/system.sh
. "$MLP_SOURCE/tests/support/system.sh"

# go RANKS ARGUMENT...: a short run, which must succeed.
go() {
    ranks=$1
    shift
    team "$ranks" --data digits --hidden 32,16 --epochs 2 "$@"
    expect_status 0 "$*"
}

go 2
expected=$(digest)
[ -n "$expected" ] || fail "no digest"
! grep -q GFLOP out || fail "a table that nobody asked for"

expect_same() { [ "$(digest)" = "$expected" ] || fail "$1: other weights"; }

expect_table() {
    phases=$(sed -n 's/^rank  *//p' out | tr -s ' ')
    [ "$phases" = \
        "gather forward loss backward gradient exchange update wait" ] ||
        fail "phases: $phases"
    # all finite and not negative: only digits and a point
    awk -v ranks="$1" '/^[0-9]+( +[0-9]+[.][0-9]+)+$/ && NF == 9 &&
        $1 == rows { rows++ }
        END { exit rows != ranks }' out || fail "not $1 rows, of ranks in order"
    awk '/^share / { for (i = 2; i <= NF; i++) sum += $i }
        END { exit sum < 99 || sum > 101 }' out ||
        fail "the shares are not 100% together"
    awk '/^GFLOP\/s / { lines++; for (i = 2; i <= NF; i++) least += $i > 0 }
        END { exit lines != 1 || NF < 1 || least < 3 }' out ||
        fail "no rate of forward, backward and gradient"
    [ "$1" -eq 1 ] && return
    awk -v ranks="$1" '$2 == "share" {
            for (i = 3; i <= NF; i++) sum[$1] += $i
            shares += sum[$1] > 99 && sum[$1] < 101
        }
        $2 == "GFLOP/s" && NF >= 5 && $3 > 0 { rates++ }
        END { exit shares != ranks || rates != ranks }' out ||
        fail "no share and rate for each of $1 ranks"
}

# Every rank must have a rate, also on few cores.
export MLP_TEST_WORKERS=3

echo "--profile: a row for each rank"
for ranks in 0 2 3; do
    go "$ranks" --profile
    expect_same "--profile on $ranks"
    expect_table "$((ranks > 0 ? ranks : 1))"
done

# expect_trace FILE RANKS THREADS: events of each thread, in known phases.
expect_trace() {
    [ -s "$1" ] || fail "no $1"
    if ! command -v python3 >/dev/null 2>&1; then
        echo "skipped: no python3 to read $1"
        return
    fi
    python3 -m json.tool "$1" >/dev/null || fail "$1 is not JSON"
    python3 - "$@" <<'END' || fail "$1 is no timeline of $2 ranks"
import json, sys
path, ranks, threads = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
events = json.load(open(path))["traceEvents"]
lanes = {(e["pid"], e["tid"]) for e in events}
assert lanes == {(r, t) for r in range(ranks) for t in range(threads)}, lanes
assert all(e["ph"] == "X" and e["ts"] >= 0 and e["dur"] >= 0 for e in events)
for lane in lanes:
    names = {e["name"] for e in events if (e["pid"], e["tid"]) == lane}
    assert {"forward", "gradient"} <= names, (lane, names)
    laps = [e for e in events if (e["pid"], e["tid"]) == lane]
    for one, next in zip(laps, laps[1:]):  # in microseconds, to three places
        assert one["ts"] + one["dur"] <= next["ts"] + 0.01, (one, next)
END
}

echo "--timeline: a timeline of all ranks and threads"
for threads in 1 2; do
    rm -f trace.json
    go 2 --timeline trace.json --threads "$threads"
    expect_same "--timeline with $threads threads"
    expect_trace trace.json 2 "$threads"
done
! grep -q GFLOP out || fail "--timeline prints the table, too"

echo "another trace replaces the last one"
go 0 --profile --timeline trace.json --threads 1
expect_same "both"
expect_table 1
expect_trace trace.json 1 1

echo "--sparse changes no bit"
for sparse in always never auto; do
    for ranks in 0 2; do
        go "$ranks" --sparse "$sparse" --profile --timeline trace.json
        expect_same "--sparse $sparse on $ranks"
    done
done

echo "a timeline that cannot be written is refused before the first step"
for ranks in 0 2; do
    team "$ranks" --data digits --epochs 1 --timeline nowhere/trace.json
    expect_status 74 "--timeline on $ranks"
    ! grep -q '^epoch' out || fail "trained first, on $ranks"
    [ "$(grep -c '^mlp_train: .*nowhere/trace.json: ' err)" -eq 1 ] ||
        fail "not one line that names the timeline, on $ranks"
done
