#!/bin/sh
# Two runs with one checkpoint directory, as when a job is requeued before the
# old one has ended: one trains, the other is refused within 5 seconds and
# changes nothing; after the first has ended or was killed, another may start.
# In short settings 3 races; in long ones (tests/run.sh --full) 50.
set -eu
# shellcheck source=tests/support/system.sh
. "$MLP_SOURCE/tests/support/system.sh"

races=3
! is_full || races=50
job="--data digits --hidden 8 --epochs 1000000 --every 1 --threads 1 --quiet
    --checkpoint dir --resume auto"
pids=
end_all() {
    for pid in $pids; do
        kill -9 "$pid" 2>/dev/null || true
    done
    clean_up
}
trap end_all EXIT

has_ended() { ! kill -0 "$1" 2>/dev/null; }

worst=0
for race in $(seq "$races"); do
    # shellcheck disable=SC2086 # a list of words
    {
        "$program" $job >out1 2>err1 </dev/null &
        first=$!
        "$program" $job >out2 2>err2 </dev/null &
        second=$!
    }
    pids="$first $second"
    took=0
    begin_laps
    while ! has_ended "$first" && ! has_ended "$second"; do
        [ "$took" -lt 60000 ] || fail "race $race: both train"
        sleep 0.02
        lap
        took=$((took + lap))
    done
    [ "$took" -le "$worst" ] || worst=$took
    [ "$took" -le 5000 ] || fail "race $race: refused after $took ms"
    winner=$second loser=1
    if ! has_ended "$first"; then
        winner=$first loser=2
    fi
    grep -q "dir: another run writes here: process $winner on" "err$loser" ||
        fail "race $race: $(cat "err$loser")"
    [ "$(wc -l <"err$loser")" -eq 1 ] || fail "race $race: more than a line: $(cat "err$loser")"
    ! has_ended "$winner" || fail "race $race: nobody trains"
    if [ $((race % 2)) -eq 0 ]; then
        kill -s KILL "$winner"
    else
        kill -s USR1 "$winner"
    fi
    wait "$first" 2>/dev/null || true
    wait "$second" 2>/dev/null || true
    pids=
done
"$MLP_BUILD/mlp" verify dir >out 2>err || fail "the chain after $races races"
echo "$races races: one trained, the other ended after $worst ms at most"
