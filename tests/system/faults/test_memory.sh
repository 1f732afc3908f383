#!/bin/sh
# Out of memory: each allocation of a run fails in turn, the first, the second
# and so on. The run ends with code 70 and one line, or continues without that
# memory; it never crashes, and checkpoints stay valid. In short settings only
# each 7th allocation fails.
set -eu
# shellcheck source=tests/support/system.sh
. "$MLP_SOURCE/tests/support/system.sh"

faults=$MLP_BUILD/tests/mlp_fault.so
[ -e "$faults" ] || skip "a sanitizer replaces malloc here"
stride=7
! is_full || stride=1

printf 'a,b,y\n1,2,u\n2,3,v\n3,1,u\n4,4,v\n5,1,u\n6,0,v\n' >table.csv
job="--data table.csv --label y --task classification --hidden 3 --batch 4
    --optimizer adam --threads 1 --schedule constant --checkpoint dir --every 1
    --log log.jsonl"

# run NUMBER ARGUMENT...: one process whose allocation of that number fails. The
# file struck exists if there was one.
# shellcheck disable=SC2086 # $job is a list of words
run() {
    fault="0 alloc $1 fail"
    shift
    status=0
    rm -f struck
    timeout 60 env OMPI_COMM_WORLD_RANK=0 MLP_FAULT="$fault" \
        MLP_FAULT_MARK=struck LD_PRELOAD="$faults" "$program" $job "$@" \
        >out 2>err </dev/null || status=$?
}

# each_fails PREPARE ARGUMENT...
each_fails() {
    prepare=$1
    shift
    number=1
    refused=0
    harmless=0
    while :; do
        "$prepare"
        run "$number" "$@"
        [ -e struck ] || break
        if [ "$status" -eq 0 ]; then
            harmless=$((harmless + 1))
        else
            expect_status 70 "allocation $number"
            [ "$(said | wc -l)" -eq 1 ] ||
                fail "allocation $number: not one line"
            refused=$((refused + 1))
        fi
        number=$((number + stride))
    done
    expect_status 0 "after the last allocation"
    [ "$refused" -gt 5 ] || fail "only $refused were refused"
    # shellcheck disable=SC2086
    team 0 $job --epochs 4 --resume --quiet
    expect_status 0 "after that"
    echo "$refused allocations failed, each with one line, and $harmless" \
        "without harm"
}

nothing() { rm -rf dir log.jsonl; }
a_checkpoint() { rm -rf dir && cp -R saved dir; }

echo "a new run"
each_fails nothing --epochs 2

echo "a resumed run"
nothing
# shellcheck disable=SC2086
team 0 $job --epochs 2 --quiet
mv dir saved
each_fails a_checkpoint --epochs 3 --resume

# A failed MPI window would leave the other ranks waiting.
if unshare -m true 2>/dev/null; then
    echo "of a node with little shared memory"
    cat >cramped <<'END'
#!/bin/sh
mount -t tmpfs -o size=30m tmpfs /dev/shm && exec "$@"
END
    chmod +x cramped
    status=0
    timeout 60 unshare -m ./cramped mpirun -np 2 --oversubscribe \
        --bind-to none "$program" --data digits --epochs 1 --hidden 200000 \
        >out 2>err </dev/null || status=$?
    expect_status 70 "a window that does not fit"
    grep -q "^mlp_train: rank 0: the ranks of a node need .* MB of shared" err ||
        fail "it is not told"
    status=0
    timeout 60 unshare -m ./cramped mpirun -np 2 --oversubscribe \
        --bind-to none "$program" --data digits --epochs 1 \
        >out 2>err </dev/null || status=$?
    expect_status 0 "windows that fit"

    # A copy of all rows that does not fit: rows are sent for each batch.
    awk 'BEGIN { for (i = 0; i < 48; i++) head = head "a" i ","
        print head "y"
        for (r = 0; r < 110000; r++) {
            row = ""
            for (i = 0; i < 48; i++) row = row r * (7 + i) % 97 ","
            print row r % 2
        } }' >long.csv
    status=0
    timeout 120 unshare -m ./cramped mpirun -np 2 --oversubscribe \
        --bind-to none -x MLP_TEST_NODE_SIZE=1 "$program" --data long.csv \
        --label y --hidden 64 --batch 16 --clip-norm 0 --epochs 1 \
        --max-steps 5 --profile >out 2>err </dev/null || status=$?
    expect_status 75 "a copy that does not fit"
    grep -q "^first layer between nodes: by columns, rows sent ahead" out ||
        fail "it does not send rows, or does not say so"
else
    echo "without a node that has little shared memory: not allowed to mount"
fi
