#!/bin/sh
# The batch scripts between starts of a job, with substitutes for Slurm's
# commands and the program. test_slurm.sh uses the real ones.
set -eu
# shellcheck source=tests/support/system.sh
. "$MLP_SOURCE/tests/support/system.sh"

mkdir bin run
cat >bin/scontrol <<'END'
#!/bin/sh
echo "$*" >>requeued
END
cat >bin/squeue <<'END'
#!/bin/sh
exit 1
END
# As a stopped mlp_train, after it has saved the checkpoint $save, if any.
cat >bin/train <<'END'
#!/bin/sh
[ -z "${save:-}" ] || : >"run/$save"
exit 75
END
chmod +x bin/*
export PATH="$place/bin:$PATH" MLP_HOME="$MLP_SOURCE" MLP_RUN="$place/run" \
    MLP_TRAIN="$place/bin/train" SLURM_JOB_ID=7

# turn RESTART [CHECKPOINT]: one start of the job, which saves that checkpoint.
turn() {
    status=0
    rm -f requeued
    SLURM_RESTART_COUNT=$1 save=${2:-} bash "$MLP_SOURCE/jobs/openmp.sbatch" \
        >out 2>err || status=$?
    expect_status 75 "restart $1"
}
expect_requeued() { grep -qx "requeue 7" requeued || fail "not requeued: $1"; }
expect_end() { # NAME OF THE CHECKPOINT
    [ ! -e requeued ] || fail "requeued again and again"
    [ "$(grep -c "$place/run: not restarted: 3 restarts .* $1;" err)" -eq 1 ] ||
        fail "not one line that says why"
}

turn 0 ckpt-000001-00000005.h5
expect_requeued "after a save"
for restart in 1 2 3; do
    turn $restart
    [ $restart -eq 3 ] || expect_requeued "restart $restart"
done
expect_end ckpt-000001-00000005.h5

echo "a new submission or a newer checkpoint resets the count of restarts"
turn 0
expect_requeued "submitted again"
turn 1 ckpt-000002-00000010.h5
for restart in 2 3; do
    turn $restart
    expect_requeued "restart $restart"
done
turn 4 ckpt-000010-123456789.h5 # by its digits, not by its letters
expect_requeued "the third that began from there, but it saved"
[ "$(cat run/restarts)" = "3 ckpt-000002-00000010.h5" ] ||
    fail "counted: $(cat run/restarts)"

echo "requeued by Slurm itself"
for restart in 5 6 7 8; do
    turn $restart
done
! grep -q "+ .*/train" out || fail "begun once too often"
expect_end ckpt-000010-123456789.h5

echo "without a checkpoint"
rm -f run/*
for restart in 0 1 2; do
    turn $restart
    expect_requeued "restart $restart"
done
turn 3
expect_end none
