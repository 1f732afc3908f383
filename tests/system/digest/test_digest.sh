#!/bin/sh
# One digest: the same weights for any number of ranks, threads and nodes, and
# any instruction set. On the built-in digits, and on MNIST if it is there.
set -eu
# shellcheck source=tests/support/system.sh
. "$MLP_SOURCE/tests/support/system.sh"
# shellcheck source=tests/support/digests.sh
. "$MLP_SOURCE/tests/support/digests.sh"

# Every number of ranks with every number of threads; first all of them compute,
# then only as many as there are cores.
every_team() {
    begin "$@"
    for ranks in 1 2 3 4 8; do
        for threads in 1 2 4; do
            export MLP_TEST_WORKERS="$ranks"
            expect_digest "$ranks" "$threads" "$@"
            unset MLP_TEST_WORKERS
        done
        expect_digest "$ranks" 1 "$@"
    done
    for ranks in 1 3; do # gradient and update apart, as between nodes
        export MLP_TEST_CAREFUL=1
        expect_digest "$ranks" 2 "$@"
        unset MLP_TEST_CAREFUL
    done
    for size in 1 2; do # ranks of this machine play several nodes
        for ranks in 3 4 8; do
            export MLP_TEST_NODE_SIZE=$size
            expect_digest "$ranks" 2 "$@"
            unset MLP_TEST_NODE_SIZE
        done
    done
    for nodes in 2 3; do # and are dealt to them in turn
        for ranks in 4 8; do
            export MLP_TEST_NODES=$nodes
            expect_digest "$ranks" 1 "$@"
            unset MLP_TEST_NODES
        done
    done
}

# A few different teams; in long settings every team.
some_teams() {
    begin "$@"
    expect_digest 0 2 "$@"
    export MLP_TEST_WORKERS=3
    expect_digest 3 2 "$@"
    unset MLP_TEST_WORKERS
    export MLP_TEST_NODE_SIZE=2
    expect_digest 4 1 "$@"
    unset MLP_TEST_NODE_SIZE
    ! is_full || every_team "$@"
}

# same_as ARGUMENT...: the digest must be $expected on some teams.
same_as() {
    expect_digest 0 2 "$@"
    expect_digest 3 1 "$@"
    export MLP_TEST_NODE_SIZE=2
    expect_digest 4 2 "$@"
    unset MLP_TEST_NODE_SIZE
}

# A batch of 128 rows, and the same as a sum of smaller batches, down to 1 row.
accumulated() {
    begin --data digits --epochs 2 --batch 128 "$@"
    same_as --data digits --epochs 2 --batch 32 --accumulate 4 "$@"
    expect_digest 2 1 --data digits --epochs 2 --batch 1 --accumulate 128 "$@"
    rm -rf accumulating
    team 2 --data digits --epochs 2 --batch 32 --accumulate 4 "$@" \
        --checkpoint accumulating --max-steps 7 --quiet
    expect_status 75 "a stop after 7 accumulated updates"
    expect_digest 3 1 --checkpoint accumulating --resume
}

every_set() {
    begin "$@"
    for set in avx512 avx2 base; do
        if ! has_set "$set"; then
            echo "without $set, which this CPU lacks"
            continue
        fi
        export MLP_KERNELS=$set
        expect_digest 0 2 "$@"
        unset MLP_KERNELS
    done
}

digits="--data digits --epochs 3"
# shellcheck disable=SC2086 # a list of words
{
    every_team $digits
    some_teams $digits --batch 97 # not a multiple of the shards
    some_teams $digits --batch 101 --shards 11
    some_teams $digits --batch 4096 # more rows than the data has
    some_teams $digits --momentum 0
    some_teams $digits --optimizer nesterov --momentum 0.8 --l2 0.001
    some_teams $digits --optimizer adamw --schedule one-cycle
    some_teams $digits --epochs 6 --lr 0.5 --schedule plateau --plateau 1 \
        --patience 2 --warmup 3steps --lr-scale sqrt --split seed
    some_teams $digits --optimizer lars --clip-norm 0.5 --momentum 0.8
    some_teams $digits --optimizer lamb --max-norm 1
    for optimizer in rmsprop adam lars lamb; do
        every_set $digits --epochs 1 --optimizer $optimizer
    done
    bf16="$digits --epochs 2 --exchange-precision bf16"
    some_teams $bf16
    export MLP_TEST_NODE_SIZE=1 # a node per rank: ranges are divided, too
    expect_digest 8 1 $bf16
    unset MLP_TEST_NODE_SIZE
    some_teams $bf16 --shards 11 --batch 97 --clip-norm 0.5 --accumulate 2
    every_set $bf16 --epochs 1
    some_teams $digits --validation 0.2 --hidden none
    some_teams $digits --activation tanh --init glorot-normal
    some_teams $digits --activation sigmoid --output-activation sigmoid --loss mse
    some_teams $digits --activation prelu,gelu --hidden 33,129 --l2 0.001
    some_teams $digits --activation arctan,silu
    some_teams $digits --activation elu,softplus,leaky-relu --hidden 33,17,9
    some_teams $digits --dropout 0.2,0.5 --label-smoothing 0.1 \
        --class-weights balanced
    some_teams $digits --activation gelu --dropout 0.3 --output-activation sigmoid \
        --loss binary-cross-entropy
    some_teams --data xor --epochs 50 --hidden 2 --activation sigmoid \
        --output-activation tanh --loss mse --binary --batch 4
    some_teams $digits --hidden 33,17,5 --output-activation identity --loss mse --lr 0.01
    some_teams $digits --scaling standard
    some_teams $digits --scaling minmax --shards 11
    cars="--data $MLP_SOURCE/data/cars.csv --test-fraction 0.25 --batch 16"
    some_teams $cars --label price --task regression --lr 0.02 --hidden 16
    some_teams $cars --label colour --scaling minmax --validation 0.2
    every_set $cars --label price --task regression --lr 0.02
    accumulated --optimizer lamb --clip-norm 1 --warmup 5steps --lr-scale sqrt
    accumulated --dropout 0.2,0.5 --activation prelu,gelu --validation 0.1
    every_set $digits --epochs 1 --batch 32 --accumulate 4
    every_set $digits
    every_set $digits --activation tanh --hidden 33,17,129
    every_set $digits --activation sigmoid --output-activation sigmoid --loss mse
    every_set $digits --activation prelu,gelu,softplus --hidden 33,17,129
    every_set $digits --dropout 0.2,0.5 --activation relu,tanh \
        --output-activation softplus --loss mse --label-smoothing 0.1
    every_set $digits --output-activation sigmoid --loss binary-cross-entropy
    every_set $digits --activation arctan,silu,elu --hidden 33,17,129
}

for set in sse9 AVX2 avx5; do
    export MLP_KERNELS=$set
    team 0 --data digits
    expect_status 64 "MLP_KERNELS=$set"
    grep -q "MLP_KERNELS is \"$set\"" err || fail "it does not name $set"
done
unset MLP_KERNELS

team 0 --data digits --quiet --seed 2
[ "$(digest)" != "$expected" ] || fail "another seed gives the same weights"

if has_mnist; then
    one_epoch="--data $mnist --epochs 1"
    # shellcheck disable=SC2086
    {
        if is_full; then
            every_team $one_epoch
        else
            some_teams $one_epoch
        fi
        every_set $one_epoch
    }
else
    echo "without MNIST, which is not there"
fi
echo "$runs runs had the expected digest"
