#!/usr/bin/env bash
# Strong and weak scaling of one training run over ranks and threads.
#
#     bash jobs/scaling.sh [OPTION OF mlp_train]...
#     sbatch --ntasks=16 --time=1:00:00 jobs/scaling.sh
#
# On a workstation it starts ranks with mpirun, in a Slurm allocation with srun.
# Strong: the same work, a global batch of BATCH rows, on more and more cores;
# all these runs must end with the same weights. Weak: BATCH_PER_CORE rows for
# every core. Writes OUT/scaling.tsv (every run) and OUT/scaling.md (medians
# over repeats and epochs; the first epoch of a run is left out).
#
#     RANKS, THREADS    lists to combine           "1 2 4 ..."  up to CORES
#     CORES             ranks x threads at most    this machine or allocation
#     REPEATS, EPOCHS   of each combination        3, 4
#     BATCH, BATCH_PER_CORE                        1024, 128
#     MLP_HOME, OUT     the project, the results   runs/scaling there
#     MLP_TRAIN         the program                build/mlp_train there
#
#SBATCH --job-name=mlp-scaling
#SBATCH --output=%x-%j.out
set -euo pipefail

if [ -n "${SLURM_JOB_ID:-}" ]; then
    MLP_HOME=${MLP_HOME:-$SLURM_SUBMIT_DIR} # Slurm runs a copy of this file
    slots=$((SLURM_NTASKS * ${SLURM_CPUS_PER_TASK:-1}))
else
    MLP_HOME=${MLP_HOME:-$(cd "$(dirname "$0")/.." && pwd)}
    slots=$(lscpu -p=core,socket | grep -v '^#' | sort -u | wc -l)
    if [ "$(id -u)" -eq 0 ]; then # mpirun refuses root otherwise
        export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
    fi
fi
MLP_TRAIN=${MLP_TRAIN:-$MLP_HOME/build/mlp_train}
OUT=${OUT:-$MLP_HOME/runs/scaling}
CORES=${CORES:-$slots}
REPEATS=${REPEATS:-3}
EPOCHS=${EPOCHS:-4}
BATCH=${BATCH:-1024}
BATCH_PER_CORE=${BATCH_PER_CORE:-128}

powers_of_two() {
    local n
    for ((n = 1; n <= $1; n *= 2)); do echo -n "$n "; done
}
RANKS=${RANKS:-$(powers_of_two "$CORES")}
THREADS=${THREADS:-$(powers_of_two "$CORES")}

# The number of shards decides the result, so all runs have the same.
shards=8
for ranks in $RANKS; do
    ((ranks <= shards)) || shards=$ranks
done

if [ ! -x "$MLP_TRAIN" ]; then
    echo "$MLP_TRAIN: not there; build it first" >&2
    exit 66
fi

# launch RANKS THREADS COMMAND...: every thread gets a core of its own.
launch() {
    local ranks=$1 threads=$2
    shift 2
    if [ -n "${SLURM_JOB_ID:-}" ]; then
        set -- srun --mpi=pmix -K -n "$ranks" -c "$threads" "$@"
    elif ((ranks * threads <= slots)); then
        set -- mpirun -np "$ranks" --map-by "slot:PE=$threads" "$@"
    else
        set -- mpirun -np "$ranks" --oversubscribe --bind-to none "$@"
    fi
    echo "+ $*" >&2
    "$@" </dev/null
}

# measure STUDY RANKS THREADS BATCH REPEAT: one line for each later epoch.
measure() {
    local log=$OUT/run.jsonl text digest
    text=$(launch "$2" "$3" "$MLP_TRAIN" --threads "$3" --shards "$shards" \
        --batch "$4" --epochs "$EPOCHS" --log "$log" --quiet "${options[@]}")
    digest=$(sed -n 's/^weights sha256 \([0-9a-f]*\)$/\1/p' <<<"$text")
    [ -n "$digest" ] || { echo "the run printed no digest" >&2 && exit 70; }
    sed -n '/"event": *"epoch"/{
        s/.*"seconds": *\([0-9.eE+-]*\).*"samples_per_second": *\([0-9.eE+-]*\).*/\1\t\2/p
    }' "$log" | tail -n +2 | while read -r line; do
        printf '%s\t%s\t%s\t%s\t%s\t%s\t%s\n' "$@" "$line" "${digest:0:16}"
    done >>"$OUT/scaling.tsv"
}

# Medians, speed-up against the first line of a study (one rank, one thread),
# and efficiency: speed-up over cores. Speed is samples per second, so that the
# two studies read alike.
summarize() {
    awk -F '\t' '
    function median(list,    values, n, i, j, x) {
        n = split(list, values, " ")
        for (i = 2; i <= n; i++) {
            x = values[i] + 0
            for (j = i - 1; j > 0 && values[j] + 0 > x; j--) {
                values[j + 1] = values[j]
            }
            values[j + 1] = x
        }
        return n % 2 ? values[(n + 1) / 2] + 0 \
                     : (values[n / 2] + values[n / 2 + 1]) / 2
    }
    NR > 1 {
        key = $1 FS $2 FS $3 FS $4
        if (!(key in seconds)) { order[++keys] = key }
        seconds[key] = seconds[key] " " $6
        speed[key] = speed[key] " " $7
        if ($1 == "strong" && !($8 in seen)) { seen[$8] = 1; digests++ }
    }
    END {
        for (i = 1; i <= keys; i++) {
            split(order[i], part, FS)
            now = median(speed[order[i]])
            if (part[1] != study) {
                study = part[1]
                base = now / (part[2] * part[3]) # exact when it is 1 x 1
                printf "\n## %s scaling\n\n", study == "strong" ? "Strong" : "Weak"
                print "| ranks | threads | batch | s/epoch | samples/s |" \
                      " speed-up | efficiency |"
                print "|--:|--:|--:|--:|--:|--:|--:|"
            }
            gain = now / base
            printf "| %d | %d | %d | %.3f | %.0f | %.2f | %.0f %% |\n", part[2],
                part[3], part[4], median(seconds[order[i]]), now, gain,
                100 * gain / (part[2] * part[3])
        }
        printf "\nFinal weights of the strong runs: %s\n", \
            digests == 1 ? "all the same" : "DIFFERENT, " digests " kinds"
        exit digests != 1
    }' "$OUT/scaling.tsv"
}

options=("$@")
mkdir -p "$OUT"
printf 'study\tranks\tthreads\tbatch\trepeat\tseconds\tsamples_per_second\tweights\n' \
    >"$OUT/scaling.tsv"
for study in strong weak; do
    for ranks in $RANKS; do
        for threads in $THREADS; do
            cores=$((ranks * threads))
            ((cores <= CORES)) || continue
            batch=$BATCH
            [ "$study" = strong ] || batch=$((BATCH_PER_CORE * cores))
            for ((repeat = 1; repeat <= REPEATS; repeat++)); do
                measure "$study" "$ranks" "$threads" "$batch" "$repeat"
            done
        done
    done
done
{
    echo "# Scaling of mlp_train"
    echo
    echo "$(uname -n), $(lscpu | sed -n 's/^Model name: *//p'), $(date +%F);" \
        "median of $REPEATS runs of $((EPOCHS - 1)) epochs," \
        "options: ${*:-none}"
    summarize
} >"$OUT/scaling.md" || result=$?
cat "$OUT/scaling.md"
exit "${result:-0}"
