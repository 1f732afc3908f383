#!/bin/sh
# mlp predict on tables, as a filter: from a pipe, in bounded memory, with ids and
# reasons, in the order of the input.
set -eu
# shellcheck source=tests/support/system.sh
. "$MLP_SOURCE/tests/support/system.sh"
# shellcheck source=tests/support/tool.sh
. "$MLP_SOURCE/tests/support/tool.sh"

command -v python3 >/dev/null 2>&1 || skip "python3 is not installed"

cp "$MLP_SOURCE/data/cars.csv" .
team 0 --data cars.csv --label price --test-fraction 0.25 --hidden 4 \
    --epochs 5 --threads 1 --run run --quiet
expect_status 0 "training"

echo "row by row gives what the splits of the training give"
tool predict run
expect_status 0 "the data of the run"
tail -n +2 out | cut -f 2 | sort >all
[ "$(wc -l <all)" -eq 240 ] || fail "not all rows"
for split in train test; do
    tool predict run --split "$split"
    expect_status 0 "$split"
    tail -n +2 out | cut -f 2
done | sort | cmp - all || fail "other predictions than of the splits"

echo "a pipe gives what the file gives, as does a table in a picture's place"
tool predict run --data cars.csv --format csv
expect_status 0 "a file"
mv out wanted
"$mlp" predict run --data - --format csv <cars.csv | cmp - wanted ||
    fail "a pipe gives something else"
gzip -c cars.csv | "$mlp" predict run - --format csv | cmp - wanted ||
    fail "a compressed pipe gives something else"
tool predict run cars.csv -o named.csv
expect_status 0 "a format by its name"
cmp named.csv wanted || fail "a name that ends in .csv makes no CSV"
tool predict run cars.csv -o named.json
head -n 1 named.json | grep -q '^{"row": *0, *"prediction"' ||
    fail "a name that ends in .json makes no JSON"

echo "ids and reasons, in the order of the input"
printf 'id,years,km,colour\nA1,4,50000,red\n"B,2",x,1,red\nC3,5,20,new\nD4,1\n' >my.csv
tool predict run my.csv --bad-rows skip --id id --format csv
expect_status 0 "skipped rows"
grep -q "^mlp: my.csv: 2 of 4 rows have no prediction" err || fail "no count"
python3 - <<'END' || fail "not the rows in order: $(cat out)"
import csv
rows = list(csv.DictReader(open("out", newline="")))
assert [r["id"] for r in rows] == ["A1", "B,2", "C3", "D4"]
assert [r["prediction"] != "" for r in rows] == [True, False, True, False]
assert [r["reason"] for r in rows] == [
    "", 'column 2 (years): expected a number, found "x"', "",
    "expected 4 cells, found 2"]
END
tool predict run my.csv --bad-rows skip --format json
python3 - <<'END' || fail "not the JSON lines expected"
import json
rows = [json.loads(line) for line in open("out")]
assert [r["row"] for r in rows] == [0, 1, 2, 3]
assert rows[1]["prediction"] is None and "found" in rows[1]["reason"]
assert "reason" not in rows[0]
END
tool predict run my.csv --bad-rows skip --first 2 --rows 1
[ "$(tail -n +2 out | cut -f 1)" = 2 ] || fail "not the row that is asked for"
tool predict run my.csv --bad-rows skip --format text
grep -q '^row 1: no prediction: column 2 (years)' out || fail "no reason as text"

echo "an invalid row ends it, after the rows before it"
tool predict run my.csv
expect_status 65 "an invalid row"
expect_one_line 'my.csv:3: column 2 (years): expected a number, found "x"; rows predicted before it: 1'
[ "$(wc -l <out)" -eq 2 ] || fail "not the row before it"
tool predict run my.csv -o kept.tsv
[ ! -e kept.tsv ] || fail "half a file"
refuse 64 '--id: my.csv has no column "no"' predict run my.csv --id no
refuse 64 "--id requires a table" predict run --split test --id years
refuse 64 "none from row 240 on" predict run --first 240
printf 'years,km\n1,2\n' >few.csv
refuse 65 'expected a column "colour"' predict run few.csv

echo "class and percent on a terminal"
team 0 --data cars.csv --label colour --hidden 4 --epochs 2 --threads 1 \
    --run colours --quiet
expect_status 0 "training on classes"
if command -v script >/dev/null 2>&1; then
    script -qec "$mlp predict colours --rows 2" /dev/null >out </dev/null
    tr -d '\r' <out | grep -q '^0	[a-z]*	[0-9.]*%$' || fail "not briefly"
    script -qec "$mlp predict colours --rows 2 --probabilities" /dev/null \
        >out </dev/null
    grep -q 'probability_red' out || fail "not all outputs"
fi

echo "memory does not grow with the rows"
python3 - "$mlp" <<'END' || fail "memory grows with the rows"
import os, resource, subprocess, sys
def most_memory(rows):
    pid = os.fork()
    if pid == 0:
        filter = subprocess.Popen(
            [sys.argv[1], "predict", "run", "--data", "-"],
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
        filter.stdin.write(b"years,km,colour\n")
        for _ in range(rows // 1000):
            filter.stdin.write(b"4,50000,red\n7,120000,blue\n" * 500)
        filter.stdin.close()
        most = 0 if filter.wait() else resource.getrusage(
            resource.RUSAGE_CHILDREN).ru_maxrss
        open("memory", "w").write(str(most))
        os._exit(0)
    os.waitpid(pid, 0)
    return int(open("memory").read())
few, many = most_memory(200_000), most_memory(1_000_000)
print(few, many)
assert 0 < many < few + 8192, (few, many)  # kilobytes; a row takes 28 bytes
END
