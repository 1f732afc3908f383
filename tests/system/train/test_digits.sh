#!/bin/sh
# The built-in digits are learned within seconds.
set -eu
# shellcheck source=tests/support/system.sh
. "$MLP_SOURCE/tests/support/system.sh"

# accuracy: of the test rows, in hundredths of a percent
accuracy() {
    sed -n 's/.*"event":"end".*"test_accuracy":\([0-9.]*\).*/\1/p' log.jsonl |
        awk '{ printf "%d", $1 * 10000 }'
}

for seed in 1 2 3; do
    team 2 --data digits --hidden 64 --epochs 20 --batch 32 --lr 0.1 \
        --momentum 0.9 --seed "$seed" --log log.jsonl
    expect_status 0 "seed $seed"
    reached=$(accuracy)
    echo "seed $seed: $reached hundredths of a percent"
    [ "$reached" -ge 9500 ] || fail "seed $seed: below 95% of the test rows"
done
