#!/bin/sh
# Exact elastic resume: stopped after any step and continued by any other team,
# a run ends with the same weights, and its log has every epoch once.
#
# In short settings a few steps and teams; in long ones (tests/run.sh --full)
# a stop after each of 200 steps, every team, and 100 random chains of stops
# that change the numbers of ranks and threads.
set -eu
# shellcheck source=tests/support/system.sh
. "$MLP_SOURCE/tests/support/system.sh"

# 10 epochs of 20 steps, the last step of each short; momentum and validation,
# to detect lost moments or rows.
job="--data digits --validation 0.1 --hidden 24,12 --batch 61 --epochs 10
    --activation tanh --lr 0.05 --schedule cosine --quiet"
last_step=200

# go RANKS THREADS ARGUMENT...: continue the run in dir.
# shellcheck disable=SC2086 # $job is a list of words
go() {
    ranks=$1 threads=$2
    shift 2
    team "$ranks" $job --threads "$threads" --checkpoint dir --resume auto \
        --log log.jsonl --every 0 --keep 1 "$@"
}

fresh() { rm -rf dir log.jsonl; }

# stop_at STEP RANKS THREADS
stop_at() {
    go "$2" "$3" --max-steps "$1"
    expect_status 75 "to step $1 on $2 ranks"
    newest=$(find dir -name 'ckpt-*.h5' | sort | tail -n 1)
    case $newest in # beside it there may be the best epoch's
    *-$(printf %08d "$1").h5) ;;
    *) fail "step $1 was to be saved, not $newest" ;;
    esac
}

go 0 1
expect_status 0 "undisturbed"
expected=$(digest)
logged_epochs log.jsonl >expected-epochs
[ "$(wc -l <expected-epochs)" -eq 10 ] || fail "not 10 epochs in the log"
tail -n 2 log.jsonl | grep -q "\"step\":$last_step" ||
    fail "the last epoch does not end at step $last_step"

steps="1 19 20 21 100 199"
! is_full || steps=$(seq $((last_step - 1)))
stops=0
for step in $steps; do
    fresh
    stop_at "$step" 0 1
    go 0 1
    expect_same_end "stopped after step $step"
    stops=$((stops + 1))
done
echo "stopped after $stops single steps, ended with the same weights and log"

echo "enough steps are done already: nothing is trained, nothing is lost"
fresh
stop_at 30 2 1
stop_at 30 0 1
go 0 1 --max-steps 7
expect_status 75 "fewer steps than are done"
go 3 1
expect_same_end "stopped three times"

echo "a stop after the last step is none"
go 0 1 --max-steps "$last_step"
expect_same_end "stopped at the end"

# every_team: one digest for every team, from the first step to the last
if is_full; then
    teams=0
    for ranks in 1 2 3 4 6 8; do
        for threads in 1 2 4; do
            fresh
            go "$ranks" "$threads"
            expect_same_end "$ranks ranks, $threads threads"
            teams=$((teams + 1))
        done
    done
    echo "$teams teams had the same weights and log"
fi

# chain NUMBER: "STEP RANKS THREADS" lines of a random chain of stops.
chain() {
    awk -v number="$1" -v last="$last_step" '
        function team() {
            split("1 2 3 4 6 8", p, " "); split("1 2 4", t, " ")
            return p[1 + int(6 * rand())] " " t[1 + int(3 * rand())]
        }
        BEGIN {
            srand(number)
            for (s = 1 + int(90 * rand()); s < last; s += 1 + int(90 * rand()))
                print s, team()
            print last, team()
        }'
}

chains=2
! is_full || chains=100
links=0
for number in $(seq "$chains"); do
    fresh
    chain "$number" >plan
    while read -r step ranks threads; do
        if [ "$step" -lt "$last_step" ]; then
            stop_at "$step" "$ranks" "$threads"
        else
            go "$ranks" "$threads"
        fi
        links=$((links + 1))
    done <plan
    expect_same_end "chain $number: $(tr '\n' ';' <plan)"
done
echo "$chains random chains of $links runs ended with the same weights and log"
