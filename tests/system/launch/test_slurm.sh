#!/bin/sh
# The batch scripts under a real Slurm of four small nodes: after any
# interruption a job continues by itself and ends with the weights of an
# uninterrupted run; a job that cannot continue ends soon, with a message.
set -eu
# shellcheck source=tests/support/system.sh
. "$MLP_SOURCE/tests/support/system.sh"
# shellcheck source=tests/support/slurm.sh
. "$MLP_SOURCE/tests/support/slurm.sh"

slurm_is_possible
export MLP_HOME="$MLP_SOURCE" MLP_TRAIN="$program"

# Some seconds on two ranks of two nodes; each save takes a while. Large steps:
# beside other programs ranks wait in each for the other to get a core.
digits="--data digits --batch 360 --every 20"
job="$digits --hidden 512"
long_epochs=3000
long="$job --epochs $long_epochs"
forever="$job --epochs 1000000"
jobs=$MLP_SOURCE/jobs

# shellcheck disable=SC2086 # jobs are lists of words
team 0 $long --quiet
expect_status 0 "undisturbed"
expected=$(digest)

# shellcheck disable=SC2086
team 0 $job --epochs 3 --quiet
short=$(digest)

slurm_up

# submit NAME SBATCH-ARGUMENT...: sets $id to the job's number; output goes to
# NAME.out, checkpoints and log to run-NAME.
submit() {
    name=$1
    shift
    id=$(MLP_RUN=$place/run-$name sbatch --parsable --job-name "$name" \
        --cpus-per-task 1 --mem 100 --output "$place/$name.out" "$@")
}

# expect_end NAME JOB END: check how the job ended; print its output if not so.
has_end() { [ -n "$(job_end "$1")" ]; }
expect_end() { # minutes, where others keep the cores busy
    wait_for 600 job_is_over "$2"
    wait_for 300 has_end "$2"
    [ "$(job_end "$2")" = "$3" ] && return
    cat "$place/$1.out"
    fail "$1: ended as $(job_end "$2"), not $3"
}

expect_digest() {
    grep -q "^weights sha256 $2" "$1.out" && return
    cat "$1.out"
    fail "$1: other weights, or none"
}

has_saved() { ls "run-$1"/ckpt-*.h5 >/dev/null 2>&1; }
says() { grep -q -e "$2" "$1.out" 2>/dev/null; }
starts() {
    [ ! -f "run-$1/log.jsonl" ] || sed -n '/"event":"start"/p' "run-$1/log.jsonl"
}
has_trained() { [ "$(starts "$1" | wc -l)" -ge "$2" ] && has_saved "$1"; }

echo "launched by srun and by mpirun, and an array for options"
# shellcheck disable=SC2086
{
    submit srun -N 2 -n 4 "$jobs/mpi.sbatch" $job --epochs 3
    by_srun=$id
    MLP_LAUNCH=mpirun submit mpirun -N 2 -n 2 -w n3,n4 "$jobs/mpi.sbatch" \
        $job --epochs 3
    by_mpirun=$id
    submit hybrid -N 1 --ntasks-per-node=1 -w n3 "$jobs/hybrid.sbatch" \
        $job --epochs 3
    hybrid=$id
}
expect_end srun "$by_srun" "COMPLETED 0:0"
expect_end mpirun "$by_mpirun" "COMPLETED 0:0"
expect_end hybrid "$hybrid" "COMPLETED 0:0"
for name in srun mpirun hybrid; do
    expect_digest $name "$short"
done

bash "$jobs/search.sh" grid --lr 0.1 --hidden 64 8 >options
# shellcheck disable=SC2086
MLP_OPTIONS=$place/options submit array --array=1-2 -w n3 \
    "$jobs/array.sbatch" $digits --epochs 2 --validation 0.1
array=$id

echo "a time limit, on one node, during the other cases"
# shellcheck disable=SC2086
MLP_RESTARTS=0 submit limit -w n4 -t 1 --signal=B:USR1@1 \
    "$jobs/openmp.sbatch" $forever
limit=$id

echo "stopped by a signal, by preemption, by the death of a node"
# shellcheck disable=SC2086
submit victim -N 2 -n 2 -x n4 "$jobs/mpi.sbatch" $long
victim=$id
wait_for 300 has_trained victim 1
scancel -b -s USR1 "$victim"
wait_for 300 has_trained victim 2
high=$(sbatch --parsable -p high -N 3 -x n4 --exclusive -o /dev/null \
    --wrap 'sleep 1')
wait_for 300 has_trained victim 3
expect_end high "$high" "COMPLETED 0:0"
node=$(squeue -h -j "$victim" -o %N | sed 's/n\[*\([1-3]\).*/n\1/')
slurm_crash "$node"
wait_for 300 has_trained victim 4
slurm_boot "$node"
expect_end victim "$victim" "COMPLETED 0:0"
expect_digest victim "$expected"
says victim "restart 3" || fail "not restarted three times"
sed -n '/"event":"epoch"/s/.*"epoch":\([0-9]*\),.*/\1/p' \
    run-victim/log.jsonl >epochs
[ "$(sort -nu epochs | wc -l)" -eq "$(wc -l <epochs)" ] ||
    fail "an epoch is twice in the log"
tail -n 1 epochs | grep -qx "$long_epochs" || fail "the log is not complete"

echo "cancelled: it saves, and is not restarted"
# shellcheck disable=SC2086
submit cancelled -N 2 -n 2 -x n4 "$jobs/mpi.sbatch" $forever
wait_for 300 has_trained cancelled 1
scancel "$id"
wait_for 300 job_is_over "$id"
wait_for 300 says cancelled "stopped on request after step"
says cancelled "exit status 75" || fail "no code 75 for a job that was cancelled"
case $(job_end "$id") in
CANCELLED*) ;;
*) fail "cancelled, and ended as $(job_end "$id")" ;;
esac

echo "killed with SIGKILL, one rank ends all"
for launcher in "srun --mpi=pmix -K" mpirun; do
    # shellcheck disable=SC2086
    MLP_LAUNCH=$launcher submit killed -N 2 -n 2 -x n4 --no-requeue \
        "$jobs/mpi.sbatch" $forever
    wait_for 300 has_trained killed 1
    began=$(date +%s)
    kill -KILL "$(pgrep -f "^$program .*run-killed" | tail -n 1)"
    expect_end killed "$id" "FAILED 137:0"
    echo "$launcher: over after $(($(date +%s) - began)) s"
    rm -rf run-killed killed.out
done

expect_end array "$array" "COMPLETED 0:0"
bash "$jobs/search.sh" table run-array/1/log.jsonl run-array/2/log.jsonl >found
[ "$(wc -l <found)" -eq 3 ] || { cat found && fail "not two runs in the table"; }
awk -F '\t' '$8 ~ "/1/" && $6 == 64 || $8 ~ "/2/" && $6 == 8 { found++ }
    END { exit found != 2 }' found || {
    cat found && fail "the array's options"
}
expect_end limit "$limit" "FAILED 75:0"
says limit "stopped .* after step" || fail "limit: no word of the stop"
has_saved limit || fail "limit: nothing is saved"
