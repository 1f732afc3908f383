#!/bin/sh
# mlp show, eval and predict on a model of the built-in digits, and invalid
# input.
set -eu
# shellcheck source=tests/support/system.sh
. "$MLP_SOURCE/tests/support/system.sh"
# shellcheck source=tests/support/tool.sh
. "$MLP_SOURCE/tests/support/tool.sh"

# refuse_empty STATUS TEXT ARGUMENT...: refused, without results.
refuse_empty() {
    refuse "$@"
    [ ! -s out ] || fail "$*: prints results all the same"
}

expect_text() { grep -qF -e "$1" out || fail "expected: $1"; }

# json KEY: a top-level number or text of the JSON in out, as written.
json() { sed 's/.*"'"$1"'":\("[^"]*"\|[^,}]*\).*/\1/' out; }

expect_json() {
    command -v python3 >/dev/null 2>&1 || return 0
    while read -r line; do
        echo "$line" | python3 -m json.tool >/dev/null || fail "not JSON: $1"
    done <out
}

# logged KEY: the same of the last record of the run log.
logged() { tail -n 1 log.jsonl | sed 's/.*"'"$1"'":\("[^"]*"\|[^,}]*\).*/\1/'; }

# digits_images: the pictures of the digits' test rows as an IDX file.
digits_images() {
    be32 2051 && be32 449 && be32 8 && be32 8
    # shellcheck disable=SC2059 # the format is the bytes
    printf "$(gzip -dc "$MLP_SOURCE/data/digits.csv.gz" | awk -F, \
        'NR % 4 == 0 { for (i = 1; i <= 64; i++) printf "\\%03o", $i }')"
}

# zeros COUNT: as many zero bytes
zeros() { head -c "$1" /dev/zero; }

team 0 --data digits --epochs 3 --hidden 40,24 --validation 0.1 \
    --checkpoint run --every 1 --log log.jsonl
expect_status 0 "training"
weights=$(digest)
newest=run/ckpt-000003-00000030.h5

echo "show: the contents of the checkpoint"
succeed show run
expect_text "$newest"
expect_text "64-40-24-10"
expect_text "epoch 3, step 30"
expect_text "weights sha256 $weights"
expect_text "1213 training rows"
grep -q "^ *validation  *0.1$" out || fail "no configuration"
grep -q "^ *3  *30 .*%.*%.*%$" out || fail "no history"
grep -q "^ *1  *weights  *64 x 40 " out || fail "no parameters"
succeed show --format=json "$newest"
expect_json "show"
[ "$(json weights_sha256)" = "\"$weights\"" ] || fail "another digest"
state=$("$MLP_BUILD/mlp" show run | sed -n 's/^state sha256 *//p')
[ "$(json state_sha256)" = "\"$state\"" ] || fail "another state's digest"
[ "$(json test_loss)" = "$(logged test_loss)" ] || fail "another test loss"
[ "$(json standard_deviation)" != null ] || fail "no deviation"
! grep -q weights_epoch out || fail "a best epoch without --patience"

echo "show: with --patience the weights of the best epoch, as a run ends"
for steps in 0 50; do # to the end, and stopped in the epoch after the fifth
    team 0 --data digits --hidden 8 --lr 5 --validation 0.2 --split seed --patience 5 \
        --epochs 6 --every 1 --keep 9 --max-steps $steps --checkpoint best$steps
    [ $steps -gt 0 ] || best=$(digest)
done
expect_status 75 "a run that is stopped"
succeed show best0
expect_text "weights sha256 $best"
epoch=$(sed -n 's/^weights  *of epoch \([0-9]*\), the best.*/\1/p' out)
[ "$epoch" -lt 6 ] || fail "the newest epoch is the best: that shows nothing"
succeed show best50
expect_text "weights        of epoch $epoch, the best"
expect_text "weights sha256 $best"
sed -n '/^parameters/,$p' out >parameters
succeed show best50/ckpt-00000"$epoch"-*"$((9 * epoch)).h5"
sed -n '/^parameters/,$p' out | cmp - parameters ||
    fail "not the parameters of the best epoch"
succeed show best50 --format json
[ "$(json weights_epoch)" = "$epoch" ] || fail "another epoch in JSON"
[ "$(json weights_sha256)" = "\"$best\"" ] || fail "another digest in JSON"

echo "show: with prelu the slopes, and the layer after them as it is"
team 0 --data digits --hidden 8 --activation prelu --epochs 1 --lr 1e-9 \
    --checkpoint prelu --quiet
succeed show prelu # as initialized: slopes 0.25, biases 0
grep -Eq "^ *1 +slopes +1 x 8 +0.25 +0.25 +0.25 " out || fail "no slopes"
awk '$1 == 2 && $2 == "biases" { found = 1; if ($6^2 + $8^2 > 1e-9) exit 1 }
    END { exit !found }' out || fail "the biases of layer 2 are other numbers"

echo "eval: the numbers that training logged, bit for bit"
succeed eval run --data digits --format json --threads 1
expect_json "eval"
[ "$(json loss)" = "$(logged test_loss)" ] || fail "another loss"
[ "$(json accuracy)" = "$(logged test_accuracy)" ] || fail "another accuracy"
[ "$(json rows)" = 449 ] || fail "another number of rows"
mv out eval1
succeed eval run --data digits --format json --threads 2
cmp out eval1 || fail "another number of threads gives other numbers"
succeed eval run --data digits
expect_text "digits (built in), test, 449 rows"
expect_text "weighted avg"
expect_text "confusion matrix"
succeed eval run --data digits --split train
expect_text "digits (built in), train, 1213 rows"
succeed eval run --data digits --split validation
expect_text "digits (built in), validation, 135 rows"
MLP_DATA=digits succeed eval "$newest"
expect_text "digits (built in), test, 449 rows"

echo "predict: a line for each row"
succeed predict run --data digits --threads 1
mv out all.tsv
[ "$(wc -l <all.tsv)" -eq 450 ] || fail "not a header and 449 rows"
awk -F '\t' 'NR == 1 { exit !($1 == "row" && $2 == "prediction" &&
    $3 == "probability_0" && $12 == "probability_9" && NF == 12) }' all.tsv ||
    fail "another header"
awk -F '\t' 'NR > 1 {
    sum = 0
    best = 3
    for (i = 3; i <= 12; i++) {
        sum += $i
        if ($i > $best) best = i
    }
    if (NF != 12 || $1 != NR - 2 || $2 != best - 3 || sum < 0.99999 ||
        sum > 1.00001) exit 1
}' all.tsv || fail "rows out of order, or no probabilities"
succeed predict run --data digits --threads 2
cmp out all.tsv || fail "another number of threads gives other predictions"
# As many right predictions as eval counts.
gzip -dc "$MLP_SOURCE/data/digits.csv.gz" |
    awk -F, 'NR % 4 == 0 { print $65 }' >labels
hits=$(awk 'NR > 1 { print $2 }' all.tsv | paste - labels |
    awk '$1 == $2' | wc -l)
grep -q "\"hits\":$hits," eval1 || fail "eval counts other than $hits hits"

echo "predict: some rows"
succeed predict run --data digits --first 440 --rows 5
{ head -n 1 all.tsv && sed -n 442,446p all.tsv; } | cmp out - ||
    fail "rows 440 to 444 differ alone"
succeed predict run --data digits --first 440 --rows 5000
[ "$(wc -l <out)" -eq 10 ] || fail "more rows than there are"

echo "predict: JSON lines"
succeed predict run --data digits --format json --rows 7
expect_json "predict"
[ "$(wc -l <out)" -eq 7 ] || fail "not 7 lines"
head -n 1 out | grep -q '^{"row":0,"prediction":[0-9],"probabilities":\[' ||
    fail "other JSON"

echo "predict: images without labels, plain and packed"
digits_images >images
gzip -c images >packed
for file in images packed; do
    succeed predict run --data "$file"
    cmp out all.tsv || fail "$file: other predictions"
done
refuse_empty 65 "images" eval run --data images
refuse_empty 64 "has 0 train rows" predict run --data images --split train
head -c 20000 images >short
refuse_empty 65 "short" predict run --data short
head -c 4000 packed >short.gz
refuse_empty 65 "short.gz" predict run --data short.gz

echo "predict: into a file, which appears when it is complete"
echo old >kept.tsv
succeed predict run --data digits --output kept.tsv
[ ! -s out ] || fail "something on standard output"
cmp kept.tsv all.tsv || fail "other predictions in a file"
echo old >kept.tsv
ln -s kept.tsv link.tsv
succeed predict run --data digits --output link.tsv
[ -L link.tsv ] || fail "a symbolic link is replaced"
cmp kept.tsv all.tsv || fail "other predictions behind a link"
echo old >kept.tsv
(ulimit -f 8 && refuse 74 "kept.tsv: cannot be written" \
    predict run --data digits --output kept.tsv) || exit 1
refuse_empty 65 "short" predict run --data short --output kept.tsv
[ "$(cat kept.tsv)" = old ] || fail "a failure replaces the file"
refuse_empty 74 "nowhere/new.tsv" predict run --data digits --output nowhere/new.tsv
refuse_empty 74 "/dev/full" predict run --data digits --output /dev/full
[ -c /dev/full ] || fail "a device is replaced"
[ -z "$(find . -name '*.tmp.*')" ] || fail "partial files are left"

echo "without a reader: one line and exit code 74"
for arguments in "show run" "eval run --data digits" \
    "predict run --data digits" "predict run --data digits --format json" \
    help "eval --help" --version; do
    status=0
    # shellcheck disable=SC2086 # these are words
    "$mlp" $arguments >/dev/full 2>err || status=$?
    expect_status 74 "mlp $arguments on a full disk"
    expect_one_line "standard output"
done
write_unread
for arguments in "show run" "predict run --data digits" help; do
    status=0
    # shellcheck disable=SC2086 # these are words
    sh unread.sh "$mlp" $arguments 2>err || status=$?
    expect_status 141 "mlp $arguments without a reader, as filters end"
    [ ! -s err ] || fail "mlp $arguments complains of a reader who has gone"
done
status=0
"$mlp" show run >&- 2>err || status=$?
expect_status 74 "a closed standard output"
expect_one_line "standard output"
# More than a pipe holds, so it blocks until the reader ends.
{
    status=0
    "$mlp" predict run --data digits --split train 2>err || status=$?
    echo "$status" >status
} | true
status=$(cat status)
expect_status 141 "a reader who goes away"
[ ! -s err ] || fail "complains of a reader who goes away"

echo "only probabilities are called so"
team 0 --data digits --epochs 1 --hidden none --output-activation sigmoid --loss mse \
    --lr 0.5 --momentum 0 --checkpoint sigmoid --log log.jsonl
expect_status 0 "training with sigmoid outputs"
succeed predict sigmoid --data digits --rows 1
expect_text "output_9"
! grep -q probab out || fail "probabilities of sigmoid outputs"
succeed predict sigmoid --data digits --rows 1 --format json
expect_text '"outputs":['
succeed eval sigmoid --data digits --format json
[ "$(json loss)" = "$(logged test_loss)" ] || fail "another mse loss"

echo "data that does not fit is refused"
idx_directory wide
refuse_empty 65 "expected 64 features a row, which the model was trained on, found 16" \
    eval run --data wide
refuse_empty 65 "found 16" predict run --data wide/t10k-images-idx3-ubyte
mkdir eleven
{ be32 2051 && be32 1 && be32 8 && be32 8 && zeros 64; } |
    tee eleven/train-images-idx3-ubyte >eleven/t10k-images-idx3-ubyte
{ be32 2049 && be32 1 && zeros 1; } >eleven/train-labels-idx1-ubyte
{ be32 2049 && be32 1 && printf '\012'; } >eleven/t10k-labels-idx1-ubyte
refuse_empty 65 "eleven: test row 0: expected a label below 10, found 10" \
    eval run --data eleven
refuse_empty 64 "less than a row" eval run --data eleven --split train
{ be32 2051 && be32 1 && be32 8 && be32 8 && zeros 63 && printf '\377'; } >bright
tool predict run --data bright
expect_status 0 "data on another scale"
expect_one_line "warning: bright: the largest value is 15.9375 times"
refuse_empty 66 "nothing" eval run --data nothing

echo "invalid checkpoints are refused"
refuse_empty 66 "nothing" show nothing
refuse_empty 65 "log.jsonl" show log.jsonl
refuse_empty 66 "eleven: has no checkpoint" show eleven
cp "$newest" damaged.h5
printf X | dd of=damaged.h5 bs=1 seek=9000 conv=notrunc 2>/dev/null
for command in show eval predict; do
    refuse_empty 65 "damaged.h5" "$command" damaged.h5
done
cp -r run torn
cp damaged.h5 torn/ckpt-000003-00000030.h5
tool show torn
expect_status 0 "a damaged checkpoint before a sound one"
expect_one_line "warning: torn/ckpt-000003-00000030.h5"
expect_text "epoch 2, step 20"

echo "invalid command lines are refused"
refuse_empty 64 "did you mean eval?" evla run
refuse_empty 64 "did you mean --threads?" eval run --treads 2
refuse_empty 64 "--first: unknown option; see mlp eval --help" eval run --first 2
refuse_empty 64 '--threads: "two" is not a whole number' eval run --threads two
refuse_empty 64 '--split: "other" is not one of train, test, validation, all' \
    eval run --split other
refuse_empty 64 "is not one of tsv, csv, json, text" predict run --data digits --format png
refuse_empty 64 "--rows: 0 is below 1" predict run --data digits --rows 0
refuse_empty 64 "--data needs a value" predict run --data
refuse_empty 64 "--nothing: unknown option; see mlp --help" --nothing
refuse_empty 64 "missing argument; usage: mlp show FILE" show
refuse_empty 64 '"other": unexpected argument; see mlp show --help' show run other
refuse_empty 64 "none from row 449 on" predict run --data digits --first 449

echo "help and version"
succeed help
expect_text "predict"
mv out help
for words in --help -h ""; do
    # shellcheck disable=SC2086 # a word or none
    succeed $words
    cmp out help || fail "mlp $words is other than mlp help"
done
for command in show eval predict; do
    succeed "$command" --help
    mv out help
    succeed help "$command"
    cmp out help || fail "mlp help $command is other than --help"
    [ "$(awk 'length > 80' help | wc -l)" -eq 0 ] || fail "lines over 80"
done
for command in show verify eval predict report runs data export import trace; do
    succeed "$command" --help
    ! grep -q -e '^  --output' out || expect_text '  --output FILE, -o FILE  '
done
refuse_empty 64 "-x: unknown option" show run -x
succeed --version
mv out version
succeed -V
cmp out version || fail "-V is other than --version"
grep -Eq '^mlp [0-9]+\.[0-9]+\.[0-9]+$' out || fail "no version"

echo "mlp train is mlp_train"
succeed train --version
mv out version
"$MLP_BUILD/mlp_train" --version >out
cmp out version || fail "another version"
succeed help train
mv out help
succeed train --help
cmp out help || fail "mlp help train is other than mlp train --help"
[ "$(wc -l <out)" -le 40 ] || fail "more than a screen"
succeed train --help all
for topic in data images table model training parallel files checks output; do
    succeed train --help "$topic"
    grep -o '^  --[a-z0-9-]*' out
done | sort >by_topic
"$MLP_BUILD/mlp_train" --help all | sed -n '/^Other/q;s/^\(  --[a-z0-9-]*\).*/\1/p' |
    sort >listed
cmp by_topic listed || fail "topics have other options than all"
tool train --help tables
expect_status 64 "an unknown topic"
grep -qF -e '--help: "tables" is not one of' err || fail "no reason"
succeed train --data digits --run whole --epochs 1 --quiet
for part in ckpt-000001-00000011.h5 log.jsonl events; do
    [ -e "whole/$part" ] || fail "--run: no $part"
done
succeed train --data digits --run whole --epochs 1 --resume --quiet
mkdir elsewhere
cp "$MLP_BUILD/mlp" elsewhere
status=0
PATH=/nowhere elsewhere/mlp train >out 2>err || status=$?
expect_status 66 "mlp train without mlp_train"

echo "a configuration is printed, and read back"
for words in "--preset mnist-fast" "--preset xor --lr 0.3" "--optimizer adam \
--run r --watchdog 90m --max-time 1-12:00:00"; do
    # shellcheck disable=SC2086 # words
    succeed train $words --print-config
    mv out first.ini
    succeed train --config first.ini --print-config
    cmp out first.ini || fail "another configuration than of $words"
done
grep -qx 'watchdog = 5400' first.ini || fail "90m is not 5400 s"
grep -qx 'max-time = 1-12:00:00' first.ini || fail "36 h are something else"

echo "all faults at once"
tool train --epochs x --btch 3 --lr -1
expect_status 64 "three faults"
for words in '--epochs: "x" is not a whole number' '--lr: -1 is not above 0' \
    "--btch: unknown option; did you mean --batch?"; do
    grep -qF -e "$words" err || fail "not named: $words"
done

echo "without --data the rows are those of the run, if they are there"
unset MLP_DATA
cp "$MLP_SOURCE/data/cars.csv" mine.csv
succeed train --data mine.csv --label price --epochs 1 --run mine --quiet \
    --test-fraction 0.2
succeed eval mine
expect_text "mine.csv, test, 48 rows"
rm mine.csv
refuse_empty 66 "mine.csv: is not there" eval mine
refuse_empty 66 "mine.csv: is not there" predict mine
MLP_DATA=digits tool eval mine
grep -qF "\$MLP_DATA is used, digits" err || fail "MLP_DATA: no note"
succeed report mine -o mine.html
grep -qF "mine.csv: is not there" mine.html || fail "report: no note"
"$MLP_BUILD/mlp_train" --data - --label price --epochs 1 --run piped --quiet \
    <"$MLP_SOURCE/data/cars.csv" >/dev/null 2>&1 || fail "training from a pipe"
for words in "eval piped" "predict piped" "train --resume piped"; do
    # shellcheck disable=SC2086 # words
    tool $words
    expect_status 64 "$words"
    grep -qF "from standard input: name the rows by --data" err ||
        fail "$words: does not ask for --data"
done
