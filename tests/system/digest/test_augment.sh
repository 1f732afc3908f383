#!/bin/sh
# Deformed images: one digest for any number of ranks and threads, nodes, stops
# and resumes, instruction sets and ways to hold the rows; and what is refused.
set -eu
# shellcheck source=tests/support/system.sh
. "$MLP_SOURCE/tests/support/system.sh"
# shellcheck source=tests/support/digests.sh
. "$MLP_SOURCE/tests/support/digests.sh"

job="--data digits --hidden 32 --epochs 2 --quiet"
elastic="--augment elastic --augment-alpha 6 --augment-sigma 2 \
--augment-soft 1,7"

# Stop in the middle of the second epoch; the other number of threads goes on.
stop_and_resume() {
    rm -rf saved
    # shellcheck disable=SC2086 # lists of words
    team "$1" --threads "$2" $job $elastic --checkpoint saved --max-steps 16
    expect_status 75 "a stop after 16 steps on $1 ranks, $2 threads"
    expect_digest "$1" $((3 - $2)) --checkpoint saved --resume
}

# refuse STATUS TEXT ARGUMENT...: with this text.
refuse() {
    code=$1 text=$2
    shift 2
    team 2 --quiet "$@"
    expect_status "$code" "$*"
    said | grep -q -e "$text" || fail "no \"$text\": $*"
}

# shellcheck disable=SC2086 # lists of words
{
    begin $job
    plain=$expected
    begin $job $elastic
    [ "$expected" != "$plain" ] || fail "deformations change no weight"

    echo "on any team, stopped and resumed"
    for ranks in 1 2 3 8; do
        stop_and_resume "$ranks" 1
        stop_and_resume "$ranks" 2
    done

    echo "on every instruction set"
    for set in avx512 avx2 base; do
        if ! has_set "$set"; then
            echo "without $set, which this CPU lacks"
            continue
        fi
        export MLP_KERNELS=$set
        expect_digest 0 2 $job $elastic
        stop_and_resume 3 1
        ! is_full || stop_and_resume 8 2
        unset MLP_KERNELS
    done

    echo "however rows are held, added and handed on"
    expect_digest 3 1 $job $elastic --sparse always
    expect_digest 0 2 $job $elastic --sparse never
    expect_digest 2 1 $job $elastic --batch 32 --accumulate 4
    for size in 1 2; do # ranks of this machine play several nodes
        export MLP_TEST_NODE_SIZE=$size
        expect_digest 4 1 $job $elastic
        unset MLP_TEST_NODE_SIZE
    done

    echo "replayed"
    team 0 $job $elastic --checkpoint all --keep 100 --every 7steps \
        --log all.jsonl
    expect_status 0 "a run to replay"
    grep -q '"augment-soft": *\[1, *7\]' all.jsonl || fail "its log"
    team 2 --replay all --data digits --quiet --from 0
    expect_status 0 "its replay"

    echo "strengths of 0 are no deformation"
    expected=$plain
    expect_digest 0 2 $job --augment elastic --augment-shift 0 --augment-rotation 0 \
        --augment-shear 0 --augment-scale 0 --augment-alpha 0
}

echo "read ahead from a file"
python3 - <<'END'
import random, struct
for split, rows in ("train", 3000), ("t10k", 100):
    with open(f"{split}-images-idx3-ubyte", "wb") as f:
        f.write(struct.pack(">IIII", 0x803, rows, 8, 8))
        f.write(bytes(random.choices(range(200), k=rows * 64)))
    with open(f"{split}-labels-idx1-ubyte", "wb") as f:
        f.write(struct.pack(">II", 0x801, rows))
        f.write(bytes(random.choices(range(9), k=rows)))
END
# shellcheck disable=SC2086 # a list of words
{
    begin --data . --epochs 2 $elastic
    expect_digest 0 2 --data . --epochs 2 $elastic --memory-limit 110000
}

echo "refused"
refuse 64 "no height and width" --data "$MLP_SOURCE/data/cars.csv" \
    --label colour --augment shift
refuse 64 "augment-alpha goes with --augment elastic" --data digits \
    --augment affine --augment-alpha 3
refuse 64 "augment is none, the checkpoint has elastic" --checkpoint saved \
    --resume --augment none
refuse 64 "augment-soft" --data digits --augment affine --augment-soft 1,10
echo "$runs runs came to the same weights"
