#!/bin/sh
# Metrics: the same bits for any ranks and threads and after a resume, and each
# as the monitored one. That they are those of their definitions is in
# system.scores.
set -eu
# shellcheck source=tests/support/system.sh
. "$MLP_SOURCE/tests/support/system.sh"

# metrics_of LOG: the metrics of each epoch, without times.
metrics_of() {
    grep '"event":"epoch"' "$1" | tr ',{}' '[\n*]' |
        grep '^"\(train\|validation\|test\)_' || fail "$1: has no metrics"
}

# same_for_teams TEAMS NAME ARGUMENT...: as on one rank and thread, to the last
# digit, for each team RANKSxTHREADS.
same_for_teams() {
    teams=$1
    name=$2
    shift 2
    mkdir "$name"
    for one in 1x1 $teams; do
        team "${one%x*}" "$@" --threads "${one#*x}" --log "$name/log"
        expect_status 0 "$name: ranks x threads $one"
        metrics_of "$name/log" >"$name/$one"
        cmp "$name/1x1" "$name/$one" ||
            fail "$name: other metrics on ranks x threads $one"
    done
}
every_team="1x2 2x1 2x2 3x1 3x2 8x1 8x2"
some_teams="1x2 3x1 8x2"
! is_full || some_teams=$every_team

# has_metrics FILE SPLIT NAME...
has_metrics() {
    file=$1
    split=$2
    shift 2
    for metric; do
        grep -q "^\"${split}_$metric\":[0-9.e-]*$" "$file" ||
            fail "$file: has no ${split}_$metric"
    done
}

# A table of two classes with many equal rows, and so equal outputs.
awk 'BEGIN {
    print "size,shape,kind"
    for (i = 0; i < 300; i++) {
        a = i * 7 % 5
        b = i * 11 % 3
        print a "," b "," ((a + b + i % 4) % 7 > 3 ? "yes" : "no")
    }
}' >ties.csv
awk 'BEGIN {
    print "a,b,y"
    for (i = 0; i < 240; i++) {
        a = i * 13 % 31
        b = i * 17 % 29
        print a "," b "," 3 * a - b * b / 10 + i % 7
    }
}' >numbers.csv

if has_mpi; then
    echo "several classes: the same on any team"
    same_for_teams "$every_team" digits --data digits --epochs 2 --hidden 8 \
        --validation 0.1
    for split in validation test; do
        has_metrics digits/1x1 $split log_loss brier roc_auc average_precision
    done
    echo "two classes with ties: the same on any team"
    same_for_teams "$some_teams" ties --data ties.csv --label kind --epochs 3 --hidden 8 \
        --test-fraction 0.3 --validation 0.2 --binary \
        --output-activation sigmoid --loss binary-cross-entropy
    has_metrics ties/1x1 test log_loss brier roc_auc average_precision
    echo "numbers: the same on any team"
    same_for_teams "$some_teams" numbers --data numbers.csv --label y --task regression \
        --epochs 3 --hidden 8 --test-fraction 0.3 --validation 0.2
    for split in train validation test; do
        has_metrics numbers/1x1 $split rmse mae r2
    done
fi

echo "a run that is stopped and resumed has the metrics of a whole one"
set -- --data numbers.csv --label y --task regression --epochs 3 \
    --test-fraction 0.3 --validation 0.2 --batch 16
team 0 "$@" --log whole.jsonl --checkpoint whole
expect_status 0 "the whole run"
team 0 "$@" --log parts.jsonl --checkpoint parts --max-steps 5
expect_status 75 "the first part"
team 0 --data numbers.csv --checkpoint parts --resume --log parts.jsonl
expect_status 0 "the second part"
metrics_of whole.jsonl >whole.metrics
metrics_of parts.jsonl >parts.metrics
cmp whole.metrics parts.metrics || fail "other metrics after a resume"

echo "each metric can be monitored"
for metric in loss accuracy log-loss brier roc-auc average-precision; do
    team 0 --data digits --epochs 4 --hidden 8 --validation 0.1 \
        --patience 2 --monitor "$metric" --checkpoint "by-$metric" --keep 9
    expect_status 0 "--monitor $metric"
    grep -q 'the weights are those of epoch [1-4], the best' err ||
        fail "--monitor $metric: no best epoch"
done
for metric in rmse mae r2; do
    team 0 --data numbers.csv --label y --task regression --epochs 4 \
        --validation 0.2 --schedule plateau --plateau 1 --monitor "$metric"
    expect_status 0 "--monitor $metric"
done

# refuse_run STATUS TEXT ARGUMENT...
refuse_run() {
    expected=$1
    text=$2
    shift 2
    team 0 "$@"
    expect_status "$expected" "mlp_train $*"
    grep -qF -e "$text" err || fail "expected on stderr: $text"
}

echo "metrics that a run does not have are refused"
refuse_run 64 "a classifier has no RMSE" --data digits --patience 2 \
    --validation 0.1 --monitor rmse
refuse_run 64 "a regression has no ROC AUC" --data numbers.csv --label y \
    --task regression --patience 2 --validation 0.1 --monitor roc-auc
refuse_run 64 "needs probabilities" --data digits --patience 2 \
    --validation 0.1 --monitor brier --output-activation identity --loss mse
refuse_run 64 "no validation rows" --data digits --split seed --patience 2 \
    --monitor roc-auc
awk 'BEGIN {
    print "x,y"
    for (i = 0; i < 100; i++) print i "," (i < 50 ? "a" : "b")
}' >sorted.csv
refuse_run 65 "all of one class" --data sorted.csv --label y --patience 2 \
    --validation 0.2 --split last --monitor roc-auc
