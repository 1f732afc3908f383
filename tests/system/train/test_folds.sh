#!/bin/sh
# Cross-validation: a run of several models on all teams, stopped and resumed in
# any fold, and fold by fold; each row is tested by the model that did not train
# it, and reaches nothing of that model; what the tools make of such a run.
set -eu
# shellcheck source=tests/support/system.sh
. "$MLP_SOURCE/tests/support/system.sh"
# shellcheck source=tests/support/digests.sh
. "$MLP_SOURCE/tests/support/digests.sh"

mlp=$MLP_BUILD/mlp

# 300 rows, sorted by class: a 60, b 240 less those without a kind
make_rows() { # FILE with ids of rows whose features are other ones
    awk "BEGIN { srand(3); while ((getline id <\"$1\") > 0) other[id]
         print \"id,size,town,kind\"
        for (i = 0; i < 300; i++) {
            size = (i < 60 ? 1 : 0) + rand()
            town = \"town\" int(4 * rand())
            if (i % 9 == 4) size = \"NA\"
            if (i in other) { size = 1000; town = \"elsewhere\" }
            print i \",\" size \",\" town \",\" \
                (i % 100 == 99 ? \"\" : i < 60 ? \"a\" : \"b\") } }"
}
make_rows /dev/null >rows.csv
table="--data rows.csv --label kind --ignore id --hidden 8 --batch 32 --epochs 4"
folds="$table --folds 3 --validation 0.2 --patience 2"

# ---- one digest

# shellcheck disable=SC2086 # lists of words
{
    begin $folds --run whole
    for ranks in 1 2 3 8; do
        for threads in 1 2; do
            expect_digest "$ranks" "$threads" $folds
        done
    done
    for fold in 1 2 3; do
        team 2 ${folds%--folds*} ${folds#*--folds 3} --fold $fold/3 --run array --quiet
        expect_status 0 "fold $fold"
        digest >"fold.$fold"
        [ -d "array/fold-$fold" ] || fail "no directory of fold $fold"
        [ "$(digest)" = "$("$mlp" show "whole/fold-$fold" |
            sed -n 's/^weights sha256 *//p')" ] ||
            fail "fold $fold alone: other weights"
    done
}
# the digest is that of the models' digests, in order
cat fold.1 fold.2 fold.3 | python3 -c '
import hashlib, sys
print(hashlib.sha256(b"".join(map(bytes.fromhex, sys.stdin))).hexdigest())' >digest
[ "$(cat digest)" = "$expected" ] || fail "not the digest of the folds' digests"

# ---- stopped in the second fold

# shellcheck disable=SC2086 # lists of words
{
    team 0 ${folds%--folds*} ${folds#*--folds 3} --fold 1/3 --run parts --quiet
    team 3 $folds --run parts --resume --max-steps 7 --quiet
    expect_status 75 "stopped"
    grep -q "after step 7 of fold 2/3; go on with the same --folds" err ||
        fail "it does not say in which fold it was stopped"
    [ ! -e parts/fold-3 ] || fail "it went on after a stop"
    [ ! -e parts/out-of-fold.csv ] || fail "predictions before the end"
    refuse_team 64 "is a run of 3 folds, --folds is 4" --data rows.csv --folds 4 \
        --run parts --resume
    # folds that have not begun have the options of the first
    expect_digest 2 1 --data rows.csv --folds 3 --run parts --resume
    cmp whole/out-of-fold.csv parts/out-of-fold.csv ||
        fail "other predictions after a resume"
    team 2 $folds --run whole
    expect_refused 64 "whole/fold-1" "a directory that is used"
}

# ---- each row once, by the model that did not train it

python3 - <<'END'
import csv, json, statistics
rows = list(csv.DictReader(open("whole/out-of-fold.csv")))
labels = [r["kind"] for r in csv.DictReader(open("rows.csv"))]
assert sorted(int(r["row"]) for r in rows) == [
    i for i, label in enumerate(labels) if label], "not each row once"
for r in rows:
    assert r["truth"] == labels[int(r["row"])]
    p = {k: float(r["probability_" + k]) for k in "ab"}
    assert r["prediction"] == max(p, key=p.get)
for fold in "123":
    of = [r["truth"] for r in rows if r["fold"] == fold]
    assert abs(of.count("a") - 20) <= 1 and abs(of.count("b") - 79) <= 1
hits = [r["truth"] == r["prediction"] for r in rows]
json.dump({"rows": len(rows), "hits": sum(hits)}, open("counted", "w"))
END
"$mlp" eval whole --data rows.csv --format json >out || fail "eval of folds"
python3 - <<'END'
import json
counted, found = json.load(open("counted")), json.load(open("out"))
assert found["split"] == "out-of-fold"
assert {k: found[k] for k in counted} == counted, (counted, found)
END
"$mlp" eval whole --data rows.csv >out && grep -q "3 folds" out ||
    fail "eval as text"
# two such runs, here of the same models, are compared on these rows
"$mlp" eval whole parts --data rows.csv --format json >out || fail "comparison"
python3 - <<'END'
import json
counted, found = json.load(open("counted")), json.load(open("out"))
assert found["split"] == "out-of-fold" and found["rows"] == counted["rows"]
assert found["both_right"] == counted["hits"], (counted, found)
assert found["first_right"] == found["second_right"] == 0, found
END
status=0
"$mlp" eval whole whole/fold-1 --data rows.csv >out 2>err || status=$?
expect_refused 64 "runs are compared that" "a run of folds and one model"

# ---- rows that are held out reach nothing in the model of their fold

for fold in 1 2 3; do
    awk -F , -v f=$fold 'NR > 1 && $2 == f { print $1 }' whole/out-of-fold.csv >held
    make_rows held >other.csv
    cmp -s rows.csv other.csv && fail "no row has changed"
    # shellcheck disable=SC2086 # lists of words
    team 0 ${folds%--folds*} ${folds#*--folds 3} --data other.csv \
        --fold $fold/3 --run other --quiet
    expect_status 0 "other rows in fold $fold"
    for run in whole other; do
        "$mlp" export $run/fold-$fold --to c -o $run.c >/dev/null
    done
    cmp whole.c other.c || fail "held-out rows leak into fold $fold"
done
status=0
"$mlp" eval whole --data other.csv >out 2>err || status=$?
expect_status 65 "eval: other rows"
expect_line "these are other rows than those of the run" "eval: other rows" err

# ---- averages

sed 1,251d rows.csv | sed "1i $(head -n 1 rows.csv)" >new.csv
for model in whole/fold-1 whole/fold-2 whole/fold-3; do
    "$mlp" predict $model --data new.csv --format json
done >single 2>err || fail "predict: one model"
"$mlp" predict whole --data new.csv --format json >averaged 2>err ||
    fail "predict: a run of folds"
"$mlp" predict --average whole/fold-3 whole/fold-1 whole/fold-2 --data new.csv \
    --format json >named 2>err || fail "predict --average"
"$mlp" predict whole --data new.csv --format text >out 2>err || fail "as text"
python3 - <<'END'
import json
def outputs(name):
    return [json.loads(line)["probabilities"] for line in open(name)]
single, averaged = outputs("single"), outputs("averaged")
count = len(averaged)
assert count == 50 and len(single) == 3 * count
for i, p in enumerate(averaged):
    for k, value in enumerate(p):
        mean = sum(single[i + m * count][k] for m in range(3)) / 3
        assert abs(value - mean) < 1e-7, (value, mean)  # 2^-24 by rounding
assert averaged == outputs("named")
END
"$mlp" eval whole --data new.csv --split all --format json >evaluated ||
    fail "eval: averages"
python3 - <<'END'
import csv, json, math
found = json.load(open("evaluated"))
labels = [r["kind"] for r in csv.DictReader(open("new.csv"))]
rows = [json.loads(line)["probabilities"] for line in open("averaged")]
kept = [(p, "ab".index(y)) for p, y in zip(rows, labels) if y]
loss = -sum(math.log(p[y]) for p, y in kept) / len(kept)
hits = sum(max(range(2), key=p.__getitem__) == y for p, y in kept)
assert found["models"] == 3 and found["split"] == "all", found
assert found["rows"] == len(kept) < 50 and found["hits"] == hits
assert abs(found["loss"] - loss) < 1e-6 and found["loss"] == found["log_loss"]
assert sum(map(sum, found["confusion"])) == len(kept)
END
"$mlp" eval whole --data new.csv >out 2>err && fail "eval: rows of no fold"
grep -q -e "--split all" err || fail "eval: no hint at averages"
status=0
"$mlp" predict whole --data rows.csv --split test >out 2>err || status=$?
expect_refused 64 "held out other rows" "averages over held-out rows"

# ---- one temperature, by the rows of all folds

"$mlp" calibrate whole --data rows.csv --format json >out || fail "calibrate"
[ ! -e whole/calibrated/fold-4 ] && [ -d whole/calibrated/fold-3 ] ||
    fail "calibrate: not a checkpoint of each fold"
"$mlp" eval whole/calibrated --data new.csv --split all --format json >evaluated ||
    fail "eval: calibrated models"
"$mlp" predict whole/calibrated --data new.csv --format json >calibrated 2>err ||
    fail "predict: calibrated models"
python3 - <<'END'
import csv, json, math
fit = json.load(open("out"))
t = fit["temperature"]
rows = list(csv.DictReader(open("whole/out-of-fold.csv")))
def loss(t):  # of the logits over t: those of probabilities, but for a constant
    total = 0
    for r in rows:
        z = [math.log(float(r["probability_" + k])) / t for k in "ab"]
        top = max(z)
        total -= z["ab".index(r["truth"])] - top - math.log(
            sum(math.exp(v - top) for v in z))
    return total / len(rows)
assert fit["rows"] == len(rows)
# float32 probabilities: of the smaller one 9 digits are in the file
assert abs(fit["log_loss"]["before"] - loss(1)) < 1e-5, (fit, loss(1))
assert abs(fit["log_loss"]["after"] - loss(t)) < 1e-5, (fit, loss(t))
assert loss(t) <= min(loss(t * 0.98), loss(t * 1.02)), t
assert json.load(open("evaluated"))["models"] == 3
# each model's logits are divided, then the probabilities are averaged
single = [json.loads(line)["probabilities"] for line in open("single")]
found = [json.loads(line)["probabilities"] for line in open("calibrated")]
for i, p in enumerate(found):
    mean = sum(a ** (1 / t) / (a ** (1 / t) + b ** (1 / t))
               for a, b in single[i::len(found)]) / 3
    assert abs(p[0] - mean) < 1e-5, (p[0], mean)
END
status=0
"$mlp" calibrate whole --data rows.csv >out 2>err || status=$?
expect_refused 64 "whole/calibrated: is there already" "calibrated again"
status=0
"$mlp" calibrate whole --data other.csv -o other-calibrated >out 2>err || status=$?
expect_status 65 "calibrate: other rows"
expect_line "other rows than those of the run" "calibrate: other rows" err
[ ! -e other-calibrated ] || fail "calibrate: something is left"
status=0
"$mlp" eval whole/calibrated --data rows.csv >out 2>err || status=$?
expect_status 64 "eval: the rows of the fit"
expect_line "calibrated on its held-out rows" "eval: the rows of the fit" err
rm -r whole/calibrated

# ---- the other tools

"$mlp" verify whole >out || fail "verify"
[ "$(grep -c 'whole/fold-.$' out)" -eq 3 ] || fail "verify: not each fold"
team 2 --replay whole --from 0 --data rows.csv
expect_status 0 "replay"
[ "$(grep -c '^replay of steps 0 to .* the same$' out)" -eq 3 ] ||
    fail "replay: not each fold"
"$mlp" report whole -o page.html || fail "report"
for fold in 1 2 3; do
    grep -q "fold-$fold" page.html || fail "no fold $fold in the report"
done
cp "$(find whole/fold-2 -name '*.h5' | head -n 1)" saved
printf X | dd of="$(find whole/fold-2 -name '*.h5' | head -n 1)" bs=1 seek=3000 \
    conv=notrunc 2>/dev/null
status=0
"$mlp" verify whole >out 2>err || status=$?
expect_refused 65 "whole/fold-2" "a damaged fold"

# ---- a group is in one fold, whole

awk -F , -v OFS=, 'NR == 1 { print $0, "who"; next }
    { print $0, "p" $1 * 17 % 37 % 29 }' rows.csv >groups.csv
# shellcheck disable=SC2086 # a list of words
{
    by_group="${table#*rows.csv} --data groups.csv --folds 3 --split group:who"
    begin $by_group --run groups
    expect_digest 3 2 $by_group
}
python3 - <<'END'
import csv
who = [r["who"] for r in csv.DictReader(open("groups.csv"))]
folds = {}
for r in csv.DictReader(open("groups/out-of-fold.csv")):
    folds.setdefault(who[int(r["row"])], set()).add(r["fold"])
assert len(folds) == 29 and all(len(of) == 1 for of in folds.values()), folds
assert set.union(*folds.values()) == {"1", "2", "3"}
END

# ---- numbers; rows that are no table

cars="--data $MLP_SOURCE/data/cars.csv --label price --folds 4 --epochs 20
    --hidden 8"
# shellcheck disable=SC2086 # lists of words
{
    begin $cars --run cars
    expect_digest 3 2 $cars
    team 0 $cars
    grep -q "^deviation" out || fail "no deviation"
    grep -q "MAE.*R2" out || fail "no metrics of numbers"
    begin --data digits --folds 3 --epochs 1 --hidden 8 --run digits
    expect_digest 3 1 --data digits --folds 3 --epochs 1 --hidden 8
}
"$mlp" eval cars --data "$MLP_SOURCE/data/cars.csv" --format json >out
python3 - <<'END'
import csv, json
found = json.load(open("out"))
rows = [(float(r["truth"]), float(r["prediction"]))
        for r in csv.DictReader(open("cars/out-of-fold.csv"))]
mean = sum(t for t, _ in rows) / len(rows)
r2 = 1 - sum((t - p) ** 2 for t, p in rows) / sum((t - mean) ** 2 for t, _ in rows)
mae = sum(abs(t - p) for t, p in rows) / len(rows)
assert found["rows"] == len(rows) == 240
assert abs(found["r2"] - r2) < 1e-5, (found["r2"], r2)  # float32 targets
assert abs(found["mae"] - mae) < 1e-3 * mae, (found["mae"], mae)
END
"$mlp" eval cars --data "$MLP_SOURCE/data/cars.csv" --split all --format json >out
"$mlp" predict cars --data "$MLP_SOURCE/data/cars.csv" --format csv >predicted.csv
python3 - <<'END'
import csv, json, os
found = json.load(open("out"))
truths = [float(r["price"]) for r in
          csv.DictReader(open(os.environ["MLP_SOURCE"] + "/data/cars.csv"))]
values = [float(r["prediction"]) for r in csv.DictReader(open("predicted.csv"))]
errors = [p - t for p, t in zip(values, truths)]
mean = sum(truths) / len(truths)
squares = sum(e * e for e in errors)
assert found["rows"] == len(values) == len(truths) and found["models"] == 4
assert abs(found["mae"] - sum(map(abs, errors)) / len(errors)) < 1e-3
assert abs(found["loss"] / (squares / len(errors)) - 1) < 1e-5
r2 = 1 - squares / sum((t - mean) ** 2 for t in truths)
assert abs(found["r2"] - r2) < 1e-5, (found["r2"], r2)
END
"$mlp" eval digits --format json --data digits >out
grep -q '"rows":1348' out || fail "not all training rows of the digits"

# ---- refused

# shellcheck disable=SC2086 # lists of words
{
    refuse_team 64 "--folds: 1 is below 2" $table --folds 1
    refuse_team 64 'is not a fold like 2/5' $table --fold 6/5
    refuse_team 64 "exclude each other" $table --folds 5 --fold 2/5
    refuse_team 64 "folds test every row" $table --folds 5 --test-fraction 0.2
    refuse_team 64 "don't go with --split time:id" $table --folds 5 --split time:id
    refuse_team 64 "--patience goes by validation rows" $table --folds 5 --patience 1
    refuse_team 66 "nowhere" $table --folds 5 --run nowhere --resume
}
echo "$runs runs had the expected digests"
