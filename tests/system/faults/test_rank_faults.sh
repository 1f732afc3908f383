#!/bin/sh
# Errors of one rank: within 10 seconds all ranks end, with one line that names
# the rank and the cause, and with the documented exit code. Ranks with differing
# options, programs or data are refused.
#
# Ten phases of a run; in short settings one rank has the error, another one in
# each phase; in long ones (tests/run.sh --full) each of 4 has it in turn. The
# library for LD_PRELOAD, support/fault.c, makes the calls fail.
set -eu
# shellcheck source=tests/support/system.sh
. "$MLP_SOURCE/tests/support/system.sh"

faults=$MLP_BUILD/tests/mlp_fault.so
[ -e "$faults" ] || skip "no faults to inject in this build"
most_ms=10000
ranks=4
idx_directory images
cat >faulty <<END
#!/bin/sh
LD_PRELOAD=$faults exec "$program" "\$@"
END
chmod +x faulty
cat >marking <<END
#!/bin/sh
: >"$place/mark"
exec "\$@"
END
chmod +x marking
export MLP_FAULT_MARK="$place/mark"
count=0
worst=0
named= # what names the rank, if not its number

# run ARGUMENT...: mpirun, timed from the fault on; no rank may be left.
run() {
    rm -f mark
    spawn mpirun --oversubscribe --bind-to none "$@"
    finish_timed mark
    [ -e mark ] || fail "$phase, rank $rank: the fault did not strike"
    ! pgrep -f "$place/images" >left || fail "processes are left: $(cat left)"
    [ "$milliseconds" -le "$worst" ] || worst=$milliseconds
    [ "$milliseconds" -le "$most_ms" ] ||
        fail "$phase, rank $rank: over after $milliseconds ms"
}

# Lines of our programs that are not notes.
faults_said() {
    said | grep -v -e 'mpi: the weights' -e 'warning: no better than' || true
}

# expect CODE PATTERN: one line with the pattern and the rank.
expect() {
    expect_status "$1" "$phase, rank $rank"
    [ "$(faults_said | wc -l)" -eq 1 ] || fail "$phase, rank $rank: not one line"
    faults_said | grep -q -e "$2" || fail "$phase, rank $rank: no \"$2\""
    faults_said | grep -q -e "${named:-rank ${rank}[: ]}" ||
        fail "$phase, rank $rank: it is not named"
    count=$((count + 1))
}

job="--data $place/images --hidden 8 --batch 8 --shards 4 --threads 1 --quiet"

# odd ARGUMENT...: rank $rank has other arguments than the others, and counts
# as faulty from its start on.
# shellcheck disable=SC2086 # $job is a list of words
odd() {
    command=${odd_program:-$program}
    set -- ./marking "$command" $job "$@"
    after=$((ranks - rank - 1))
    [ "$after" -eq 0 ] || set -- "$@" : -np "$after" "$program" $job
    set -- -np 1 "$@"
    [ "$rank" -eq 0 ] || set -- -np "$rank" "$program" $job : "$@"
    run "$@"
}

# spoil CALL NTH ACTION ARGUMENT...: the call of rank $rank fails.
# shellcheck disable=SC2086
spoil() {
    export MLP_FAULT="$rank $1 $2 $3"
    shift 3
    run -np "$ranks" ./faulty $job "$@"
    unset MLP_FAULT
}

phase_args() {
    odd --no-such-option
    expect 64 "no-such-option: unknown option"
}
phase_config() {
    odd --config missing.ini
    expect 66 "missing.ini"
}
phase_open() {
    export MLP_FAULT_PATH=train-images
    spoil open 1 fail
    expect 66 "train-images.*Permission denied"
}
phase_read() {
    export MLP_FAULT_PATH=train-images
    spoil read 2 fail
    expect 74 "train-images.*Input/output error"
}
phase_alloc() { # the first memory that reading the data takes
    export MLP_FAULT_PATH=train-images MLP_FAULT_AFTER="open 1"
    spoil alloc 3 fail
    expect 70 "out of memory"
}
phase_init() { # the watchdog has the first window, the exchange the others
    export MLP_FAULT_AFTER="MPI_Win_allocate_shared 5"
    spoil alloc 2 fail
    expect 70 "out of memory for"
}
phase_step() { # between nodes
    export MLP_TEST_NODE_SIZE=1
    spoil MPI_Startall 9 fail
    expect 70 "MPI_Startall"
}
phase_save() { # rank 0 writes, the others agree
    if [ "$rank" -eq 0 ]; then
        export MLP_FAULT_PATH=.ckpt-00
        spoil write 1 fail --checkpoint dir
        expect 74 "dir/.*Input/output error"
    else
        export MLP_TEST_NODE_SIZE=1 MLP_FAULT_AFTER="MPI_Startall 20"
        spoil MPI_Iallreduce 1 fail --checkpoint dir
        expect 70 "MPI_Iallreduce"
    fi
}
phase_load() { # rank 0 reads, the others need room
    # shellcheck disable=SC2086
    "$program" $job --checkpoint dir >out 2>err
    if [ "$rank" -eq 0 ]; then # a file that it cannot read it passes over
        export MLP_FAULT_PATH=ckpt-000 MLP_FAULT_AFTER="open 1"
    else
        export MLP_FAULT_AFTER="MPI_Ibcast 3"
    fi
    spoil alloc 1 fail --checkpoint dir --resume
    expect 70 "out of memory"
}
phase_finalize() { # the team is gone: nobody sees any more who is late
    spoil MPI_Finalize 1 hang --watchdog 2
    named="rank 0-3: waiting for others, ending"
    expect 70 "watchdog: no progress for 2 s"
    named=
}

number=0
for phase in args config open read alloc init step save load finalize; do
    victims=$((number % ranks))
    ! is_full || victims="0 1 2 3"
    for rank in $victims; do
        rm -rf dir
        unset MLP_FAULT_PATH MLP_FAULT_AFTER MLP_TEST_NODE_SIZE
        "phase_$phase"
    done
    number=$((number + 1))
done
echo "$count errors of a rank: one line, the right code, over after $worst ms" \
    "at most"
unset MLP_FAULT_PATH MLP_FAULT_AFTER MLP_TEST_NODE_SIZE

echo "ranks with different options, programs or data are refused"
phase=alike
victims=3
! is_full || victims="0 1 2 3"
cp "$program" other_build
printf '\n' >>other_build # runs as before
idx_directory other_rows "other images"
for rank in $victims; do
    odd_program=$place/other_build odd
    expect 64 "runs another executable than rank"
    odd --lr 0.25
    expect 64 "another --lr than rank .: \"0.25\" here, \"0.1\" there"
    odd --quiet --no-quiet
    expect 64 "another --quiet than rank"
    odd --checkpoint dir
    expect 64 "another --checkpoint than rank"
    odd --data "$place/other_rows"
    expect 65 "other_rows: its first rows differ from those of rank"
    odd --data digits
    expect 65 "has 1348 training and 449 test rows of 64 features, on rank"
done
rank=0
odd --lr 0.25
expect 64 "another --lr than rank 1: \"0.25\" here, \"0.1\" there"
rank=1
odd --threads 2
expect_status 0 "another number of threads"
cp -R images copy
odd --data "$place/copy"
expect_status 0 "another path to the same data"
