# shellcheck shell=bash
# What the batch scripts share: sourced by them, not run.
#
#     MLP_HOME      the project; default: where sbatch was called
#     MLP_TRAIN     the program; default: build/mlp_train there
#     MLP_RUN       checkpoints and log; default: runs/job-ID there. The job's
#                   number stays the same when it is requeued, so it finds its
#                   checkpoints again; set it to go on with an older run.
#     MLP_RESTARTS  how often a job may requeue itself at its time limit

if [ -z "${SLURM_JOB_ID:-}" ]; then
    echo "no Slurm job: submit this script with sbatch" >&2
    exit 64
fi
MLP_HOME=${MLP_HOME:-$SLURM_SUBMIT_DIR}
MLP_TRAIN=${MLP_TRAIN:-$MLP_HOME/build/mlp_train}
MLP_RUN=${MLP_RUN:-$MLP_HOME/runs/job-$SLURM_JOB_ID}
MLP_RESTARTS=${MLP_RESTARTS:-100}
if [ ! -x "$MLP_TRAIN" ]; then
    echo "$MLP_TRAIN: not there; build it before you submit a job" >&2
    exit 66
fi
mkdir -p "$MLP_RUN"

# An empty directory starts afresh, so --resume is right every time.
# shellcheck disable=SC2034 # used by the scripts
train=("$MLP_TRAIN" --checkpoint "$MLP_RUN" --resume --log "$MLP_RUN/log.jsonl")

is_stopping=no
is_interrupted=no

pass_on_stop() {
    is_stopping=yes
    is_interrupted=yes
    # Both srun and mpirun hand USR1 to every rank; mpirun dies of TERM.
    kill -USR1 "$launcher" 2>/dev/null || true
}

# Run a launcher as a child, because bash handles a signal only between
# commands or in wait; sets result to its exit status.
launch() {
    echo "+ $*"
    "$@" &
    launcher=$!
    trap pass_on_stop USR1 TERM
    is_interrupted=yes
    while [ "$is_interrupted" = yes ]; do # else the status is the signal's
        is_interrupted=no
        result=0
        wait "$launcher" || result=$?
    done
}

# Launch, and when Slurm's warning stopped the run (75: saved, resumable), ask
# for another turn.
train_until_done() {
    launch "$@"
    echo "exit status $result, restart ${SLURM_RESTART_COUNT:-0}"
    if [ "$result" -eq 75 ] && [ "$is_stopping" = yes ] &&
        [ "${SLURM_RESTART_COUNT:-0}" -lt "$MLP_RESTARTS" ]; then
        echo "+ scontrol requeue $SLURM_JOB_ID"
        scontrol requeue "$SLURM_JOB_ID"
    fi
    exit "$result"
}
