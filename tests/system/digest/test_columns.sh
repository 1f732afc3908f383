#!/bin/sh
# The first layer by columns between nodes: the digest of one rank for any ranks,
# threads and nodes, stopped and resumed by the other way; and what is in the
# way of columns is named. Ranks of this machine play several nodes, which have a
# copy of all rows, or send each other those of each micro-batch.
set -eu
# shellcheck source=tests/support/system.sh
. "$MLP_SOURCE/tests/support/system.sh"
# shellcheck source=tests/support/digests.sh
. "$MLP_SOURCE/tests/support/digests.sh"
has_mpi || skip "this build is without MPI"

# on_nodes SIZE RANKS THREADS ARGUMENT...: nodes of so many ranks.
on_nodes() {
    export MLP_TEST_NODE_SIZE="$1"
    shift
    expect_digest "$@"
    unset MLP_TEST_NODE_SIZE
}

# by_columns ARGUMENT...: some teams of 2 to 4 nodes.
by_columns() {
    begin "$@"
    on_nodes 1 2 2 --between-nodes columns "$@"
    on_nodes 2 3 1 --between-nodes columns "$@" # of two ranks and of one
    on_nodes 1 4 1 --between-nodes columns "$@"
    on_nodes 2 8 1 --between-nodes columns "$@"
    export MLP_TEST_NODES=3 MLP_TEST_CAREFUL=1
    expect_digest 4 2 --between-nodes columns "$@"
    unset MLP_TEST_NODES MLP_TEST_CAREFUL
    export MLP_TEST_SEND_ROWS=1
    on_nodes 1 3 2 --between-nodes columns "$@"
    on_nodes 2 4 1 --between-nodes columns "$@"
    unset MLP_TEST_SEND_ROWS
}

net="--data digits --epochs 2 --hidden 60,33"
# shellcheck disable=SC2086 # lists of words
{
    by_columns $net
    by_columns $net --batch 97 --shards 11 --optimizer adamw
    by_columns $net --batch 4096 --dropout 0.2,0.5 --activation gelu,tanh
    # so many activations are 0 that kernels skip them
    by_columns $net --hidden 256,128 --batch 200 --dropout 0.5
    by_columns $net --batch 24 --accumulate 3 --validation 0.2 \
        --activation softplus,prelu
    by_columns $net --hidden 64 --augment shift --sparse never --momentum 0
    by_columns --data "$MLP_SOURCE/data/cars.csv" --test-fraction 0.25 \
        --batch 16 --label price --task regression --lr 0.02 --hidden 64 \
        --clip-norm 0
    # rows of weights 0 (also all of a batch), 0.375 and 2
    awk 'BEGIN { print "a,b,w,y"
        for (i = 0; i < 600; i++)
            print i * 7919 % 1000 "," i * 104729 % 977 "," \
                (i % 10 == 3 ? 2 : i % 10 == 7 ? 0.375 : 0) "," i % 41 + i % 7
        }' >weighted.csv
    weighted="--data weighted.csv --label y --weight w --hidden 64 --epochs 3
        --clip-norm 0"
    by_columns $weighted --batch 8 --optimizer adam
    by_columns $weighted --batch 64 --loss huber --validation 0.2
    by_columns $weighted --batch 8 --accumulate 2

    # Stopped and resumed by the other way, and on other nodes.
    wide="$net --shards 64"
    begin $wide
    rm -rf saved
    export MLP_TEST_NODE_SIZE=1
    team 4 $wide --between-nodes columns --max-steps 5 --checkpoint saved
    expect_status 75 "columns, stopped"
    team 3 --checkpoint saved --resume --between-nodes tree --max-steps 9
    expect_status 75 "the tree, stopped"
    unset MLP_TEST_NODE_SIZE
    on_nodes 2 4 2 --checkpoint saved --resume --between-nodes columns
    rm -rf saved
    export MLP_TEST_NODE_SIZE=1 MLP_TEST_SEND_ROWS=1
    team 3 $wide --between-nodes columns --max-steps 5 --checkpoint saved
    expect_status 75 "rows sent, stopped"
    on_nodes 2 4 1 --checkpoint saved --resume
    unset MLP_TEST_SEND_ROWS

    # Many ranks.
    on_nodes 4 16 1 $wide --between-nodes columns
    on_nodes 1 16 1 $wide --between-nodes tree
    on_nodes 16 64 1 $wide --between-nodes columns
    if is_full; then
        for ranks in 2 3 4 8 16 64; do
            for threads in 1 2; do
                for size in 1 2 4; do
                    for way in auto tree; do
                        on_nodes $size $ranks $threads $wide \
                            --between-nodes $way
                    done
                done
            done
        done
        many="$wide --hidden 1024"
        begin $many
        for size in 1 4 8; do
            on_nodes $size 64 1 $many --between-nodes columns
        done
        most="$net --batch 256 --shards 256 --hidden 4096"
        begin $most
        for size in 1 8 64; do
            on_nodes $size 256 1 $most --between-nodes columns
        done
    fi
}

# way_of ARGUMENT...: what the start and --profile say of two nodes.
way_of() {
    export MLP_TEST_NODE_SIZE=1
    # shellcheck disable=SC2086 # a list of words
    team 2 $net --epochs 1 --max-steps 2 --profile "$@"
    unset MLP_TEST_NODE_SIZE
    expect_status 75 "$*"
    sed -n 's/^first layer between nodes: //p' out >way
    grep -q -F "nodes first layer between nodes $(cat way)" out ||
        fail "$*: the start does not say \"$(cat way)\""
    cat way
}
# expect_way TEXT ARGUMENT...
expect_way() {
    text=$1
    shift
    case $(way_of "$@") in
    "$text"*) ;;
    *) fail "$*: \"$(way_of "$@")\", not \"$text\"" ;;
    esac
}
expect_way "by columns" --batch 96
expect_way "by columns, rows sent ahead" --batch 96 --memory-limit 1G
expect_way "by tree, as an update has no fewer rows than" --batch 128
expect_way "by tree, as an update has no fewer rows than" --batch 64 --accumulate 2
expect_way "by columns" --batch 128 --between-nodes columns
expect_way "by tree, as --between-nodes tree" --batch 96 --between-nodes tree
expect_way "by tree, as norms" --batch 96 --clip-norm 1
expect_way "by tree, as each node needs 16 columns" --batch 96 --hidden 16

# Frozen layers go by tree, and children by columns.
# shellcheck disable=SC2086 # a list of words
team 0 $net --epochs 1 --run parent --quiet
expect_way "by tree, as --freeze" --batch 96 --start-from parent --freeze 1
by_columns --start-from parent --epochs 2

# refused TEXT ARGUMENT...: columns are asked for where they cannot be.
refused() {
    text=$1
    shift
    export MLP_TEST_NODE_SIZE=1
    # shellcheck disable=SC2086 # a list of words
    team 2 $net --between-nodes columns "$@"
    unset MLP_TEST_NODE_SIZE
    expect_status 64 "$*"
    grep -q -e "--between-nodes columns: .*$text" err || fail "$*: without \"$text\""
}
refused "norms" --max-norm 1
refused "norms" --optimizer lamb
refused "bf16" --exchange-precision bf16
refused "mpi" --exchange mpi
refused "sentinel" --sentinel 10
refused "no hidden layer" --hidden none
refused "--freeze" --start-from parent --freeze 1
refused "PReLU" --activation prelu
refused "16 columns" --hidden 16
echo "$runs runs had the expected digest"
