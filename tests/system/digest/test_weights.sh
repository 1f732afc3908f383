#!/bin/sh
# Weights of rows (--weight): one digest on all teams and after resumes; a row
# of weight 0 is like no row, and one of weight 2 like two; in metrics, too; and
# weights that are refused.
set -eu
# shellcheck source=tests/support/system.sh
. "$MLP_SOURCE/tests/support/system.sh"

mlp=$MLP_BUILD/mlp

# 4800 rows of weights from 0 to 4, among them fractions
awk 'BEGIN { print "a,b,town,w,y"
    for (i = 0; i < 4800; i++) {
        a = (i * 7919 % 1000) / 100; b = (i * 104729 % 977) / 100
        w = i % 5 == 0 ? 0 : i % 5 == 1 ? 0.375 : i % 5
        print a "," b ",t" i % 3 "," w "," 3 * a - b + i % 7 } }' >rows.csv
numbers="--data rows.csv --label y --weight w --test-fraction 0.25
    --validation 0.2 --hidden 12 --batch 32 --epochs 3"
classes="--data classes.csv --label y --weight w --test-fraction 0.25 --hidden 12
    --batch 32 --epochs 3 --class-weights balanced --optimizer adam"
awk -F, -v OFS=, 'NR > 1 { $5 = $5 > 12 ? "big" : "small" } { print }' \
    rows.csv >classes.csv

# check_teams NAME ARGUMENT...: the digest of every team and stop.
check_teams() {
    name=$1
    shift
    team 0 --threads 1 "$@" --checkpoint "$name" --log "$name.jsonl"
    expect_status 0 "$name"
    expected=$(digest)
    for ranks in 1 2 3 8; do
        for threads in 1 2; do
            team "$ranks" --threads "$threads" "$@" --quiet
            expect_status 0 "$name, $ranks ranks, $threads threads"
            [ "$(digest)" = "$expected" ] ||
                fail "$name, $ranks ranks, $threads threads: other weights"
        done
    done
    team 3 "$@" --checkpoint "$name-parts" --max-steps 101 --quiet
    expect_status 75 "$name, stopped"
    team 2 --data "$2" --checkpoint "$name-parts" --resume --quiet
    expect_status 0 "$name, resumed"
    [ "$(digest)" = "$expected" ] || fail "$name, resumed: other weights"
    team 2 "$@" --memory-limit 64K
    expect_status 0 "$name, a memory limit"
    grep -q "stay in files" err || fail "$name: all rows fit into 64K"
    [ "$(digest)" = "$expected" ] || fail "$name, from files: other weights"
    MLP_TEST_CAREFUL=1 team 0 "$@" --quiet
    [ "$(digest)" = "$expected" ] || fail "$name, with care: other weights"
    # the same rows in micro-batches
    team 2 "$@" --batch 8 --accumulate 4 --quiet
    expect_status 0 "$name, micro-batches"
    [ "$(digest)" = "$expected" ] || fail "$name, micro-batches: other weights"
}

# shellcheck disable=SC2086 # lists of words
{
    check_teams numbers $numbers
    check_teams classes $classes
    team 0 $numbers --loss huber --optimizer lamb --lr 0.01 --quiet
    expected=$(digest)
    team 3 $numbers --loss huber --optimizer lamb --lr 0.01 --quiet
    [ "$(digest)" = "$expected" ] || fail "huber, lamb: other weights"
}

# ---- in metrics: eval is what was logged

for name in numbers classes; do
    data=$([ "$name" = numbers ] && echo rows.csv || echo classes.csv)
    "$mlp" eval "$name" --data "$data" --format json >out
    sed -n 's/.*"test_loss":\([^,}]*\).*/\1/p' "$name.jsonl" | tail -n 1 >loss
    [ "$(sed 's/.*"loss":\([^,}]*\).*/\1/' out)" = "$(cat loss)" ] ||
        fail "$name, eval: not the logged loss"
done
# by hand, from predictions: the weighted mean absolute error
"$mlp" predict numbers --data rows.csv | sed 1d | cut -f 2 >predictions
sed 1d rows.csv | cut -d, -f 4,5 | tr , ' ' | paste -d ' ' - predictions |
    awk '{ e = $2 - $3; sum += $1 * (e < 0 ? -e : e); all += $1 }
        END { print sum / all }' >by_hand
"$mlp" eval numbers --data rows.csv --split all --format json |
    sed 's/.*"mae":\([^,}]*\).*/\1/' >found
paste -d ' ' found by_hand |
    awk '{ d = $1 - $2; exit !(d < 1e-4 * $2 && d > -1e-4 * $2) }' ||
    fail "the mean absolute error is $(cat found), by hand $(cat by_hand)"
"$mlp" predict numbers --data rows.csv >with
cut -d, -f 1-3 rows.csv >bare.csv
"$mlp" predict numbers --data bare.csv | cmp - with ||
    fail "predict: not the same without weights"

# every metric of weight w is that of w rows
awk -F, -v OFS=, 'NR > 1 { $4 = NR % 4 } { print }' classes.csv >weighted.csv
awk -F, -v OFS=, 'NR == 1 { print; next }
    { for (w = $4; w > 0; w--) { $4 = 1; print } }' weighted.csv >times.csv
for data in weighted times; do
    "$mlp" eval classes --data $data.csv --split all --format json |
        tr ',' '\n' | awk -F: '/"(loss|accuracy|log_loss|brier|roc_auc)"/ ||
            /"average_precision"/ { printf "%s %.9f\n", $1, $2 }' >"$data.found"
done
[ "$(wc -l <weighted.found)" = 6 ] || fail "eval: not six metrics"
cmp weighted.found times.found || fail "metrics: weights are not rows"

# ---- 0 is like no row: one update of all rows in an epoch, in their order

alike="--label y --hidden 8 --shards 1 --no-shuffle --batch 10000 --epochs 5 --lr 0.05"
awk -F, 'NR == 1 || $4 > 0' rows.csv >counted.csv
# shellcheck disable=SC2086 # a list of words
{
    for scaling in robust standard minmax; do
        team 0 --data rows.csv $alike --weight w --scaling $scaling --quiet
        expect_status 0 "rows of weight 0, $scaling"
        expected=$(digest)
        team 0 --data counted.csv $alike --weight w --scaling $scaling --quiet
        [ "$(digest)" = "$expected" ] ||
            fail "without the rows of weight 0, $scaling: other weights"
    done
    # a batch of such rows changes nothing: neither weights nor moments, but
    # for the number of updates, by which adam corrects its moments
    awk -F, -v OFS=, 'NR > 1 { $4 = 0; if (NR < 34) print }' rows.csv >silent
    head -n 33 counted.csv >middle.csv && cat silent >>middle.csv
    sed -n 34,65p counted.csv >>middle.csv
    head -n 65 counted.csv >short.csv
    cat short.csv silent >end.csv
    by="--label y --weight w --hidden 8 --shards 1 --no-shuffle --batch 32
        --epochs 1 --schedule constant --lr 0.01"
    for rule in "sgd" "nesterov --l2 0.1" "rmsprop" "sgd --clip-norm 0.1" \
        "lars" "adam" "lamb"; do
        data=middle.csv
        case $rule in adam | lamb) data=end.csv ;; esac
        team 0 --data short.csv $by --optimizer $rule --quiet
        expect_status 0 "$rule"
        expected=$(digest)
        for careful in 0 1; do
            [ "$careful" = 0 ] || export MLP_TEST_CAREFUL=1
            team 0 --data $data $by --optimizer $rule --quiet
            expect_status 0 "$rule, with a batch of weight 0"
            [ "$(digest)" = "$expected" ] ||
                fail "$rule: a batch of weight 0 changes the weights"
        done
        unset MLP_TEST_CAREFUL
    done
}

# ---- 2 is like the row twice, to rounding

awk -F, -v OFS=, 'NR == 1 { print; next } { w = NR % 3; $4 = w; print }' \
    rows.csv >whole.csv
awk -F, -v OFS=, 'NR == 1 { print; next }
    { for (w = $4; w > 0; w--) { $4 = 1; print } }' whole.csv >repeated.csv
# shellcheck disable=SC2086 # a list of words
for loss in mse mae huber; do
    team 0 --data whole.csv $alike --weight w --scaling standard --loss $loss \
        --task regression --quiet --checkpoint "whole-$loss"
    team 0 --data repeated.csv $alike --ignore w --scaling standard \
        --loss $loss --task regression --quiet --checkpoint "repeated-$loss"
    for model in whole repeated; do
        "$mlp" predict "$model-$loss" --data rows.csv | sed 1d | cut -f 2 \
            >"$model.values"
    done
    paste -d ' ' whole.values repeated.values | awk '
        { d = $1 - $2; d = d < 0 ? -d : d; most = d > most ? d : most }
        END { exit !(NR == 4800 && most < 1e-3) }' ||
        fail "$loss: a row of weight 2 is not like two rows"
done

# ---- refused

for weight in -1 nan inf 1e99 "" x; do
    { sed -n 1,4p rows.csv && echo "1,2,t0,$weight,3" && sed 1,4d rows.csv; } \
        >bad.csv
    # shellcheck disable=SC2086 # a list of words
    refuse_team 65 "bad.csv:5: column 4 (w): expected a" $numbers --data bad.csv
done
awk -F, -v OFS=, 'NR > 1 { $4 = 0 } { print }' rows.csv >none.csv
# shellcheck disable=SC2086 # a list of words
{
    refuse_team 65 "the weights of all 2880 training rows are 0" $numbers \
        --data none.csv
    refuse_team 64 "has no column \"v\"" $numbers --weight v
    refuse_team 64 "--weight and --label name the same column" $numbers --weight y
    refuse_team 64 "--weight and --ignore name the same column" $numbers --ignore w
    refuse_team 64 "--weight requires a table" --data digits --weight w
}
status=0
cut -d, -f 1-3,5 rows.csv >unweighted.csv
"$mlp" eval numbers --data unweighted.csv 2>err || status=$?
expect_status 65 "eval without weights"
grep -q 'expected a column "w"' err || fail "it does not name the column"
