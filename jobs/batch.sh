# shellcheck shell=bash
# Functions and variables of the batch scripts, which source this file.
#
#     MLP_HOME      the project; default: where sbatch was called
#     MLP_TRAIN     the program; default: build/mlp_train there
#     MLP_RUN       checkpoints and log; default: runs/job-ID there. The job's
#                   number stays the same when it is requeued, so it finds its
#                   checkpoints again; set it to continue an older run.
#     MLP_RESTARTS  how often a job may requeue itself; 100
#     MLP_RESTARTS_IDLE
#                   how often a job may be restarted, by itself or by Slurm,
#                   without a newer checkpoint; 3. Runs are deterministic: a job
#                   that fails three times from the same checkpoint will fail
#                   again, and needs the user.
#
# A job is stopped by its time limit, by `scancel -b -s USR1`, by preemption, or
# by a node failure. In the first three cases it saves first; in all four it is
# requeued, resumes, and appends to its output and log. `scancel` ends it for
# good; it also saves if srun started it.

if [ -z "${SLURM_JOB_ID:-}" ]; then
    echo "no Slurm job: submit this script with sbatch" >&2
    exit 64
fi
# The name with which one task of an array is requeued.
job=$SLURM_JOB_ID
if [ -n "${SLURM_ARRAY_TASK_ID:-}" ]; then
    job=${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID
fi
MLP_HOME=${MLP_HOME:-$SLURM_SUBMIT_DIR}
MLP_TRAIN=${MLP_TRAIN:-$MLP_HOME/build/mlp_train}
MLP_RUN=${MLP_RUN:-$MLP_HOME/runs/job-$job}
MLP_RESTARTS=${MLP_RESTARTS:-100}
MLP_RESTARTS_IDLE=${MLP_RESTARTS_IDLE:-3}
if [ ! -x "$MLP_TRAIN" ]; then
    echo "$MLP_TRAIN: not there; build it before you submit a job" >&2
    exit 66
fi
mkdir -p "$MLP_RUN"

# The name of the newest checkpoint, "none" without any.
find_newest() {
    local names=("$MLP_RUN"/ckpt-*.h5)
    if [ -e "${names[0]}" ]; then
        printf '%s\n' "${names[@]##*/}" | sort -V | tail -n 1
    else
        echo none
    fi
}

# The checkpoint of this start, and the number of restarts from it: stored beside
# the checkpoints, for the next start. A job's first start is not a restart.
began_from=$(find_newest)
restarts_idle=0
if [ "${SLURM_RESTART_COUNT:-0}" -gt 0 ]; then
    count=0 name=
    [ ! -r "$MLP_RUN/restarts" ] || read -r count name <"$MLP_RUN/restarts" ||
        true
    [ "$name" = "$began_from" ] || count=0
    restarts_idle=$((count + 1))
fi
{
    echo "$restarts_idle $began_from" >"$MLP_RUN/restarts.new" &&
        mv "$MLP_RUN/restarts.new" "$MLP_RUN/restarts"
} || echo "$MLP_RUN: cannot count restarts" >&2

# Report why the job does not restart. False if it may restart.
gives_up() { # RESTARTS
    [ "$1" -gt "$MLP_RESTARTS_IDLE" ] &&
        [ "$(find_newest)" = "$began_from" ] || return 1
    echo "$MLP_RUN: not restarted: $MLP_RESTARTS_IDLE restarts made no newer" \
        "checkpoint than $began_from; see why in the output and with mlp" \
        "verify, save more often (--save-every), then submit again with" \
        "MLP_RUN=$MLP_RUN" >&2
}
if gives_up "$restarts_idle"; then # where Slurm requeued it
    exit 75
fi

# The first start finds no checkpoints, and begins a new run.
# shellcheck disable=SC2034 # used by the scripts
train=("$MLP_TRAIN" --checkpoint "$MLP_RUN" --resume auto
    --log "$MLP_RUN/log.jsonl")

# The job's end time, before which mlp_train stops by itself: from Slurm since
# 23.02, else from squeue. Empty without a time limit.
if end=$(squeue -h -j "$job" -o %e 2>/dev/null) && end=$(date -d "$end" +%s \
    2>/dev/null); then
    export SLURM_JOB_END_TIME=$end
fi

launcher=
is_asked=no
is_ended=no

# Both srun and mpirun forward USR1 to every rank.
pass_on_stop() {
    is_asked=yes
    is_interrupted=yes
    [ -z "$launcher" ] || kill -USR1 "$launcher" 2>/dev/null || true
}

# TERM comes from Slurm: the job is cancelled, or preempted and then requeued by
# Slurm. Ranks get it, too, when srun started them.
heed_term() {
    is_ended=yes
    if [ "$launcher_name" = srun ]; then
        is_interrupted=yes
    else
        pass_on_stop
    fi
}

# Run a launcher as a child, because bash handles a signal only between
# commands or in wait; sets result to its exit status.
launch() {
    echo "+ $*"
    launcher_name=${1##*/}
    trap pass_on_stop USR1
    trap heed_term TERM
    # A signal that comes before the program catches it must not kill it.
    (trap '' USR1 && exec "$@") &
    launcher=$!
    [ "$is_asked" = no ] || pass_on_stop
    is_interrupted=yes
    while [ "$is_interrupted" = yes ]; do # else the status is the signal's
        is_interrupted=no
        result=0
        wait "$launcher" || result=$?
    done
}

# Launch; requeue the job when the run was stopped (75: saved, resumable) and
# Slurm did not end the job.
train_until_done() {
    launch "$@"
    echo "exit status $result, restart ${SLURM_RESTART_COUNT:-0}"
    if [ "$result" -eq 75 ] && [ "$is_ended" = no ] &&
        [ "${SLURM_RESTART_COUNT:-0}" -lt "$MLP_RESTARTS" ] &&
        ! gives_up "$((restarts_idle + 1))"; then
        echo "+ scontrol requeue $job"
        scontrol requeue "$job"
    fi
    exit "$result"
}
