#!/usr/bin/env bash
# How accurate the presets mnist-small and mnist-best are, and what was tried to
# find them; results are in tests/bench/README.md.
#
#     bash jobs/accuracy.sh train final
#     bash jobs/accuracy.sh train search
#
# final: each preset with seeds 1 to 5 on all training rows, and the errors on
# the test rows. search: each setting that was tried, trained without the last
# 10,000 training rows, and the errors on these: no test row has a say. Nets are
# trained one after another; a second start continues. In a Slurm array:
#
#     bash jobs/accuracy.sh lines final >options
#     MLP_OPTIONS=options sbatch --array=1-10 jobs/array.sbatch
#     bash jobs/accuracy.sh table final runs/array-ID
#
#     PRESETS             of final              mnist-small mnist-best
#     MLP_HOME, OUT       the project, results  runs/accuracy there
#     MLP_TRAIN           the program           build/mlp_train there
#     MLP_DATA            MNIST                 data/mnist there
#
# Options after "train final" are mlp_train's, such as --threads 2.
set -euo pipefail

MLP_HOME=${MLP_HOME:-$(cd "$(dirname "$0")/.." && pwd)}
MLP_TRAIN=${MLP_TRAIN:-$MLP_HOME/build/mlp_train}
OUT=${OUT:-$MLP_HOME/runs/accuracy}
PRESETS=${PRESETS:-mnist-small mnist-best}

usage() {
    sed -n '2,/^set/s/^# \{0,1\}//p' "$0" | sed '$d' >&2
    exit 64
}

lines_final() {
    local preset seed
    for preset in $PRESETS; do
        for seed in 1 2 3 4 5; do
            echo "--preset $preset --seed $seed"
        done
    done
}

# Settings of the small net, 50 epochs each, and of the large one, 30. Of an
# option given twice the last one counts.
lines_search() {
    local common small large line
    common="--augment elastic --augment-soft 1,7 --optimizer adamw --lr 0.001"
    common="$common --weight-decay 0.0001 --schedule cosine --batch 256"
    common="$common --label-smoothing 0.02 --validation 0.16667 --seed 1"
    small="$common --hidden 256,128 --epochs 50 --warmup 2"
    large="$common --hidden 1024,1024,1024 --dropout 0.1 --epochs 30 --warmup 2"
    while read -r line; do
        echo "$large${line:+ $line}"
    done <<'END'

--seed 2
--weight-decay 0.05
--optimizer nesterov --lr 0.1 --weight-decay 0
--activation silu
--lr 0.002
--lr 0.004
--label-smoothing 0.1
--epochs 60 --warmup 3
--epochs 240 --warmup 6
--epochs 240 --warmup 6 --dropout 0.3
--epochs 240 --warmup 6 --weight-decay 0.1
--epochs 240 --warmup 6 --augment-scale 0.2 --augment-alpha 46 --augment-shift 2
--epochs 400 --warmup 10
END
    while read -r line; do
        echo "$small${line:+ $line}"
    done <<'END'

--seed 2
--lr 0.002
--lr 0.004
--label-smoothing 0
--label-smoothing 0.1
--activation silu
--augment-rotation 10 --augment-shear 10 --augment-scale 0.12 --augment-alpha 30
END
}

lines() { "lines_$1"; }

# The lines' number of errors, and over seeds their mean and standard deviation.
# @param FOLDER  with the log of line K in K/log.jsonl
table() {
    local what=$1 folder=$2 number=0 line
    while read -r line; do
        number=$((number + 1))
        [ -r "$folder/$number/log.jsonl" ] || continue
        errors_of "$what" "$folder/$number/log.jsonl" | sed "s/^/$line\t/"
    done < <(lines "$what") | awk -F '\t' '
    {
        gsub(/ --seed [0-9]+/, "", $1)
        if (!($1 in count)) { order[++lines] = $1 }
        count[$1]++
        sum[$1] += $2
        squares[$1] += $2 * $2
        all[$1] = all[$1] " " $2
    }
    END {
        print "| options | errors | mean | standard deviation |"
        print "|---|---|--:|--:|"
        for (i = 1; i <= lines; i++) {
            one = order[i]
            n = count[one]
            mean = sum[one] / n
            rest = squares[one] - n * mean * mean
            deviation = "-"
            if (n > 1) {
                deviation = sprintf("%.1f", sqrt((rest > 0 ? rest : 0) / (n - 1)))
            }
            printf "| `%s` |%s | %.1f | %s |\n", one, all[one], mean, deviation
        }
    }'
}

# The errors after the last epoch, of a run that has ended.
errors_of() { # final|search LOG
    local split=test
    [ "$1" = final ] || split=validation
    awk -v split_name="$split" '
    function field(name) {
        return match($0, "\"" name "\":[0-9.e+-]*") ? \
            substr($0, RSTART + length(name) + 3, \
                   RLENGTH - length(name) - 3) : ""
    }
    /"event":"start"/ { rows = field(split_name "_rows") }
    /"event":"epoch"/ { accuracy = field(split_name "_accuracy") }
    /"event":"end"/ { printf "%.0f\n", rows * (1 - accuracy) }' "$2"
}

train() {
    local what=$1 number=0 line words place
    shift
    while read -r line <&3; do
        number=$((number + 1))
        place=$OUT/$what/$number
        read -ra words <<<"$line"
        mkdir -p "$place"
        [ -z "$(errors_of "$what" "$place/log.jsonl" 2>/dev/null)" ] || continue
        echo "+ $line"
        "$MLP_TRAIN" --data "${MLP_DATA:-$MLP_HOME/data/mnist}" \
            --checkpoint "$place" --resume auto --log "$place/log.jsonl" \
            --quiet "${words[@]}" "$@"
    done 3< <(lines "$what")
    table "$what" "$OUT/$what"
}

case ${1:-}:${2:-} in
lines:final | lines:search) [ $# -eq 2 ] || usage ;;
table:final | table:search) [ $# -eq 3 ] || usage ;;
train:final | train:search) ;;
*) usage ;;
esac
"$@"
