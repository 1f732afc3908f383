#!/bin/sh
# A run that diverges ends with its own exit code, on any team, and leaves
# neither a result nor a checkpoint with such weights.
set -eu
# shellcheck source=tests/support/system.sh
. "$MLP_SOURCE/tests/support/system.sh"

# diverge STEP ARGUMENT...: must diverge in that step, on one and three ranks.
diverge() {
    step=$1
    shift
    echo "$*"
    for ranks in 0 3; do
        rm -rf dir
        team "$ranks" --data digits --checkpoint dir --every 1steps "$@"
        expect_status 76 "$* on $ranks ranks"
        [ "$(grep -c 'mlp_train: .*not finite.*--lr' err)" -eq 1 ] ||
            fail "$*: not one line that says it"
        grep -q "step ${step}[: ]" err || fail "$*: it was in step $step"
        [ -z "$(digest)" ] || fail "$*: prints a digest"
    done
}

# There is only one update, so no step reads its result.
diverge 1 --lr 1e39 --epochs 1 --batch 2000
! ls dir/ckpt-*.h5 2>/dev/null || fail "infinite weights were saved"
# Its weights are finite, but the loss on them is not.
diverge 1 --lr 1e30 --epochs 1 --batch 2000
! ls dir/ckpt-*.h5 2>/dev/null || fail "useless weights were saved"
# The second step detects the result of the first.
diverge 2 --lr 1e30 --epochs 5 --batch 128

# The loss of its second step is finite, and so are activations and errors; but
# not their products. No rank updates with them, for either kind of exchange.
# overflow RANKS NODE_SIZE ARGUMENT...
overflow() {
    ranks=$1
    size=$2
    shift 2
    echo "a gradient, $ranks ranks, nodes of $size: $*"
    rm -rf dir
    [ "$size" -eq 0 ] || export MLP_TEST_NODE_SIZE="$size"
    team "$ranks" --data "$MLP_SOURCE/data/cars.csv" --label price \
        --task regression --scaling auto --clip-norm 0 --hidden 16 --activation identity --momentum 0 \
        --batch 16 --lr 1e13 --checkpoint dir --every 1steps "$@"
    unset MLP_TEST_NODE_SIZE
    expect_status 76 "a gradient that is not finite"
    grep -q 'mlp_train: .*epoch 1, step 2: rank [0-9], layer 1: a gradient is' \
        err || fail "not told: $(cat err)"
    [ "$(ls dir)" = ckpt-000000-00000001.h5 ] || fail "$(ls dir) are there"
    "$MLP_BUILD/mlp" verify dir >out 2>&1 || fail "mlp verify: $(cat out)"
}
overflow 0 0
overflow 3 0
overflow 3 0 --exchange mpi
overflow 3 1
overflow 3 2 --exchange-precision bf16

# Gradient and weights of Adam are finite, but not the squared gradient, which
# would freeze all weights. It must not be saved.
# frozen STEP ARGUMENT...
frozen() {
    step=$1
    shift
    echo "a moment: $*"
    rm -rf dir
    team 0 --data "$MLP_SOURCE/data/cars.csv" --label price \
        --task regression --scaling auto --clip-norm 0 --hidden 16 --activation identity --lr 1e9 \
        --batch 16 --optimizer adam --checkpoint dir "$@"
    expect_status 76 "a moment that is not finite"
    grep -q "mlp_train: after step $step, layer [01]: a value of moments/1 is" \
        err || fail "not told: $(cat err)"
    [ -z "$(digest)" ] || fail "it prints a digest"
}
frozen 2 --every 1steps
[ "$(ls dir)" = ckpt-000000-00000001.h5 ] || fail "$(ls dir) are there"
frozen 2 --max-steps 2 # its last update
! ls dir/ckpt-*.h5 2>/dev/null || fail "an infinite moment was saved"

# Stopped after an update that overflows; without checkpoints, too.
echo "the last update"
rm -rf dir
team 0 --data digits --lr 1e39 --max-steps 1 --checkpoint dir
expect_status 76 "weights that are not finite"
grep -q 'mlp_train: after step 1, layer 0: a weight is not finite' err ||
    fail "not told: $(cat err)"
! ls dir/ckpt-*.h5 2>/dev/null || fail "infinite weights were saved"
team 3 --data digits --lr 1e39 --max-steps 1
expect_status 76 "weights that are not finite, and not to be saved"
[ -z "$(digest)" ] || fail "it prints their digest"
