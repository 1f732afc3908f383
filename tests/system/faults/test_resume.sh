#!/bin/sh
# Stopped, killed, damaged: a resumed run ends with the same weights as an
# uninterrupted one, on any team, and its log has every epoch once.
# shellcheck disable=SC2010,SC2012 # the names of checkpoints are plain
set -eu
# shellcheck source=tests/support/system.sh
. "$MLP_SOURCE/tests/support/system.sh"

# 30 epochs of 43 steps: at least half a second, more on a busy machine.
job="--data digits --hidden 128,64 --epochs 30 --batch 32 --momentum 0.5
    --lr 0.02 --l2 0.0001 --quiet"
kills=10
! is_full || kills=100

has_checkpoint() { ls dir/ckpt-*.h5 >/dev/null 2>&1; }
two_checkpoints() { [ "$(ls dir/ckpt-*.h5 2>/dev/null | wc -l)" -ge 2 ]; }
newest() { ls dir/ckpt-*.h5 | tail -n 1; }
fresh() { rm -rf dir log.jsonl; }

# go RANKS ARGUMENT...: run the job to its end, with checkpoints and log.
# shellcheck disable=SC2086 # $job is a list of words
go() {
    ranks=$1
    shift
    team "$ranks" $job --every 1 --checkpoint dir --log log.jsonl "$@"
}

# go_on RANKS ARGUMENT...: the same in the background.
# shellcheck disable=SC2086
go_on() {
    ranks=$1
    shift
    start "$ranks" $job --every 1 --checkpoint dir --log log.jsonl "$@"
}

began=$(now_ms)
go 0
expect_status 0 "undisturbed"
milliseconds=$(($(now_ms) - began))
expected=$(digest)
logged_epochs log.jsonl >expected-epochs
[ "$(wc -l <expected-epochs)" -eq 30 ] || fail "not 30 epochs in the log"

# moment N: a reproducible random moment of a run
moment() {
    awk -v n="$1" -v ms="$milliseconds" \
        'BEGIN { srand(n); print rand() * ms / 1000 }'
}

echo "a checkpoint directory is optional, and changes no weight"
# shellcheck disable=SC2086
team 0 $job
[ "$(digest)" = "$expected" ] || fail "other weights without checkpoints"

echo "a finished run resumes to its end"
go 3 --resume
expect_same_end "finished"

# stop_and_resume SIGNAL RANKS RANKS THREADS: stop the first team, resume with
# the second.
stop_and_resume() {
    echo "SIG$1 to $2 ranks, resumed on $3 with $4 threads"
    status=0
    for attempt in 1 2 3 4 5; do
        fresh
        go_on "$2"
        wait_for 60 has_checkpoint
        kill -s "$1" "$team_pid" 2>/dev/null || true
        finish
        [ "$status" -eq 0 ] || break
        echo "attempt $attempt came after the end"
    done
    expect_status 75 "SIG$1"
    grep -q -e '--checkpoint dir --resume' err || fail "does not say how to go on"
    grep -q '"event":"stop"' log.jsonl || fail "the log does not say it stopped"
    go "$3" --threads "$4" --resume
    expect_same_end "SIG$1 $2 to $3"
}
stop_and_resume USR1 0 3 2
stop_and_resume TERM 0 0 1
stop_and_resume INT 0 2 1
stop_and_resume USR1 3 0 2
stop_and_resume USR1 2 4 1

echo "stopped repeatedly, on another team each time"
fresh
stops=0
starts=0
starts_logged() { sed -n '/"event":"start"/p' log.jsonl 2>/dev/null | wc -l; }
has_started() { [ "$(starts_logged)" -gt "$starts" ]; }
for ranks in 0 2 3 0 1 4; do
    go_on "$ranks" --resume auto --every 7steps
    wait_for 60 has_started
    starts=$(starts_logged)
    sleep "$(moment "$ranks")"
    kill -s USR1 "$team_pid" 2>/dev/null || true
    finish
    # If the run has ended already, the signal may hit mpirun alone.
    [ "$(digest)" = "$expected" ] || expect_status 75 "stop $stops"
    stops=$((stops + 1))
done
go 2 --resume
expect_same_end "$stops stops"

echo "stopped at the last step of an epoch, a resumed run closes it"
fresh
one_step="--data digits --epochs 2000 --batch 1348 --hidden 8 --every 0 --quiet
    --checkpoint dir --log log.jsonl"
# shellcheck disable=SC2086
start 0 $one_step
starts=0
# A signal before mpirun has installed its handlers kills mpirun.
is_up() { has_started || ! kill -0 "$team_pid" 2>/dev/null; }
for again in 1 2 3; do
    wait_for 60 is_up
    starts=$(starts_logged)
    kill -s USR1 "$team_pid" 2>/dev/null || true
    finish
    [ "$status" -eq 0 ] || expect_status 75 "one step an epoch"
    # shellcheck disable=SC2086
    start $((again % 2 * 2)) $one_step --resume auto
done
finish
expect_status 0 "one step an epoch, to the end"
logged_epochs log.jsonl | sed 's/.*"epoch":\([0-9]*\),.*/\1/' >epochs
seq 2000 | diff - epochs >difference ||
    fail "an epoch is missing or twice: $(head -n 3 difference)"

echo "stopped without a directory, it notes that nothing is saved"
fresh
start 0 --data digits --epochs 1000000 --log log.jsonl --quiet
wait_for 60 [ -s log.jsonl ]
kill -s TERM "$team_pid"
finish
expect_status 75 "no directory"
grep -q "nothing is saved" err || fail "no word of what is lost"

# kill_one: kill the run, or, under mpirun, one of its ranks.
kill_one() {
    victim=$team_pid
    [ "$1" -eq 0 ] || victim=$(pgrep -P "$team_pid" | tail -n 1)
    [ -z "$victim" ] || kill -9 "$victim" 2>/dev/null || true
}

echo "killed $kills times"
fresh
for number in $(seq "$kills"); do
    ranks=$((number % 3))
    go_on "$ranks" --resume auto --every 7steps
    sleep "$(moment "$number")"
    kill_one "$ranks"
    finish
    case $status in
    0) # it was faster: begin anew
        expect_same_end "kill $number came late"
        fresh
        ;;
    137) ;;
    *) expect_status 137 "kill $number" ;;
    esac
done
if has_checkpoint; then
    echo "the kills left $(newest)"
fi
go 2 --resume auto --every 7steps
expect_same_end "$kills kills"
ls -A dir | grep -v -e '^ckpt-.*\.h5$' -e '^\.\?lock$' >leftover || true
[ ! -s leftover ] || { cat leftover && fail "the kills left files"; }

# damage_and_resume WHAT COMMAND...: damage the newest checkpoint, whose name is
# the command's last argument.
damage_and_resume() {
    echo "the newest checkpoint $1"
    rm -rf dir log.jsonl
    cp -R stopped dir
    cp stopped.jsonl log.jsonl
    what=$1 damaged=$(newest)
    shift
    "$@" "$damaged"
    go 2 --resume
    expect_same_end "$what"
    grep -q "warning: .*$(basename "$damaged")" err ||
        fail "$what: no warning that names $damaged"
    ls stopped >names
    used=$(tail -n 2 names | head -n 1)
    grep "warning" err | grep -q "$used" ||
        fail "$what: the warning does not name $used, which is used instead"
}
flip_byte() {
    at=$(($(wc -c <"$1") / 2))
    old=$(od -An -tu1 -j "$at" -N 1 "$1")
    # shellcheck disable=SC2059 # the format is the byte
    printf "$(printf '\\%03o' $((255 - old)))" |
        dd of="$1" bs=1 seek="$at" conv=notrunc 2>/dev/null
}
cut_in_half() { truncate -s $(($(wc -c <"$1") / 2)) "$1"; }
empty() { : >"$1"; }

echo "stopped in the first epoch"
fresh
go_on 0 --every 7steps
wait_for 60 two_checkpoints
kill -s USR1 "$team_pid"
finish
expect_status 75 "in the first epoch"
cp -R dir stopped
cp log.jsonl stopped.jsonl
damage_and_resume "has a flipped byte" flip_byte
damage_and_resume "is half as long" cut_in_half
damage_and_resume "is empty" empty

# refuse CODE PATTERN WHAT: check how the last team ended.
refuse() {
    expect_status "$1" "$3"
    grep -q -e "$2" err || fail "$3: the message lacks \"$2\""
}

echo "refused"
for file in dir/ckpt-*.h5; do
    flip_byte "$file"
done
go 0 --resume
refuse 65 "dir" "no checkpoint is valid"
rm -rf dir
cp -R stopped dir
cp stopped.jsonl log.jsonl
for ranks in 0 2; do
    team "$ranks" --data digits --checkpoint dir --resume --lr 0.5
    refuse 64 "lr is 0.5, the checkpoint has 0.02" "another learning rate"
    team "$ranks" --data digits --checkpoint dir --resume --batch 16 --seed 9
    refuse 64 "batch is 16, the checkpoint has 32; seed is 9" "two differences"
    team "$ranks" --data digits --checkpoint dir
    refuse 64 "dir: holds ckpt-" "checkpoints, and no --resume"
done
for ranks in 0 2; do
    team "$ranks" --data digits --checkpoint typo --resume
    refuse 66 "typo: there is no such directory" "a misspelled directory"
    [ ! -e typo ] || fail "it was made"
    mkdir typo
    for word in "" auto; do # of an empty directory
        # shellcheck disable=SC2086 # no word, or one
        team "$ranks" $job --epochs 1 --no-quiet --checkpoint typo --resume $word
        expect_status 0 "an empty directory"
        [ "$(said)" = "mlp_train: typo: has no checkpoints yet: a new run" ] ||
            fail "does not say in one line that it begins anew"
        rm -rf typo/*
    done
    rm -rf typo
    team "$ranks" --data digits --epochs 1 --checkpoint typo --resume=auto
    expect_status 0 "a new directory, auto"
    [ "$(said)" = "mlp_train: typo: has no checkpoints yet: a new run" ] ||
        fail "does not say in one line that it begins anew"
    team "$ranks" --data digits --epochs 1 --checkpoint typo --resume auto
    expect_status 0 "a finished run, auto"
    [ -z "$(said)" ] || fail "complains"
    rm -rf typo
done
idx_directory one
idx_directory other "other images"
team 0 --data one --checkpoint small --epochs 1 --batch 8 --hidden 4 \
    --schedule constant
expect_status 0 "a small run"
team 3 --data other --checkpoint small --epochs 2 --resume
refuse 65 "other data" "data of the same shape"
team 2 --data digits --checkpoint small --epochs 2 --resume
refuse 65 "digits" "data of another shape"
team 1 --data one --checkpoint small --epochs 2 --resume --quiet
expect_status 0 "the same data, more epochs"

echo "one run per directory"
fresh
start 0 --data digits --epochs 1000000 --checkpoint dir --quiet
first=$team_pid
wait_for 60 has_checkpoint
for ranks in 0 3; do
    team "$ranks" --data digits --epochs 1 --checkpoint dir --resume
    refuse 74 "dir" "a second run in the directory"
done
kill -s TERM "$first"
finish
expect_status 75 "the first run in the directory"
