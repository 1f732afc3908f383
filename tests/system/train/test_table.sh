#!/bin/sh
# CSV tables: the used cars of data/ from training to predictions, classes with
# names, and invalid input.
set -eu
# shellcheck source=tests/support/system.sh
. "$MLP_SOURCE/tests/support/system.sh"

mlp=$MLP_BUILD/mlp
cars=$MLP_SOURCE/data/cars.csv
of_cars="--data $cars --label price --task regression --test-fraction 0.25
    --hidden 16 --lr 0.02 --batch 16 --epochs 40 --no-target-clip"

# ---- a resumed regression

# shellcheck disable=SC2086 # a list of words
{
    team 0 $of_cars --checkpoint whole --log whole.jsonl
    expect_status 0 "cars"
    expected=$(digest)
    whole=$expected
    grep -q "180 train, 0 validation, 60 test rows, 7 features, label price" \
        out || fail "it does not describe the data"
    team 3 $of_cars --checkpoint parts --max-steps 300 --quiet
    team 2 --data "$cars" --checkpoint parts --resume --quiet
    expect_status 0 "resumed without options"
}
[ "$(digest)" = "$expected" ] || fail "resumed: other weights"
sed -n 's/.*"test_r2":\([^,}]*\).*/\1/p' whole.jsonl | tail -n 1 >r2
awk '$1 > 0.9 && $1 < 1 { good = 1 } END { exit !good }' r2 ||
    fail "R2 of the cars is $(cat r2)"

# ---- eval gives what was logged; predict is in the table's unit

"$mlp" eval whole --data "$cars" --format json >out
[ "$(sed 's/.*"r2":\([^,}]*\).*/\1/' out)" = "$(cat r2)" ] ||
    fail "eval: not the logged R2"
printf 'colour,km,years\nred,20000,2\nblue,200000,14\n' >new.csv
"$mlp" predict whole --data new.csv >out
awk 'NR == 2 && $2 > 14000 && $2 < 23000 { a = 1 }
    NR == 3 && $2 < 4000 { b = 1 } END { exit !(a && b && NR == 3) }' out ||
    fail "predict: no likely prices"

"$mlp" predict whole --data new.csv --rows 1 --format text >told
awk 'NR == 1 && /^row 0: price [0-9.]*$/ && $4 > 14000 && $4 < 23000 { a = 1 }
    NR == 2 && $0 == "  years 2, km 20000, colour red" { b = 1 }
    END { exit !(a && b && NR == 3) }' told ||
    fail "predict --format text of a regression: $(cat told)"

# check_splits MODEL FILE: the rows that training tested on are those that are
# predicted with --split test: in the order of the file, the others are the
# training rows, and their mean absolute error is eval's.
check_splits() {
    for split in test train all; do
        "$mlp" predict "$1" --data "$2" --split $split >"$split.tsv" ||
            fail "predict --split $split"
        sed 1d "$split.tsv" | cut -f 2 >"$split.values"
    done
    "$mlp" predict "$1" --data "$2" | cmp - all.tsv ||
        fail "predict: not all rows without --split"
    [ "$(wc -l <test.values)" -eq 60 ] || fail "not 60 test rows"
    [ "$(wc -l <train.values)" -eq 180 ] || fail "not 180 training rows"
    sed 1d "$2" | cut -d , -f 4 | paste - all.values >prices
    awk 'FILENAME == "test.values" { test[++tests] = $1; next }
        FILENAME == "train.values" { train[++trains] = $1; next }
        NF == 2 && $2 == test[t + 1] {
            t++; sum += $1 > $2 ? $1 - $2 : $2 - $1; next }
        NF == 2 && $2 == train[u + 1] { u++; next }
        NF == 2 { exit 1 }
        END { if (t != tests || u != trains) exit 1
              printf "%.4g\n", sum / t }' test.values train.values prices \
        >found || fail "the splits are not the file"
    "$mlp" eval "$1" --data "$2" | awk '$1 == "MAE" { printf "%.4g\n", $2 }' |
        cmp - found || fail "predict --split test: not the rows of eval"
}
check_splits whole "$cars"
# a row without a price is in no split, and changes no other row's split
{ head -n 1 "$cars" && echo '5,9,red,' && sed 1d "$cars"; } >unpriced.csv
# shellcheck disable=SC2086
team 0 $of_cars --data unpriced.csv --bad-rows drop --checkpoint unpriced --quiet
expect_status 0 "training without a price"
check_splits unpriced unpriced.csv
for split in test all; do
    status=0
    "$mlp" predict whole --data new.csv --split $split >out 2>err || status=$?
    [ $split = all ] || expect_status 65 "a split without the label"
done
expect_status 0 "all rows without the label"

# trained without test rows, all rows are training rows; and of a file of test
# rows all are those
# shellcheck disable=SC2086
team 0 $of_cars --test-fraction 0 --epochs 2 --checkpoint unsplit --quiet
expect_status 0 "cars without test rows"
"$mlp" predict unsplit --data "$cars" >all.tsv
[ "$(wc -l <all.tsv)" -eq 241 ] || fail "not all rows"
for split in train test; do
    "$mlp" predict unsplit --data "$cars" --split $split | cmp - all.tsv ||
        fail "predict --split $split of a table without test rows"
done
"$mlp" eval unsplit --data "$cars" --split train >out
grep -q "train, 240 rows" out || fail "eval --split train without test rows"
"$mlp" show whole >out
grep -q "R2" out || fail "show: no R2"

# ---- classes have names

awk -F, 'NR == 1 { print "years,km,class" }
    NR > 1 { print $1 "," $2 "," ($4 > 9000 ? "dear" : "cheap") }' \
    "$cars" >classes.csv
team 2 --data classes.csv --label class --test-fraction 0.2 --hidden 8 \
    --batch 16 --checkpoint named --epochs 20
expect_status 0 "classes"
grep -q "^ *cheap  *[0-9.]* " out || fail "the report has no names"
"$mlp" predict named --data new.csv >out
grep -q "probability_cheap" out || fail "predict: no names in the header"
[ "$(sed -n 's/^0	\([a-z]*\)	.*/\1/p' out)" = dear ] || fail "predict: no name"
LC_ALL=C "$mlp" predict named --data new.csv --rows 1 --format text >out
sed 's/[0-9.]*%/N%/g; s/ [# ]*N/ N/' out >told # without the picture it is not
cat >expected-text <<'END'
row 0: dear (N%)
  years 2, km 20000

  cheap N%
   dear N%

END
diff expected-text told || fail "predict --format text of a table"
"$mlp" eval named --data classes.csv >out
grep -q '^ *cheap  *dear$' out || fail "the columns of the matrix have no names"

# two classes on one output, saved and loaded
team 0 --data classes.csv --label class --test-fraction 0.2 --hidden 8 \
    --batch 16 --binary --output-activation sigmoid --loss binary-cross-entropy \
    --checkpoint binary --epochs 3 --max-steps 20 --quiet
team 2 --data classes.csv --checkpoint binary --resume --quiet
expect_status 0 "a binary one resumed"
"$mlp" eval binary --data classes.csv >out || fail "eval of a binary one"
grep -q "^ *dear  *[0-9.]* " out || fail "its report has no names"
"$mlp" predict binary --data classes.csv >out
[ "$(head -n 1 out)" = "row	prediction	output_dear" ] ||
    fail "the output of class 1 has another name"
awk 'NR > 1 && ($3 >= 0.5) != ($2 == "dear") { exit 1 }' out ||
    fail "the output is not that of the second class"
"$mlp" predict binary --data classes.csv --format text >out
awk '/^row/ { gsub(/[():]/, ""); if (($4 >= 0.5) != ($3 == "dear")) exit 1 }' \
    out ||
    fail "the output drawn is not that of the second class"
# both classes of each mistake, which make up 100%, the truth below 50
team 0 --data classes.csv --label class --test-fraction 0.4 --hidden 4 \
    --batch 16 --lr 0.001 --binary --output-activation sigmoid --loss mse --epochs 1 \
    --checkpoint bad --log bad/log.jsonl --quiet
"$mlp" report bad -o bad.html || fail "report of a binary model"
sed -n '/<ul class="mistakes"/,/<\/ul>/p' bad.html |
    grep -o 'class="bar[^>]*>\|[0-9.]*%<' >bars
awk '/class/ { is_truth = /hit/; bars++; next }
    { sum += $0; if (is_truth && $0 > 50) exit 1 }
    END { exit !(bars > 1 && sum > 49.9 * bars && sum < 50.1 * bars) }' bars ||
    fail "mistakes of a binary model: $(head -n 4 bars)"

# ---- invalid rows, refused or dropped

# ---- softplus: non-negative prices, scaled without a shift

positive="$of_cars --output-activation softplus"
# shellcheck disable=SC2086
{
    team 0 $positive --checkpoint positive --log positive.jsonl
    expect_status 0 "softplus"
    expected=$(digest)
    team 3 $positive --checkpoint positive-parts --max-steps 300 --quiet
    team 2 --data "$cars" --checkpoint positive-parts --resume --quiet
    expect_status 0 "softplus, resumed"
}
[ "$(digest)" = "$expected" ] || fail "softplus on other teams: other weights"
sed -n 's/.*"test_r2":\([^,}]*\).*/\1/p' positive.jsonl | tail -n 1 >r2
awk '$1 > 0.9 && $1 < 1 { good = 1 } END { exit !good }' r2 ||
    fail "R2 of the cars with softplus is $(cat r2)"
"$mlp" eval positive --data "$cars" --format json >out
[ "$(sed 's/.*"r2":\([^,}]*\).*/\1/' out)" = "$(cat r2)" ] ||
    fail "softplus, eval: not the logged R2"
printf 'colour,km,years\nred,900000,40\n' >old.csv # below 0 with identity
"$mlp" predict positive --data old.csv >out
awk 'NR == 2 && $2 >= 0 { a = 1 } END { exit !a }' out ||
    fail "softplus: a price below 0"

# ---- predictions within the range of the training rows, which are the same

least=$(sed 1d "$cars" | cut -d, -f 4 | sort -n | head -n 1)
# shellcheck disable=SC2086 # a list of words
team 0 $of_cars --target-clip --checkpoint clipped --quiet
expect_status 0 "--target-clip"
[ "$(digest)" = "$whole" ] || fail "--target-clip: other weights"
"$mlp" predict whole --data old.csv | awk -v least="$least" \
    'NR == 2 && $2 < least { a = 1 } END { exit !a }' ||
    fail "a car without value is worth something"
"$mlp" predict clipped --data old.csv | awk -v least="$least" \
    'NR == 2 && $2 >= least { a = 1 } END { exit !a }' ||
    fail "a price below those of the training rows"
# the default of a new run
team 0 --data "$cars" --label price --epochs 1 --checkpoint default --quiet
"$mlp" predict default --data old.csv | awk -v least="$least" \
    'NR == 2 && $2 >= least { a = 1 } END { exit !a }' ||
    fail "a new run is not clipped"

# ---- losses of numbers

for loss in mae huber poisson; do
    # shellcheck disable=SC2086 # a list of words
    {
        team 0 $of_cars --loss $loss --checkpoint $loss --log $loss.jsonl
        expect_status 0 "$loss"
        expected=$(digest)
        team 3 $of_cars --loss $loss --checkpoint $loss-parts --max-steps 300 \
            --quiet
        team 2 --data "$cars" --checkpoint $loss-parts --resume --quiet
        expect_status 0 "$loss, resumed"
        [ "$(digest)" = "$expected" ] || fail "$loss on other teams: other weights"
    }
    sed -n 's/.*"test_r2":\([^,}]*\).*/\1/p' $loss.jsonl | tail -n 1 >r2
    awk '$1 > 0.85 && $1 < 1 { good = 1 } END { exit !good }' r2 ||
        fail "R2 of the cars with $loss is $(cat r2)"
    for what in r2 mae loss; do
        sed -n 's/.*"test_'$what'":\([^,}]*\).*/\1/p' $loss.jsonl |
            tail -n 1 >logged
        "$mlp" eval $loss --data "$cars" --format json |
            sed 's/.*"'$what'":\([^,}]*\).*/\1/' | cmp - logged ||
            fail "$loss, eval: not the logged $what"
    done
    "$mlp" report $loss -o $loss.html || fail "report of $loss"
done
[ "$("$mlp" predict poisson --data old.csv | awk 'NR == 2 { print ($2 > 0) }')" = 1 ] ||
    fail "poisson: a price below 0"

{ cat "$cars" && echo '5,many,red,7000' && echo '5,9,,7000'; } >bad.csv
by="--label price --task regression"
# shellcheck disable=SC2086
{
    refuse_team 65 "bad.csv:242: column 2 (km): expected a number, found \"many\"" \
        --data bad.csv $by
    team 3 --data bad.csv $by --bad-rows drop --missing error --epochs 1 \
        --checkpoint dropped
    expect_status 0 "bad rows dropped"
    grep -q "2 of 242 rows are dropped, the first: .*:242: " err ||
        fail "it does not count the dropped rows"
    # afterwards, too, unless another way is asked for
    for command in eval predict; do
        "$mlp" $command dropped --data bad.csv >out ||
            fail "$command fails where training dropped"
        status=0
        "$mlp" $command dropped --data bad.csv --bad-rows fail >out 2>err ||
            status=$?
        expect_status 65 "$command --bad-rows fail"
        grep -qF "bad.csv:242: column 2 (km)" err ||
            fail "$command --bad-rows fail: $(cat err)"
    done
    { head -n 5 "$cars" && echo '5,9,red,-7' && sed 1,5d "$cars"; } >below.csv
    refuse_team 65 "below.csv:6: column 4 (price): expected a number from 0 on" \
        --data below.csv $by --output-activation softplus
    team 2 --data below.csv $by --output-activation softplus --bad-rows drop --epochs 1
    expect_status 0 "a price below 0 dropped"
    grep -q "1 of 241 rows are dropped" err || fail "it does not count it"
    refuse_team 65 "expected a column \"price\"" --data "$cars" $by \
        --test-data new.csv
    refuse_team 64 "--label COLUMN is missing" --data "$cars"
    refuse_team 64 "no column \"cost\"" --data "$cars" --label cost
    refuse_team 64 "--output-activation identity" --data "$cars" $by --output-activation sigmoid \
        --loss mse
    refuse_team 64 "has no classes" --data "$cars" $by --classes 3
    refuse_team 64 "exclude each other" --data "$cars" $by --test-fraction 0.1 \
        --test-data new.csv
    refuse_team 64 "--task regression requires a table" --data digits \
        --task regression
    refuse_team 64 "--target-clip keeps predicted numbers" --data digits \
        --target-clip
    refuse_team 64 "--target-clip keeps predicted numbers" --data classes.csv \
        --label class --target-clip
    refuse_team 64 "--loss mae is of numbers" --data "$cars" --label price \
        --task classification --loss mae
    refuse_team 65 "below.csv:6: column 4 (price): expected a number from 0 on" \
        --data below.csv --label price --loss poisson
}
status=0
"$mlp" eval whole --data new.csv 2>err || status=$?
expect_status 65 "eval without the label"
grep -q 'expected a column "price"' err || fail "it does not name the column"
status=0
"$mlp" predict whole --data digits 2>err || status=$?
expect_status 65 "predict other data"
