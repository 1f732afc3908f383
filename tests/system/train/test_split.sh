#!/bin/sh
# Rows that are held out: as many of each class, whole groups, the latest, the
# last. Which they are, that nothing of them reaches the model, and that teams,
# resumes and rows read from files change nothing.
set -eu
# shellcheck source=tests/support/system.sh
. "$MLP_SOURCE/tests/support/system.sh"
# shellcheck source=tests/support/digests.sh
. "$MLP_SOURCE/tests/support/digests.sh"

mlp=$MLP_BUILD/mlp

# 600 rows, sorted by class: big 60, medium 240, small 300. who has 37 groups;
# when falls and comes twice each; id tells rows apart; some have no kind.
make_rows() { # FILE with ids of rows whose other features are other ones
    awk "BEGIN { srand(3); while ((getline id <\"$1\") > 0) other[id]
         print \"id,who,when,size,town,kind\"
        for (i = 0; i < 600; i++) {
            kind = i < 60 ? \"big\" : i < 300 ? \"medium\" : \"small\"
            size = (i < 60 ? 2 : i < 300 ? 1 : 0) + rand()
            town = \"town\" int(4 * rand())
            if (i % 9 == 4) size = \"NA\"
            if (i in other) { size = 1000; town = \"elsewhere\" }
            print i \",p\" i * 17 % 37 % 29 % 37 \",\" \
                sprintf(\"20%02d-%02d-01\", 99 - int(i / 24), \
                    12 - int(i / 2) % 12) \",\" size \",\" town \",\" \
                (i % 100 == 99 ? \"\" : kind) } }"
}
make_rows /dev/null >rows.csv
table="--data rows.csv --label kind --ignore when --hidden 12 --batch 32 --epochs 5"

# rows_of RUN FILE SPLIT: the ids of the split, sorted.
rows_of() {
    "$mlp" predict "$1" --data "$2" --split "$3" --format text |
        sed -n 's/.*[ (]id \([0-9]*\).*/\1/p' | sort -n
}

# check_split NAME ARGUMENT...: one digest on all teams and after a resume; each
# row in one split.
check_split() {
    name=$1
    shift
    # shellcheck disable=SC2086 # lists of words
    {
        begin $table "$@" --run "$name"
        for ranks in 1 2 3 8; do
            for threads in 1 2; do
                expect_digest "$ranks" "$threads" $table "$@"
            done
        done
        team 3 $table "$@" --checkpoint "$name-parts" --max-steps 41 --quiet
        expect_status 75 "$name, stopped"
        expect_digest 2 1 --data rows.csv --checkpoint "$name-parts" --resume
    }
    for split in train validation test; do
        rows_of "$name" rows.csv $split >"$name.$split"
    done
    sort -n "$name".* >all
    awk -F , 'NR > 1 && $6 != "" { print $1 }' rows.csv | cmp - all ||
        fail "$name: not each row in one split"
}

# count SPLIT FIRST END: the split's rows with ids from FIRST, before END.
count() { awk -v a="$2" -v b="$3" '$1 >= a && $1 < b' "$1" | wc -l; }

held="--test-fraction 0.25 --validation 0.2"

# shellcheck disable=SC2086
check_split stratified $held
# of 60, 237 and 297 rows that have a label, a quarter, and a fifth of the rest
for part in "test 0 60 15" "test 60 300 59" "test 300 600 74" \
    "validation 0 60 9" "validation 60 300 36" "validation 300 600 45"; do
    # shellcheck disable=SC2086
    set -- $part
    [ "$(count "stratified.$1" "$2" "$3")" -eq "$4" ] ||
        fail "stratified: not $4 of $1 from $2 to $3"
done
grep -q '"split":"stratified"' stratified/log.jsonl || fail "no split in the log"

# shellcheck disable=SC2086
check_split group $held --split group:who
awk -F , 'FNR == 1 { part++ }
    part < 4 { split_of[$1] = part; next }
    FNR > 1 && $6 != "" {
        if ($2 in whole && whole[$2] != split_of[$1]) { torn = 1 }
        whole[$2] = split_of[$1]
    }
    END { exit torn }' group.train group.validation group.test rows.csv ||
    fail "a group is in two splits"

# shellcheck disable=SC2086
check_split time $held --split time:when
# the latest are the first rows of the file, which are of one class
[ "$(tail -n 1 time.test)" -lt "$(head -n 1 time.validation)" ] &&
    [ "$(tail -n 1 time.validation)" -lt "$(head -n 1 time.train)" ] ||
    fail "time: not the latest rows"

# shellcheck disable=SC2086
check_split last $held --split last
[ "$(tail -n 1 last.train)" -lt "$(head -n 1 last.validation)" ] &&
    [ "$(tail -n 1 last.validation)" -lt "$(head -n 1 last.test)" ] ||
    fail "last: not the last rows"

# shellcheck disable=SC2086
check_split random $held --split random --split-seed 5

# ---- seeds

# shellcheck disable=SC2086 # lists of words
{
    team 0 $table $held --seed 2 --quiet --run seed
    expect_status 0 "another seed"
    rows_of seed rows.csv test | cmp - stratified.test ||
        fail "--seed moves the test rows"
    team 0 $table $held --split-seed 2 --quiet --run split-seed
    rows_of split-seed rows.csv test | cmp -s - stratified.test &&
        fail "--split-seed does not move the test rows"
}

# ---- rows that are held out reach nothing in the model

for split in stratified group time; do
    cat "$split.test" "$split.validation" >held
    make_rows held >other.csv
    cmp -s rows.csv other.csv && fail "no row has changed"
    case $split in
    stratified) how= ;;
    group) how="--split group:who" ;;
    time) how="--split time:when" ;;
    esac
    # shellcheck disable=SC2086
    team 2 $table $held $how --data other.csv --quiet --run "$split-other"
    expect_status 0 "$split: other rows held out"
    for run in "$split" "$split-other"; do
        "$mlp" export "$run" --to c -o "$run.c" >/dev/null
    done
    cmp "$split.c" "$split-other.c" || fail "$split: held-out rows leak"
done

# ---- validation rows of a file

sed '2,100!d' rows.csv >some.csv
sed -i "1i $(head -n 1 rows.csv)" some.csv
# shellcheck disable=SC2086
team 2 $table --validation-data some.csv --patience 2 --run file
expect_status 0 "a file of validation rows"
grep -q "594 train, 99 validation" out || fail "not the file's rows"

# ---- rows that stay in files, from all over them

# expect_from_files ARGUMENT...
expect_from_files() {
    expect_digest 2 1 "$@"
    team 2 "$@" --epochs 1
    grep -q "bytes of rows stay in files" err || fail "all in memory: $*"
}

awk 'BEGIN { srand(4); print "who,word,size,kind"
    for (i = 0; i < 6000; i++)
        print "p" i * 17 % 371 ",w" i * 13 % 61 "," rand() + (i < 600) "," \
            (i < 600 ? "big" : "small") }' >many.csv
options="--data many.csv --label kind --validation 0.2 --test-fraction 0.2
    --hidden 8 --batch 64 --epochs 2"
for split in stratified group:who; do
    # shellcheck disable=SC2086 # a list of words
    {
        begin $options --ignore who --split $split
        expect_from_files $options --ignore who --split $split \
            --memory-limit 400K
    }
done

idx_directory set
idx_images 6000 >set/train-images-idx3-ubyte
idx_labels 6000 >set/train-labels-idx1-ubyte
"$mlp" data convert set -o set.h5 >/dev/null
options="--hidden 8 --batch 64 --epochs 2 --lr 0.01 --validation 0.25"
for split in stratified random last; do
    # shellcheck disable=SC2086 # a list of words
    {
        begin $options --data set --split $split --run "set-$split"
        expect_digest 3 2 $options --data set --split $split
        expect_digest 2 1 $options --data set.h5 --split $split
        expect_from_files $options --data set --split $split --memory-limit 56K
    }
    "$mlp" eval "set-$split" --data set --split validation --format json >out
    grep -q '"rows":1500' out || fail "$split: other validation rows"
    loss=$(sed 's/.*"loss":\([^,}]*\).*/\1/' out)
    grep -q "\"validation_loss\":$loss," "set-$split/log.jsonl" ||
        fail "$split: another loss than training logged"
done

# ---- refused

# shellcheck disable=SC2086 # lists of words
{
    refuse_team 64 'has no column "nobody"' $table $held --split group:nobody
    refuse_team 64 'is the label' $table $held --split group:kind
    refuse_team 64 'is for classes' $table $held --label id --split stratified
    refuse_team 64 "requires a table" --data digits --validation 0.2 \
        --split time:when
    sed '7s/20[0-9-]*/soon/' rows.csv >bad.csv
    refuse_team 65 'bad.csv:7: column 3 (when): expected a number, or a date' \
        $table $held --data bad.csv --split time:when
    sed '9s/,p[0-9]*,/,,/' rows.csv >bad.csv
    refuse_team 65 'bad.csv:9: column 2 (who): expected a group, found nothing' \
        $table $held --data bad.csv --split group:who
    team 0 $table $held --data bad.csv --split group:who --bad-rows drop
    expect_status 0 "a row without a group left out"
    grep -q "1 of 594 rows are dropped" err || fail "not one row dropped"
    team 0 --data rows.csv --run group --resume --split group:when
    expect_refused 64 "split is group:when, the checkpoint has group:who" \
        "another split"
}
echo "$runs runs had the expected digests"
