#!/bin/sh
# The lecture's presets: the perceptron on truth tables, the small net on XOR,
# the digits row by row; and the cases that cannot work.
set -eu
# shellcheck source=tests/support/system.sh
. "$MLP_SOURCE/tests/support/system.sh"

for table in and or; do
    for seed in 1 2 3; do
        team 0 --preset "perceptron-$table" --seed "$seed"
        expect_status 0 "perceptron-$table"
        grep -q '^converged: no error in epoch [0-9]*$' out ||
            fail "perceptron-$table, seed $seed: no line of success"
        ! grep -q wrong out || fail "perceptron-$table: a row is wrong"
    done
done

team 0 --preset perceptron-xor
expect_status 0 perceptron-xor
grep -q '^did not converge: after 100 epochs [1-4] of 4 rows' out ||
    fail "perceptron-xor does not say that it failed"

team 0 --preset xor
expect_status 0 xor
grep -q '^learned: all 4 rows are right after 10000 epochs$' out ||
    fail "xor is not learned"
awk '$1 == "x1" { head = NR }
    head && NR > head && NR <= head + 4 {
        rows++
        if ($3 != ($1 != $2) || $5 != $3 ||
            ($4 - $3) * ($4 - $3) > 0.04) exit 1
    }
    END { if (rows != 4) exit 1 }' out || fail "xor: the table is wrong"

team 0 --preset xor --seed 1
expect_status 0 "xor, seed 1"
grep -q 'the loss has stagnated at .*: a local minimum; try another --seed' \
    out || fail "xor, seed 1: the local minimum is not reported"

# All thousand epochs take half a minute on a busy machine.
epochs=60
! is_full || epochs=1000
team 0 --preset digits --epochs "$epochs"
expect_status 0 digits
accuracy=$(awk '$1 == "accuracy" { print int(1e4 * $2) }' out)
echo "digits: $accuracy hundredths of a percent after $epochs epochs"
[ "$accuracy" -ge 9300 ] || fail "digits: below 93%"
! is_full || [ "$accuracy" -ge 9600 ] || fail "digits: below 96%"

# Top-1 is the accuracy; top-9 of ten classes is higher.
team 3 --data digits --epochs 1 --top-k 1
expect_status 0 "--top-k 1"
awk '$1 == "accuracy" { a = $2 } /^top-1 accuracy/ { t = $3 }
    END { exit a == "" || t != a }' out || fail "top-1 is not the accuracy"
team 2 --data digits --epochs 1 --top-k 3 --checkpoint runs
expect_status 0 "--top-k 3"
top=$(sed -n 's/^top-3 accuracy //p' out)
"$MLP_BUILD/mlp" eval runs --data digits --top-k 3 >out 2>err ||
    fail "mlp eval --top-k"
awk -v run="$top" '/^accuracy/ { accuracy = $2 / 100 }
    /^top-3/ { top = $2 / 100 }
    END { d = top - run; exit !(top > accuracy && d * d < 1e-8) }' out ||
    fail "mlp eval has another top-3 accuracy than the run, $top"

# refused TEXT ARGUMENT...: with exit code 64 and a reason.
refused() {
    text=$1
    shift
    team 0 --data digits "$@"
    expect_status 64 "$*"
    grep -q -e "$text" err || fail "the reason is not \"$text\": $*"
}
refused 'derivative is 0 everywhere' --activation step
refused 'softmax over one is always 1' --data xor --binary \
    --output-activation softmax
refused 'softmax gives probabilities' --loss mse --output-activation softmax
refused 'drops every unit' --dropout 1
refused 'no.* hidden\|hidden.* none' --hidden none --dropout 0.5
refused 'delta rule' --output-activation step --loss mse
refused 'single layer' --output-activation step --loss perceptron --momentum 0
refused 'rule of its own' --output-activation step --loss perceptron --hidden none
refused 'requires --output-activation sigmoid' --output-activation tanh \
    --loss binary-cross-entropy
refused '2 values for 3 hidden layers' --hidden 9,8,7 --activation relu,tanh
refused 'fewer than the 10 classes' --class-weights 1,2
refused 'more weights than the 10' --class-weights 1,1,1,1,1,1,1,1,1,1,1
refused 'every class is among so many' --top-k 10
refused 'not a list of numbers' --class-weights 1,-2

team 0 --data digits --binary --output-activation sigmoid --loss mse
expect_status 65 "--binary on ten classes"
