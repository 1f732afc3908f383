#!/bin/sh
# The benchmark runs to its end and measures something. Targets are not checked,
# as the machine is busy while tests run. CTest sets MLP_BUILD.
set -eu

if [ ! -x /usr/bin/python3 ]; then
    echo "SKIP: the benchmark needs /usr/bin/python3"
    exit 77
fi
here=$(cd "$(dirname "$0")" && pwd)
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT

fail() {
    echo "$1"
    cat "$place/output"
    exit 1
}

/usr/bin/python3 "$here/test_lines.py" >"$place/output" 2>&1 ||
    fail "lines are not right"

# --digits: the built-in data, which is small
sh "$here/run.sh" --build "$MLP_BUILD" --quick --digits \
    --only kernels,blas,ledger,shards,epoch,table,plan,torch,jax,ddp,libxsmm,fann,wide \
    --json "$place/json" \
    >"$place/output" 2>&1 || fail "the benchmark ended with $?"

/usr/bin/python3 - "$place/json" <<'END' || fail "its results are not right"
import json
import sys

with open(sys.argv[1]) as file:
    facts = json.load(file)
for yardstick in ("peak_gflops", "triad_gbytes", "issue_rate"):
    assert facts[yardstick] > 0, yardstick
lines = facts["lines"] + facts["details"]
names = "\n".join(line["measure"] for line in lines)
for part in ("dense kernels", "cost of the digest", "perfect dense epoch",
             "CSV of numbers", "core to core", "--plan's step", "gradient 2500x2000",
             "forward 64x256", "PyTorch", "JAX", "libxsmm", "wide", "FANN"):
    assert part in names, f"no line about: {part}"
for line in lines:
    assert line["met"] is None, f"a target checked on digits: {line}"
    assert bool(line["values"]) != bool(line["missing"]), f"neither: {line}"
    assert all(0 < value < 1000 for value in line["values"]), f"odd: {line}"
    if line["values"]:
        assert line["min"] <= line["median"] <= line["max"], f"{line}"
# A kernel cannot exceed the peak; the tolerance is for a varying clock rate.
for line in facts["lines"]:
    if line["measure"].startswith("dense kernels"):
        assert line["median"] < 1.2, f"the peak is wrong: {line}"
for line in lines:
    if any(name in line["measure"] for name in ("PyTorch", "JAX")):
        assert "MNIST" in line["missing"], f"a rival on digits: {line}"
END
grep -q '^| measure | asked | median ' "$place/output" || fail "no table"
if sh "$here/run.sh" --build "$MLP_BUILD" --only nonsense \
    >"$place/output" 2>&1; then
    fail "a measure that does not exist was accepted"
fi
grep -q nonsense "$place/output" || fail "it does not name the wrong measure"

# tables.py on made tables, with or without rivals
mkdir "$place/tables"
awk 'BEGIN { OFS = ","; print "V1", "V2", "Class"
    for (i = 0; i < 300; i++) print i % 7, i * 37 % 11, (i % 7 > 2 ? "a" : "b") }' |
    gzip >"$place/tables/vowel.csv.gz"
awk 'BEGIN { OFS = ","; print "lat", "medv", "town", "tract", "cmedv"
    for (i = 0; i < 300; i++) print i % 97 / 7, i, "t", i, i % 97 * 2 + 5 }' |
    gzip >"$place/tables/boston2.csv.gz"
/usr/bin/python3 "$here/tables.py" --build "$MLP_BUILD" --json "$place/json" \
    "$place/tables" >"$place/output" 2>&1 || fail "tables.py ended with $?"
/usr/bin/python3 - "$place/json" <<'END' || fail "its scores are not right"
import json
import sys

with open(sys.argv[1]) as file:
    facts = json.load(file)
assert facts["results"].keys() == {"vowel", "boston2"}
assert facts["summary"]["beats_guessing"] == 2
for table, found in facts["results"].items():
    assert found["ours"]["is_number"] == (table == "boston2")
    assert found["ours"]["rows"] == 300 and len(found["ours"]["scores"]) == 5
    for name, scores in found.items():
        assert all(0.9 < score <= 1 for score in scores["scores"]), (name, table)
END
grep -q '^| vowel | 300 | [01]\.' "$place/output" || fail "no table of scores"
status=0
/usr/bin/python3 "$here/tables.py" --build "$MLP_BUILD" "$place" \
    >"$place/output" 2>&1 || status=$?
if [ "$status" -ne 2 ] || ! grep -q "has none of" "$place/output"; then
    fail "a folder without tables: $status"
fi
