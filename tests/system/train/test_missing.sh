#!/bin/sh
# A table with missing cells, texts of two and more categories, rare and unseen
# ones: one digest on all teams and after resumes; eval and predict fill in what
# training filled in; what is refused.
set -eu
# shellcheck source=tests/support/system.sh
. "$MLP_SOURCE/tests/support/system.sh"

mlp=$MLP_BUILD/mlp

# 600 rows: a number with gaps, a text of two categories, one of several with
# gaps and rare ones; of some the label is missing
awk 'BEGIN { print "size;sex;town;kind"
    for (i = 0; i < 600; i++) {
        x = (i * 7919 % 1000) / 100
        kind = x + i % 4 > 6 ? "big" : "small"
        print (i % 9 == 4 ? "NA" : x) ";" (i % 3 ? "f" : "m") ";" \
            (i % 11 == 5 ? "" : i % 50 == 7 ? "t" i : "town" i % 4) ";" \
            (i % 100 == 13 ? "" : kind) } }' >rows.csv
table="--data rows.csv --label kind --test-fraction 0.25 --validation 0.2
    --rare 3 --hidden 12 --batch 32 --epochs 6"

# shellcheck disable=SC2086 # a list of words
{
    team 0 --threads 1 $table --checkpoint whole --log whole.jsonl
    expect_status 0 "a table with gaps"
    expected=$(digest)
    grep -q "6 rows without a label are left out" err ||
        fail "it does not count rows without a label"
    # of the 594 other rows
    gaps=$(awk -F ';' 'NR > 1 && $4 != "" { n += ($1 == "NA") + ($3 == "") }
        END { print n }' rows.csv)
    expect_line "rows.csv: $gaps missing cells are filled in" "gaps" err
    expect_line '"rows_unlabelled":6,.*"cells_missing":'"$gaps," \
        "gaps in the log" whole.jsonl
    for ranks in 1 2 3 8; do
        for threads in 1 2; do
            team "$ranks" --threads "$threads" $table --quiet
            expect_status 0 "$ranks ranks, $threads threads"
            [ "$(digest)" = "$expected" ] ||
                fail "$ranks ranks, $threads threads: other weights"
        done
    done
    team 3 $table --checkpoint parts --max-steps 31 --quiet
    expect_status 75 "stopped"
    team 2 --data rows.csv --checkpoint parts --resume --quiet
    expect_status 0 "resumed"
    [ "$(digest)" = "$expected" ] || fail "resumed: other weights"
    gzip -k rows.csv
    team 2 $table --data rows.csv.gz --quiet
    [ "$(digest)" = "$expected" ] || fail "compressed: other weights"
    tr ';' '\t' <rows.csv >rows.tsv
    team 0 $table --data rows.tsv --quiet
    [ "$(digest)" = "$expected" ] || fail "tabs: other weights"
    sed 1d rows.csv >bare.csv
    team 0 $table --data bare.csv --columns size,sex,town,kind --quiet
    [ "$(digest)" = "$expected" ] || fail "without a header: other weights"
}

# ---- rows that stay in files; quartiles are searched there, too

# shellcheck disable=SC2086 # a list of words
{
    # labels and order stay in memory, as many as a rank has rows
    awk 'NR == 1 { print; next } { for (i = 0; i < 20; i++) print }' rows.csv \
        >many.csv
    many="--data many.csv --label kind --test-fraction 0.25 --rare 3 --hidden 12
        --batch 128 --epochs 3"
    team 0 --threads 1 $many --quiet
    expect_status 0 "many rows"
    expected=$(digest)
    grep -q '"scaling":"robust"' whole.jsonl || fail "not robust"
    for ranks in 1 2 3 8; do
        limit=$((80 + 120 / ranks))K
        for threads in 1 2; do
            team "$ranks" --threads "$threads" $many --memory-limit $limit
            expect_status 0 "from files, $ranks ranks, $threads threads"
            grep -q "stay in files" err ||
                fail "all rows fit into $limit, $ranks ranks: $(cat err)"
            [ "$(digest)" = "$expected" ] ||
                fail "from files, $ranks ranks, $threads threads: other weights"
        done
    done
    team 3 $many --memory-limit 120K --checkpoint limited --max-steps 60 --quiet
    expect_status 75 "from files, stopped"
    team 2 --data many.csv --memory-limit 140K --checkpoint limited --resume --quiet
    expect_status 0 "from files, resumed"
    [ "$(digest)" = "$expected" ] || fail "from files, resumed: other weights"
}

# ---- eval and predict

"$mlp" eval whole --data rows.csv --format json >out
sed -n 's/.*"test_loss":\([^,}]*\).*/\1/p' whole.jsonl | tail -n 1 >loss
[ "$(sed 's/.*"loss":\([^,}]*\).*/\1/' out)" = "$(cat loss)" ] ||
    fail "eval: not the logged loss"
printf 'town,size,sex\n,NA,x\nnowhere,5,f\n' >new.csv
"$mlp" predict whole --data new.csv >out || fail "predict with gaps"
[ "$(wc -l <out)" -eq 3 ] || fail "predict: not every row"
"$mlp" predict whole --data new.csv --format text >told
grep -q "size (missing), sex (other), town (missing)" told ||
    fail "predict --format text: $(cat told)"

# ---- refused

# shellcheck disable=SC2086 # lists of words
{
    refuse_team 65 'rows.csv:6: column 1 (size): expected a number, found "NA"' \
        $table --missing error
    refuse_team 65 "expected a category that training knew" $table --rare 0 --unseen error
    refuse_team 64 "--missing requires a table" --data digits --missing drop
    team 0 $table --missing drop
    expect_status 0 "rows with gaps left out"
    grep -q "rows with missing cells are left out" err ||
        fail "it does not count rows with gaps"
}

# a bomb of 200 MB in 200 KB, and a cell of 1 GB of holes
{ echo 'a,y' && yes '1,2' | head -c 200000000; } | gzip >bomb.csv.gz
truncate -s 1G cell.csv
tr '\0' 'x' <cell.csv | head -c 3000000 >long.csv
for file in bomb.csv.gz cell.csv long.csv; do
    status=0
    (
        # shellcheck disable=SC3045
        ulimit -v 900000 # of addresses; threads and libraries have most
        "$MLP_BUILD/mlp_train" --data "$file" --label y --threads 1 --quiet
    ) >out 2>err </dev/null || status=$?
    expect_status 65 "$file"
    [ "$(wc -l <err)" -eq 1 ] || fail "$file: not one line: $(cat err)"
done
