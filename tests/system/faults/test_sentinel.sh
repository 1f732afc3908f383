#!/bin/sh
# The sentinel: a wrong bit in the memory of one node is detected after the next
# hundred steps or before the next save, whichever comes first; its ranks are
# named, and the state is not saved.
#
# In short settings a few bits; in long ones (tests/run.sh --full) 40.
set -eu
# shellcheck source=tests/support/system.sh
. "$MLP_SOURCE/tests/support/system.sh"

faults=$MLP_BUILD/tests/mlp_fault.so
[ -e "$faults" ] || skip "a sanitizer replaces malloc here"
cat >faulty <<END
#!/bin/sh
LD_PRELOAD=$faults exec "$program" "\$@"
END
chmod +x faulty
sound=$program
# By the tree: with columns a node has weights that no other has.
job="--data digits --hidden 16 --batch 61 --epochs 20 --threads 1 --quiet
    --between-nodes tree
    --checkpoint dir --keep 100"

# spoil RANKS VICTIM CALL ARGUMENT...: a bit flips in the memory of the
# victim's node in its CALL-th exchange, of which a step has several. Repeated
# if the run ended without an effect: then a running update has overwritten the
# bit.
# shellcheck disable=SC2086 # $job is a list of words
spoil() {
    nodes=$1
    program=./faulty
    export MLP_FAULT="$2 MPI_Startall $3 flip"
    shift 3
    for attempt in 1 2 3 4 5; do
        rm -rf dir mark
        team "$nodes" $job "$@"
        [ -e mark ] || fail "rank $MLP_FAULT: the fault did not strike"
        [ "$status" -eq 0 ] && [ "$(digest)" = "$expected" ] || break
        echo "attempt $attempt: a bit without consequence"
    done
    unset MLP_FAULT
    program=$sound
}

# expect_named PATTERN STEPS: detected at a multiple of so many steps, not
# saved, and a resumed run ends with the right weights.
# shellcheck disable=SC2086
expect_named() {
    expect_status 70 "$1"
    [ "$(said | wc -l)" -eq 1 ] || fail "$1: not one line"
    grep -q "sentinel: after step [0-9]*, $1: other .* than rank [0-9]* and the \
majority" err ||
        fail "it is not named: $1"
    step=$(sed -n 's/.*after step \([0-9]*\), .*/\1/p' err)
    [ $((step % $2)) -eq 0 ] || fail "$1: seen after step $step"
    for file in dir/ckpt-*.h5; do
        saved=${file##*-} # 00000123.h5; a 1 before it makes it decimal
        [ ! -e "$file" ] || [ "1${saved%.h5}" -lt "$((100000000 + step))" ] ||
            fail "$1: saved as $file"
    done
    team 0 $job --resume
    expect_status 0 "resumed"
    [ "$(digest)" = "$expected" ] || fail "$1: other weights were saved"
}

# shellcheck disable=SC2086
team 0 $job
expect_status 0 "undisturbed"
expected=$(digest)

# The first pixel is 0 in each picture, so that its weights, the first column
# of [16, 64], keep their initial values. The memory of the weights is found by
# searching for these.
"$MLP_BUILD/mlp" export dir --to safetensors -o weights >out 2>err ||
    fail "the weights"
header=$(od -An -tu8 -N 8 weights)
begin=$(tail -c +9 weights | head -c "$((header))" |
    sed 's/.*\[16,64\],"data_offsets":\[\([0-9]*\),.*/\1/')
MLP_FAULT_WINDOW=$(od -An -v -tx4 -w256 -j $((8 + header + begin)) -N 4096 \
    weights | awk '{ print $1 }')
[ "$(echo "$MLP_FAULT_WINDOW" | wc -l)" -eq 16 ] || fail "not 16 weights"
export MLP_FAULT_WINDOW MLP_FAULT_MARK="$place/mark"

echo "no false alarm"
export MLP_TEST_NODE_SIZE=1
rm -rf dir
# shellcheck disable=SC2086
team 3 $job --sentinel 1
expect_status 0 "no fault"
[ "$(digest)" = "$expected" ] || fail "other weights under the sentinel"

echo "a rank, a node, at the next hundred steps or the next save"
spoil 3 1 200 --every 0
expect_named "rank 1" 100
spoil 3 2 500 --every 0 --sentinel 7
expect_named "rank 2" 7
spoil 3 0 300 --every 10steps --sentinel 1000000
expect_named "rank 0" 10
export MLP_TEST_NODE_SIZE=2
spoil 6 2 300 --every 0
expect_named "ranks 2-3" 100
export MLP_TEST_NODE_SIZE=1
spoil 2 1 300 --every 0
expect_status 70 "two ranks"
grep -q "rank [01] (no majority: which is wrong is unknown)" err ||
    fail "a majority of two ranks"

echo "without the sentinel the error is not detected"
spoil 3 1 200 --every 0 --sentinel 0
expect_status 0 "no sentinel"
[ "$(digest)" != "$expected" ] || fail "the fault has no consequence"

if is_full; then
    for number in $(seq 40); do
        spoil 3 $((number % 3)) $((50 + 31 * number)) --every 30steps
        expect_named "rank $((number % 3))" 10
    done
    echo "40 bits, each seen and named"
fi
