#!/bin/sh
# Runs that begin with another one's weights, segments of a run, and what is
# said of a run before it begins.
set -eu
# shellcheck source=tests/support/system.sh
. "$MLP_SOURCE/tests/support/system.sh"
# shellcheck source=tests/support/tool.sh
. "$MLP_SOURCE/tests/support/tool.sh"

team 0 --data digits --epochs 3 --threads 1 --run parent --quiet
expect_status 0 "a parent"

echo "a child has its parent's scaling, options and data, and names its state"
team 0 --start-from parent --epochs 2 --threads 1 --run child --quiet
expect_status 0 "a child"
digest >one
state=$("$mlp" show parent | sed -n 's/^state sha256 *//p')
"$mlp" show child | grep -q "^started from   state sha256 $state" ||
    fail "the parent's state is not named"
"$mlp" verify child | grep -q "^started from state .* verified in parent" ||
    fail "verify does not walk to the parent"
grep -q "\"origin_sha256\": *\"$state\"" child/log.jsonl || fail "not in the log"
"$mlp" report child -o child.html
grep -q "$state" child.html || fail "not in the report"
"$mlp" eval child | grep -q "^data *digits" || fail "eval asks for the data"

echo "the same child on several ranks, and stopped and resumed"
if has_mpi; then
    team 3 --start-from parent --epochs 2 --threads 1 --run child3 --quiet
    digest | cmp - one || fail "three ranks make another child"
fi
team 0 --start-from parent --epochs 2 --threads 1 --run stopped --quiet \
    --max-steps 7
expect_status 75 "a stop"
team 0 --resume stopped --quiet
digest | cmp - one || fail "a resumed child is another one"
refuse_on 0 64 "name its checkpoint with --start-from" --replay child --from 0
team 0 --replay child --from 0 --start-from parent
expect_status 0 "a replay of a child"
refuse_on 0 65 "is not what child started from" --replay child --from 0 \
    --start-from child

echo "frozen layers keep every bit, under every kind of update"
cat >layers.py <<'END'
import glob, hashlib, sys, h5py
for run in sys.argv[1:]:
    with h5py.File(sorted(glob.glob(run + "/ckpt-*.h5"))[-1]) as f:
        print([hashlib.sha256(f[f"model/layer{l}/{n}"][()].tobytes())
               .hexdigest()[:16] for l in range(3) for n in "Wb"])
END
has_h5py=false
if python3 -c 'import h5py' 2>/dev/null; then has_h5py=true; fi
cp -r parent kept
for how in "--optimizer adamw" "--optimizer lamb" "--max-norm 0.5" \
    "--l2 0.01 --accumulate 2" "--clip-norm 0.1"; do
    rm -rf frozen
    # shellcheck disable=SC2086 # words
    team 0 --start-from kept --freeze 2 --epochs 1 $how --run frozen --quiet
    expect_status 0 "$how"
    if $has_h5py; then
        python3 layers.py kept frozen >layers
        python3 - <<'END' || fail "$how: a frozen layer moves, or the last does not"
a, b = (eval(line) for line in open("layers"))
assert a[:4] == b[:4] and a[4] != b[4], (a, b)
END
    fi
done
refuse_on 0 64 "--freeze requires --start-from RUN" --data digits --freeze 1
refuse_on 0 64 "the last one has to learn" --start-from parent --freeze 3

echo "a new head has classes of its own, behind the parent's columns"
{
    printf 'x,y,kind,size\n'
    for i in 1 2 3 4 5 6 7 8 9; do
        printf '%s,%s,a,big\n%s,-%s,b,small\n%s,0,c,small\n' \
            "$i" "$i" "-$i" "$i" "$i"
    done
} >table.csv
team 0 --data table.csv --label kind --ignore size --hidden 4 --epochs 5 \
    --threads 1 --run first --quiet
expect_status 0 "training on a table"
refuse_on 0 64 "--label: is size, the run to start from has kind; see --new-head" \
    --start-from first --label size
refuse_on 0 64 "is a feature of the network" --start-from first --new-head \
    --label x
team 0 --start-from first --new-head --label size --epochs 5 --threads 1 \
    --run second
expect_status 0 "a new head"
grep -q "^model 2-4-2 relu softmax" out || fail "not two classes"
"$mlp" predict second --rows 2 >rows
sed -n 1p rows | grep -q "probability_big	probability_small" ||
    fail "not the classes' names: $(cat rows)"
team 0 --resume second --epochs 7 --quiet
expect_status 0 "a resumed child with a new head"
refuse_on 0 64 "--hidden: is 7, the run to start from has 4" \
    --start-from first --hidden 7 --scaling max

echo "more epochs than were planned are a segment, which verify and replay know"
team 0 --resume parent --epochs 5 --threads 1
expect_status 0 "more epochs"
grep -q "the learning-rate schedule begins anew at step 33" err || fail "no word"
digest >longer
"$mlp" verify parent | grep -q "segment of 5 epochs from step 33" ||
    fail "verify knows no segment"
team 0 --replay parent --from 33 --threads 1
expect_status 0 "a replay of the segment"
team 0 --resume kept --epochs 5 --threads 1 --max-steps 40 --quiet
expect_status 75 "a stop in the segment"
team 0 --resume kept --quiet
digest | cmp - longer || fail "a segment depends on a stop"
refuse_on 0 64 "has finished 5 already" --resume parent --epochs 4

echo "a dry run tells what a run would take, and writes nothing"
team 0 --data digits --run dry --dry-run --threads 1
expect_status 0 "a dry run"
for word in ^model ^memory "^disk .* in dry" ^time "nothing was trained"; do
    grep -q "$word" out || fail "no $word: $(cat out)"
done
[ ! -e dry ] || fail "a directory is made"
refuse_on 0 64 "holds ckpt-" --data digits --run parent --dry-run
find parent >before
team 0 --resume parent --epochs 9 --dry-run --threads 1
expect_status 0 "a dry run of a resume"
grep -q ", 4 epochs" out || fail "not the epochs that are left: $(cat out)"
find parent | cmp - before || fail "something is written"
