#!/bin/sh
# A run that is asked to stop, at any time and by any process of it, saves and
# ends with code 75; so does a run at the end of its time limit.
# In short settings 12 signals; in long ones (tests/run.sh --full) 200, of TERM,
# USR1 and INT in turn.
# shellcheck disable=SC2012 # the names of checkpoints are plain
set -eu
# shellcheck source=tests/support/system.sh
. "$MLP_SOURCE/tests/support/system.sh"

# An epoch takes some 10 ms, its evaluation and saving as long: all are hit.
job="--data digits --hidden 96,48 --epochs 100 --batch 64 --validation 0.3
    --quiet --checkpoint dir --every 1"
moments=12
! is_full || moments=200

# shellcheck disable=SC2086 # $job is a list of words
team 0 $job
expect_status 0 "undisturbed"
expected=$(digest)
rm -rf dir

# A process is ready when it has installed the signal handler. $1: its id
catches_usr1() {
    caught=$(sed -n 's/^SigCgt:\t//p' "/proc/$1/status" 2>/dev/null) || return 1
    [ -n "$caught" ] && [ $((0x$caught >> 9 & 1)) -eq 1 ]
}
ranks_of() { pgrep -P "$team_pid" || true; }
all_listen() {
    [ "$(ranks_of | wc -l)" -ge "$ranks" ] || return 1
    for pid in $(ranks_of); do
        catches_usr1 "$pid" || return 1
    done
}

# The moment is random but reproducible, counted from the start of main.
moment() { awk -v n="$1" 'BEGIN { srand(n); printf "%.3f", 0.8 * rand() ^ 2 }'; }

# ask NUMBER: signal one of the team, or mpirun, which forwards USR1 to all.
ask() {
    case $ranks-$(($1 % 4)) in
    0-0) kill -s TERM "$team_pid" ;;
    0-2) kill -s INT "$team_pid" ;;
    0-*) kill -s USR1 "$team_pid" ;;
    *-1) kill -s TERM "$(ranks_of | tail -n 1)" ;;
    *-2) kill -s USR1 "$(ranks_of | head -n 1)" ;;
    *-3) kill -s INT "$(ranks_of | tail -n 1)" ;;
    *) kill -s USR1 "$team_pid" ;;
    esac
}

echo "asked at $moments moments"
longest=0
stops=0
for number in $(seq "$moments"); do
    ranks=$((number % 3 == 0 ? 0 : number % 3 + 1))
    # shellcheck disable=SC2086
    start "$ranks" $job --resume auto
    if [ "$ranks" -eq 0 ]; then
        wait_for 60 catches_usr1 "$team_pid"
    else
        wait_for 60 all_listen
    fi
    sleep "$(moment "$number")"
    began=$(now_ms)
    ask "$number" 2>/dev/null || true
    finish
    took=$(($(now_ms) - began))
    [ "$took" -le "$longest" ] || longest=$took
    case $status in
    0 | 138) # it was faster, or mpirun, done with it, died of USR1: begin anew
        [ "$(digest)" = "$expected" ] || fail "moment $number: other weights"
        rm -rf dir
        ;;
    75)
        stops=$((stops + 1))
        grep -q "stopped" err || fail "moment $number: no word of the stop"
        ;;
    *) fail "moment $number, $ranks ranks: exit code $status" ;;
    esac
    if ls dir/ckpt-*.h5 >/dev/null 2>&1; then
        "$MLP_BUILD/mlp" show dir >shown 2>&1 ||
            { cat shown && fail "moment $number: no valid checkpoint"; }
        ! grep -q warning shown || fail "moment $number: a damaged checkpoint"
    fi
done
echo "$stops stops, the longest took $longest ms"
[ "$stops" -gt 0 ] || fail "no signal came in time"
[ "$longest" -le 10000 ] || fail "a stop took $longest ms"
# shellcheck disable=SC2086
team 2 $job --resume auto
expect_status 0 "after all stops"
[ "$(digest)" = "$expected" ] || fail "other weights after $stops stops"

echo "after a second signal it ends at once, and checkpoints stay"
rm -rf dir
# shellcheck disable=SC2086
team 0 $job --epochs 2 --schedule constant
before=$(ls dir && cat dir/ckpt-*.h5 | cksum)
mkfifo nobody_reads # so that the run waits, and the first signal is not enough
# shellcheck disable=SC2086
start 0 $job --schedule constant --resume --log nobody_reads
waits_for_reader() {
    catches_usr1 "$team_pid" && grep -q fifo_open "/proc/$team_pid/wchan"
}
if [ "$(cat /proc/self/wchan)" = 0 ]; then # a kernel that hides it
    sleep 2
else
    wait_for 60 waits_for_reader
fi
kill -s USR1 "$team_pid"
sleep 3 # within a second, the second wish would be the first again
kill -0 "$team_pid" 2>/dev/null || fail "it did not wait"
began=$(now_ms)
kill -s TERM "$team_pid"
finish
took=$(($(now_ms) - began))
echo "gone $took ms after the second signal"
expect_status 143 "the second signal"
[ "$took" -le 1000 ] || fail "it took $took ms to end"
[ "$before" = "$(ls dir && cat dir/ckpt-*.h5 | cksum)" ] || fail "files changed"

echo "a time limit"
for ranks in 0 2; do
    rm -rf dir
    began=$(now_ms)
    # shellcheck disable=SC2086
    team "$ranks" $job --epochs 1000000 --max-time 00:00:06
    took=$(($(now_ms) - began))
    expect_status 75 "--max-time on $ranks ranks"
    grep -q "stopped in time \(after\|before the first\) step" err ||
        fail "does not say why it stopped"
    echo "gone after $took ms of 6000"
    # mpirun needs time before and after; more on a busy machine
    [ "$took" -le 12000 ] || fail "--max-time 6 s took $took ms"
    ! grep -q "in time after step" err || ls dir/ckpt-*.h5 >/dev/null 2>&1 ||
        fail "nothing is saved"
done

echo "with a limit of a second, before or after the first step"
rm -rf dir
# shellcheck disable=SC2086
team 0 $job --max-time 00:00:01
expect_status 75 "--max-time of a second"
grep -q "stopped in time [ab]" err || fail "does not say why"

echo "the time limit of a Slurm job, unless another is given"
rm -rf dir
export SLURM_JOB_END_TIME=$(($(date +%s) + 3))
# shellcheck disable=SC2086
team 0 $job --epochs 1000000
expect_status 75 "the job's end"
rm -rf dir
SLURM_JOB_END_TIME=$(($(date +%s) - 9))
# shellcheck disable=SC2086
team 0 $job --epochs 2 --max-time 1:00:00
expect_status 0 "--max-time wins over the job's end"
