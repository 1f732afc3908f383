#!/bin/sh
# The chain of checkpoints: mlp verify checks it, mlp_train --replay repeats
# parts of it on any team, and both detect files that don't belong to it.
set -eu
# shellcheck source=tests/support/system.sh
. "$MLP_SOURCE/tests/support/system.sh"
# shellcheck source=tests/support/tool.sh
. "$MLP_SOURCE/tests/support/tool.sh"

job="--data digits --hidden 16 --epochs 4 --batch 61 --every 15steps --quiet"

# 23 steps an epoch: checkpoints at 15, 30, ... 90, 92
# shellcheck disable=SC2086 # $job is a list of words
team 2 $job --checkpoint all --keep 100
expect_status 0 "a chain"

echo "a whole chain is verified, and replayed on any team"
tool verify all
expect_status 0 "a whole chain"
expect_line "7 of 7 checkpoints whole, 6 parents verified, 0 not kept" chain out
for ranks in 0 1 3; do
    team "$ranks" --replay all --data digits --quiet
    expect_status 0 "replay on $ranks ranks"
    expect_line "replay of steps 15 to 92: all 6 digests" replay out
done
team 2 --replay all --data digits --quiet --from 60 --steps 20
expect_line "replay of steps 60 to 75: all 1 digests" "part of it" out
team 0 --replay all --data digits --quiet --from 0
expect_line "replay of steps 0 to 92: all 7 digests" "from the first" out

echo "a resumed run has the same chain"
# shellcheck disable=SC2086
{
    team 0 $job --checkpoint parts --keep 100 --max-steps 45
    expect_status 75 "the first part"
    team 3 $job --checkpoint parts --keep 100 --resume
}
tool verify all --output one
tool verify parts --output other
diff one other || fail "the chain of a resumed run differs"

echo "gaps are named, and a replay checks them"
cp -R all gaps
rm gaps/ckpt-*00030.h5 gaps/ckpt-*00045.h5 gaps/ckpt-*00075.h5
tool verify gaps
expect_status 0 "gaps"
expect_line "parent step 45 [0-9a-f]* not kept" gaps out
expect_line "4 of 4 checkpoints whole, 1 parents verified, 2 not kept" gaps out
team 0 --replay gaps --data digits --quiet
expect_status 0 "replay over gaps"
expect_line "replay of steps 15 to 92: all 5 digests" "replay over gaps" out

echo "--every auto saves the best epoch, the last, and a few others"
for ranks in 0 3; do
    team "$ranks" --data digits --hidden 16 --epochs 40 --batch 61 --lr 0.3 \
        --validation 0.2 --quiet --checkpoint auto --keep 1000 --log auto.jsonl
    expect_status 0 "--every auto"
    best=$(sed -n 's/.*"event":"epoch","epoch":\([0-9]*\),.*"validation_accuracy":\([0-9.]*\).*/\2 \1/p' \
        auto.jsonl | sort -k1,1nr -k2,2n | sed -n '1s/.* //p')
    for epoch in "$best" 40; do
        ls auto/"$(printf ckpt-%06d- "$epoch")"*.h5 >names ||
            fail "epoch $epoch is not saved on $ranks ranks"
    done
    [ "$(find auto -name 'ckpt-*' | wc -l)" -lt 30 ] || fail "it saves too often"
    tool verify auto
    expect_status 0 "the chain of --every auto"
    team 2 --replay auto --data digits --quiet --from 0
    expect_status 0 "a replay of it"
    rm -r auto auto.jsonl
done

echo "files that don't belong to the chain are found"
cp -R all damaged
printf x | dd of=damaged/ckpt-000002-00000060.h5 bs=1 seek=9999 conv=notrunc \
    2>err
tool verify damaged
expect_refused 65 "damaged/ckpt-000002-00000060.h5: damaged" "a damaged one"
expect_line "6 of 7 checkpoints whole" "the others" out

# This configuration gives other bits on 3 ranks: a chain that fails a replay.
mixed="--exchange mpi --checkpoint mixed --keep 100"
# shellcheck disable=SC2086
team 3 $job $mixed
expect_status 0 "exchange by MPI"
tool verify mixed
expect_status 0 "of one run"
team 0 --replay mixed --data digits --quiet
expect_refused 65 "mixed/ckpt-.*: the state after step 30 is" "other bits"
team 2 --replay mixed --data digits --quiet --from 30
expect_refused 65 "after step 45 is .* in the replay from step 30 it is" \
    "2 ranks, too"
mkdir single
# shellcheck disable=SC2086
team 0 $job --exchange mpi --checkpoint single --keep 100
cp single/ckpt-000002-00000060.h5 mixed
tool verify mixed
expect_refused 65 "ckpt-000002-00000060.h5: its parent is not the" \
    "a foreign parent"
expect_line "ckpt-000003-00000075.*HAS ANOTHER DIGEST" "its child" out
cp all/ckpt-000002-00000060.h5 mixed
tool verify mixed
expect_refused 65 "00000060.h5: is of another configuration" \
    "another configuration"

echo "a replay without a state to compare is refused"
team 2 --replay all --data digits --from 92
expect_refused 66 "all: has no checkpoint after step 92 .*--replay-from 0" \
    "the last one"
team 0 --replay all --data digits --from 45 --steps 3
expect_refused 64 "from step 45 the next checkpoint is 15 steps away" \
    "too few steps"
team 0 --replay all --data digits --from 46
expect_refused 66 "all has no checkpoint of that step" \
    "a step without a checkpoint"
team 2 --replay nowhere --data digits
expect_refused 66 "nowhere: has no checkpoint" "no chain"
tool verify nowhere
expect_refused 66 "nowhere: has no checkpoint" "no chain"
team 0 --replay all --data digits --lr 0.2
expect_refused 64 "lr is 0.2, the checkpoint has 0.1" "another learning rate"
team 0 --replay all --checkpoint other
expect_refused 64 "replay writes nothing" "a replay that saves"
idx_directory images
team 2 --replay all --data images
expect_refused 65 "all/ckpt-000000-00000015.h5" "other data"
