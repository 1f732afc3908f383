#!/bin/sh
# mlp_train --check-digest: it passes if the digest is that of one thread, else
# it names step, layer and rank.
set -eu
# shellcheck source=tests/support/system.sh
. "$MLP_SOURCE/tests/support/system.sh"

echo "it passes on any team, with the same digest"
expected=
for ranks in 0 1 3; do
    team "$ranks" --data digits --check-digest --threads 2 --checkpoint dir \
        --log log.jsonl
    expect_status 0 "on $ranks ranks"
    expect_line "verify: PASS: 32 steps, . ways, one digest" "$ranks ranks" out
    expect_line "stopped and resumed after step 16: the same" "a resume" out
    [ -z "$expected" ] || [ "$(digest)" = "$expected" ] ||
        fail "another digest on $ranks ranks"
    expected=$(digest)
done
sets=$(grep -c "3 ranks x 2 threads, .*: the same" out)
wanted=1
for flag in avx2 avx512vl; do
    ! grep -q "$flag" /proc/cpuinfo || wanted=$((wanted + 1))
done
[ "$sets" -eq "$wanted" ] || fail "$sets instruction sets, not $wanted"
[ ! -e dir ] && [ ! -e log.jsonl ] || fail "it wrote to the run's files"

echo "the digest is that of the same training"
team 2 --data digits --checkpoint dir --max-steps 32 --quiet
[ "$(digest)" = "$expected" ] || fail "training has other weights: $(digest)"

echo "across the end of an epoch, on several nodes, with another model"
export MLP_TEST_NODE_SIZE=2
team 4 --data digits --check-digest --batch 30 --steps 16 --hidden 20 \
    --activation tanh --validation 0.1
unset MLP_TEST_NODE_SIZE
expect_status 0 "4 ranks, 2 nodes"
# 41 steps per epoch, 12 of the 16 in the first
expect_line "verify: steps 30 to 45" "the segment" out

echo "it fails if ranks add in another order"
team 3 --data digits --check-digest --exchange mpi --quiet
expect_refused 65 "FAIL: 3 ranks x .* differs .* after step 1, in layer" \
    "exchange mpi"

if [ -e "$MLP_BUILD/tests/mlp_fault.so" ]; then
    echo "it names the place of a single wrong bit"
    cat >faulty <<END
#!/bin/sh
LD_PRELOAD=$MLP_BUILD/tests/mlp_fault.so exec "$program" "\$@"
END
    chmod +x faulty
    program=./faulty
    # After each step 3 layers are digested, first parameters, then moments; the
    # team's first step comes after the fourth broadcast.
    export MLP_FAULT_AFTER="MPI_Ibcast 4"
    export MLP_TEST_WORKERS=3 # an idle rank updates nothing
    for place in "5 2 1" "1 3 2" "20 1 1"; do
        # shellcheck disable=SC2086
        set -- $place # step, layer, rank
        export MLP_FAULT="$3 digest $((6 * ($1 - 1) + 2 * ($2 - 1) + 1)) flip"
        team 3 --data digits --check-digest --threads 1 --quiet
        expect_refused 65 "after step $1, in layer $2 of 3, in what rank $3 updates" \
            "a bit at step $1, layer $2, rank $3"
    done
    unset MLP_TEST_WORKERS
fi
team 2 --data digits --steps 8
expect_refused 64 "steps requires --replay DIR or --check-digest" "steps alone"
set -- "${TMPDIR:-/tmp}"/mlp-verify-*
[ ! -e "$1" ] || fail "it left $1"
