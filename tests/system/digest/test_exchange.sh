#!/bin/sh
# --exchange mpi reaches the tree's accuracy, notes that the digest depends on
# the team, and has the same digest on one rank.
set -eu
# shellcheck source=tests/support/system.sh
. "$MLP_SOURCE/tests/support/system.sh"

# train RANKS KIND THREADS: sets $accuracy, in hundredths of a percent.
train() {
    rm -f log.jsonl
    team "$1" --data digits --epochs 5 --exchange "$2" --threads "$3" \
        --log log.jsonl
    expect_status 0 "$1 ranks, $2"
    accuracy=$(sed -n \
        's/.*"event":"end".*"test_accuracy":\([0-9.]*\).*/\1/p' log.jsonl |
        awk '{ printf "%d", $1 * 10000 }')
    [ -n "$accuracy" ] || fail "$1 ranks, $2: no accuracy"
}

note="digest now depend on the number of ranks"

train 3 tree 1
tree=$accuracy
! grep -q "$note" err || fail "the tree depends on no ranks"
[ "$tree" -ge 9000 ] || fail "the tree reached $tree"
weights=$(digest)

for threads in 1 2; do
    train 3 mpi "$threads"
    echo "tree $tree, mpi with $threads threads $accuracy"
    [ $((accuracy - tree)) -le 200 ] && [ $((tree - accuracy)) -le 200 ] ||
        fail "mpi is off by more than 2 points"
    grep -q "^mlp_train: .*$note" err || fail "mpi says nothing of the digest"
done

for ranks in 0 1; do
    train "$ranks" mpi 2
    [ "$(digest)" = "$weights" ] || fail "$ranks ranks: other weights"
done

team 3 --data digits --epochs 1 --exchange mpi --checkpoint saved
expect_status 0 "with checkpoints"
team 2 --data digits --checkpoint saved --resume --exchange tree
expect_status 64 "resumed with another exchange"
grep -q "exchange is tree, the checkpoint has mpi" err ||
    fail "it does not say why"
team 2 --data digits --checkpoint saved --resume
expect_status 0 "resumed on other ranks"
