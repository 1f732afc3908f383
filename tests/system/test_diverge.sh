#!/bin/sh
# A run whose numbers stop being finite says so with its own exit code, on any
# team, and leaves neither a result nor a checkpoint of such weights.
set -eu
# shellcheck source=tests/support/system.sh
. "$MLP_SOURCE/tests/support/system.sh"

# diverge STEP ARGUMENT...: in that step, alone and on three ranks.
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

# The first update is the last, and nothing trains on what it leaves.
diverge 1 --lr 1e39 --epochs 1 --batch 2000
! ls dir/ckpt-*.h5 2>/dev/null || fail "infinite weights were saved"
# Its weights are finite, but the loss on them is not.
diverge 1 --lr 1e30 --epochs 1 --batch 2000
! ls dir/ckpt-*.h5 2>/dev/null || fail "weights of no use were saved"
# The second step sees what the first one did.
diverge 2 --lr 1e30 --epochs 5 --batch 128
