#!/bin/sh
# mlp runs: the runs of a directory, sorted by a metric, as text and as JSON.
set -eu
# shellcheck source=tests/support/system.sh
. "$MLP_SOURCE/tests/support/system.sh"

mlp=$MLP_BUILD/mlp

list() {
    status=0
    "$mlp" runs "$@" >out 2>err </dev/null || status=$?
}

# order: names of the runs, in the order of the lines.
order() { tail -n +2 out | cut -d ' ' -f 1 | paste -sd ' ' -; }

mkdir runs runs/empty
for setting in "a 0.1 4" "b 0.0001 2" "c 0.05 3"; do
    # shellcheck disable=SC2086 # words
    set -- $setting
    team 0 --data digits --run "runs/$1" --lr "$2" --epochs "$3" --hidden 8 \
        --validation 0.2 --quiet
    expect_status 0 "training"
done
team 0 --data digits --log runs/z.jsonl --epochs 5 --max-steps 30 --hidden 8 \
    --quiet
expect_status 75 "a run that is stopped, without validation"
echo "no run" >runs/notes.txt

echo "sorted by the validation loss; a run without it is the last"
list runs
expect_status 0 "mlp runs"
[ ! -s err ] || fail "complains"
[ "$(order | cut -d ' ' -f 3,4)" = "b z.jsonl" ] || fail "order: $(order)"
grep -q '^b  .*  done$' out || fail "b has no end"
grep -q '^z.jsonl  .*  stopped$' out || fail "z was not stopped"

echo "sorted by others"
list runs --sort name
[ "$(order)" = "a b c z.jsonl" ] || fail "by name: $(order)"
list runs --sort validation-accuracy
[ "$(order | cut -d ' ' -f 3)" = b ] || fail "by accuracy: $(order)"
list runs --sort train-loss --format json -o runs.json
expect_status 0 "JSON lines"
python3 - <<'PYTHON' || fail "JSON lines are not those of the logs"
import json
rows = [json.loads(line) for line in open("runs.json")]
losses = [row["train-loss"] for row in rows]
assert losses == sorted(losses) and len(rows) == 4, losses
for row in rows[:2]:
    if row["run"] == "z.jsonl":
        continue
    log = [json.loads(line) for line in open(f"runs/{row['run']}/log.jsonl")]
    epochs = [e for e in log if e["event"] == "epoch"]
    best = next(e for e in epochs if e["epoch"] == row["best-epoch"])
    assert best["validation_accuracy"] == row["validation-accuracy"]
    assert best["validation_accuracy"] == max(
        e["validation_accuracy"] for e in epochs)
    assert row["epochs"] == len(epochs)
PYTHON

echo "invalid input"
list nowhere
expect_status 66 "no directory"
list runs/empty
expect_status 66 "a directory without runs"
grep -q "has no run in it" err || fail "no reason"
list runs --sort size
expect_status 64 "an unknown metric"
