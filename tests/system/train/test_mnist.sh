#!/bin/sh
# MNIST is learned: 98% of the test rows within ten epochs by the defaults, at
# most 0.3 points less with batches of 8,192 rows, more than 99% with deformed
# images, and the accuracy of Keras's defaults with the preset keras-mnist.
set -eu
# shellcheck source=tests/support/system.sh
. "$MLP_SOURCE/tests/support/system.sh"
has_mnist || skip "MNIST is not there (data/fetch_mnist.sh, then MLP_DATA)"

# last FIELD: a field of the log's end record
last() { sed -n "s/.*\"event\":\"end\".*\"$1\":\([0-9.]*\).*/\1/p" log.jsonl; }

# expect FIELD LEAST MOST
expect() {
    value=$(last "$1")
    echo "$1 $value"
    awk -v x="$value" -v least="$2" -v most="$3" \
        'BEGIN { exit !(x != "" && x >= least && x <= most) }' ||
        fail "$1 is $value, not $2 to $3"
}

seeds=1
! is_full || seeds="1 2 3 4 5"
for seed in $seeds; do
    team 0 --data "$mnist" --seed "$seed" --log log.jsonl
    expect_status 0 "the defaults with seed $seed"
    expect epoch 1 10
    expect test_accuracy 0.98 1
    least=$(last test_accuracy | awk '{ print $1 - 0.003 }')
    team 0 --data "$mnist" --preset mnist-large-batch --seed "$seed" \
        --log large.jsonl
    mv large.jsonl log.jsonl
    expect_status 0 "--preset mnist-large-batch with seed $seed"
    expect epoch 30 30
    expect test_accuracy "$least" 1
done

if is_full; then
    team 2 --data "$mnist" --preset mnist-small --log log.jsonl
    expect_status 0 "--preset mnist-small"
    expect epoch 150 150
    expect test_accuracy 0.991 1
    team 2 --data "$mnist" --preset keras-mnist --log log.jsonl
    expect_status 0 "--preset keras-mnist"
    expect epoch 100 100
    expect test_accuracy 0.92 0.93
    expect test_loss 0.2488 0.2688
fi
