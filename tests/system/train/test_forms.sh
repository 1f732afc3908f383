#!/bin/sh
# One table in several forms - packed, in several files, from standard input - is
# one digest on all teams; what is refused of them.
set -eu
# shellcheck source=tests/support/system.sh
. "$MLP_SOURCE/tests/support/system.sh"

mlp=$MLP_BUILD/mlp

# 900 rows: a number with gaps, a text that begins late, a quoted line break
awk 'BEGIN { print "size,note,town,kind"
    for (i = 0; i < 900; i++) {
        x = (i * 7919 % 1000) / 100
        kind = x + i % 4 > 6 ? "big" : "small"
        print (i % 9 == 4 ? "NA" : x) "," (i < 40 ? "" : "n" i % 3) "," \
            "\"town, " i % 4 (i % 7 ? "" : "\n") "\"," kind } }' >rows.csv
table="--label kind --test-fraction 0.25 --validation 0.2 --hidden 12
    --batch 32 --epochs 4 --quiet"

# expect_same WHAT
expect_same() {
    expect_status 0 "$1"
    [ "$(digest)" = "$expected" ] || fail "$1: other weights"
}

# fed RANKS FILE ARGUMENT...: mlp_train with this standard input; 0 for no
# mpirun.
fed() {
    ranks=$1 file=$2 status=0
    shift 2
    if [ "$ranks" -gt 0 ]; then
        has_mpi || skip "this build is without MPI (MLP_MPI=OFF)"
        # shellcheck disable=SC2086 # words
        set -- $MLP_MPIEXEC -np "$ranks" "$program" "$@"
    else
        set -- "$program" "$@"
    fi
    # through a pipe, which cannot be sought
    # shellcheck disable=SC2002
    cat "$file" | timeout 300 "$@" >out 2>err || status=$?
}

# shellcheck disable=SC2086 # a list of words
{
    team 0 $table --data rows.csv --checkpoint whole
    expected=$(digest)
    expect_same "one file"

    # ---- several files; the second begins a new category, the third is packed
    sed 1d rows.csv | awk '{ print >"part-" 1 + (records > 330) + \
        (records > 777) ".csv" } /(big|small)$/ { records++ }'
    for part in 1 2 3; do
        { head -n 1 rows.csv && cat part-$part.csv; } >with-header
        mv with-header part-$part.csv
    done
    gzip part-3.csv
    for ranks in 1 2 3 8; do
        for threads in 1 2; do
            team $ranks $table --data 'part-*' --threads $threads
            expect_same "files of a pattern, $ranks ranks, $threads threads"
        done
    done
    team 0 $table --data part-1.csv,part-2.csv,part-3.csv.gz
    expect_same "files of a list"
    team 3 $table --data 'part-*' --checkpoint files --max-steps 31
    expect_status 75 "several files, stopped"
    team 2 --data part-1.csv,part-2.csv,part-3.csv.gz --checkpoint files \
        --resume --quiet
    expect_same "several files, resumed"

    # ---- standard input
    gzip -k rows.csv
    fed 0 rows.csv $table --data -
    expect_same "standard input"
    fed 3 rows.csv $table --data -
    expect_same "standard input, 3 ranks"
    for ranks in 1 2 3 8; do
        for threads in 1 2; do
            fed $ranks rows.csv.gz $table --data - --threads $threads
            expect_same "packed standard input, $ranks ranks, $threads threads"
        done
    done
    fed 2 rows.csv.gz $table --data - --checkpoint parts --max-steps 31
    expect_status 75 "stopped"
    fed 3 rows.csv.gz --data - --checkpoint parts --resume --quiet
    expect_same "resumed from standard input"

    # ---- zstd, if the build has it
    if command -v zstd >/dev/null; then
        zstd -q rows.csv
        team 2 $table --data rows.csv.zst
        if grep -q "this build has no libzstd" err; then
            expect_status 65 "zstd without the library"
        else
            expect_same "packed with zstd"
            fed 2 rows.csv.zst $table --data -
            expect_same "zstd from standard input"
            head -c 2000 rows.csv.zst >cut.csv.zst
            refuse_team 65 "cut.csv.zst: truncated" $table --data cut.csv.zst
            has_zstd=1
        fi
    fi
}

# ---- 4 MB, which ranks and threads parse in ranges: line breaks and quotes
# anywhere, a column that begins late, texts that the last rank meets first

awk 'BEGIN { print "a,late,text,kind"
    for (i = 0; i < 90000; i++) {
        x = i * 7919 % 10007 / 10007
        print x "," (i < 30000 ? "" : i % 3) ",\"" (i * 5 % 7) " said \"\"" \
            (i > 85000 ? "new" : "old") "\"\"" (i % 5 ? "" : "\n,\n") "\"," \
            (x > 0.4 ? "big" : "small") } }' >large.csv
gzip -1k large.csv
large="--label kind --test-fraction 0.25 --hidden 8 --batch 512 --epochs 1
    --quiet"
# shellcheck disable=SC2086 # a list of words
{
    team 0 $large --data large.csv --threads 1
    expected=$(digest)
    expect_same "4 MB, one thread"
    team 0 $large --data large.csv --threads 3
    expect_same "4 MB, three threads"
    for ranks in 2 3 8; do
        team $ranks $large --data large.csv
        expect_same "4 MB, $ranks ranks"
    done
    team 3 $large --data large.csv --threads 2 --memory-limit 4M
    expect_same "4 MB, with a memory limit"
    team 3 $large --data large.csv.gz
    expect_same "4 MB, packed"
    fed 2 large.csv $large --data -
    expect_same "4 MB, from standard input"
    # an error is that of its line, whichever rank meets it
    sed '89999,$s/^0/x/' large.csv >bad.csv
    line=$(grep -n '^x' bad.csv | head -n 1)
    team 3 $large --data bad.csv
    expect_status 65 "a bad cell near the end"
    expect_line "bad.csv:${line%%:*}: column 1 (a): expected a number, found \"x" \
        "a bad cell near the end" err
}

# ---- rows that are larger than memory may be; in the long setting ten million of
# 28 numbers, 2.6 GB of text

count=20000
! is_full || count=10000000
awk -v count=$count 'BEGIN { srand(1)
    for (k = 0; k < 28; k++) printf "x%d,", k
    print "kind"
    for (i = 0; i < count; i++) {
        sum = 0
        for (k = 0; k < 28; k++) {
            x = rand() * 2 - 1
            sum += k < 4 ? x : 0
            printf "%.6f,", x
        }
        print (sum > 0 ? 1 : 0) } }' >wide.csv
status=0
(
    # shellcheck disable=SC3045
    ulimit -d 700000 # of memory that no file backs
    exec timeout 3000 "$program" --data wide.csv --label kind --hidden 8 \
        --batch 4096 --epochs 1 --test-fraction 0.1 --memory-limit 300M \
        --threads 2 --quiet
) >out 2>err </dev/null || status=$?
expect_status 0 "$count rows of 28 numbers with a memory limit"
rm wide.csv

# ---- arrays of NumPy

if python3 -c 'import numpy' 2>/dev/null; then
    python3 - <<'END'
import numpy
random = numpy.random.default_rng(1)
rows = random.normal(size=(5000, 6)).astype("float32")
rows[::7, 2] = numpy.nan
rows[:, 5] = (rows[:, 0] + rows[:, 1] > 0) + (rows[:, 3] > 1)
numpy.save("c.npy", rows)
numpy.save("fortran.npy", numpy.asfortranarray(rows.astype(">f8")))
with open("array.csv", "w") as f:
    print("0,1,2,3,4,5", file=f)
    for row in rows:
        print(",".join("" if numpy.isnan(x) else repr(float(x))
                       for x in row[:5]), int(row[5]), sep=",", file=f)
numpy.save("cube.npy", numpy.zeros((4, 2, 2)))
numpy.save("X.npy", rows[:, :5])
numpy.save("y.npy", rows[:, 5].astype(">i2"))
numpy.save("short.npy", rows[1:, 5])
for part in (0, 1):
    numpy.save(f"X{part}.npy", rows[part * 3000:3000 + part * 2000, :5])
    numpy.save(f"y{part}.npy", rows[part * 3000:3000 + part * 2000, 5])
END
    array="--label 5 --test-fraction 0.25 --hidden 8 --batch 64 --epochs 2
        --quiet"
    # shellcheck disable=SC2086 # a list of words
    {
        team 0 $array --data array.csv
        expected=$(digest)
        expect_same "an array as CSV"
        team 0 $array --data c.npy
        expect_same "an array"
        team 3 $array --data fortran.npy
        expect_same "an array in Fortran's order"
        # labels in a file of their own
        array="$array --label label"
        team 0 $array --data X.npy+y.npy --checkpoint joined
        expect_same "labels in a second array"
        team 3 $array --data X0.npy+y0.npy,X1.npy+y1.npy
        expect_same "two pairs of arrays, 3 ranks"
        "$mlp" eval joined --data X0.npy+y0.npy --split all --format json >out
        grep -q '"rows":3000' out || fail "eval: not the rows of the arrays"
        "$mlp" predict joined --data X.npy >out
        [ "$(wc -l <out)" -eq 5001 ] || fail "predict: not each row of X.npy"
        refuse_team 65 "short.npy: expected 5000 rows as in X.npy, found 4999" \
            $array --data X.npy+short.npy
        refuse_team 66 "none.npy: cannot be opened" $array --data X.npy+none.npy
        refuse_team 65 "cube.npy: expected an array [rows, columns]" \
            $array --data cube.npy
        refuse_team 64 '--label: fortran.npy has no column "9"' \
            $array --data fortran.npy --label 9
    }
fi

# ---- mlp data show

"$mlp" data show rows.csv --label kind >out
expect_line "^rows       900$" "show" out
expect_line "^label      kind, predicted as a class (classification): it has texts" \
    "show" out
expect_line "^size  *number  *100  0 to 9.99, median " "show" out
expect_line "^note  *text  *40  3: n1 (287), n2 (287), n0 (286)$" "show" out
"$mlp" data show "$MLP_SOURCE/data/cars.csv" --label price >out
expect_line "^price  *target  *0  400 to 24690, median .*, mean 8252.58, " \
    "show" out
"$mlp" data show - <rows.csv >out
expect_line "^label      not named" "show" out

# ---- predictions

"$mlp" predict whole --data rows.csv >expected.tsv
"$mlp" predict whole --data - <rows.csv | cmp - expected.tsv ||
    fail "predict from standard input"
"$mlp" predict whole --data 'part-*' | cmp - expected.tsv ||
    fail "predict several files"

# ---- refused

# shellcheck disable=SC2086 # lists of words
{
    printf 'size,note,city,kind\n1,n,a,big\n' >part-4.csv
    refuse_team 65 'part-4.csv:1: column 3: expected the name "town" as in part-1.csv, found "city"' \
        $table --data 'part-*'
    printf 'size,note,town,kind\n1,n,a,big\nx,n,a,small\n' >part-4.csv
    refuse_team 65 'part-4.csv:3: column 1 (size): expected a number, found "x"' \
        $table --data 'part-*'
    team 0 --label kind --epochs 1 --data 'part-*' --bad-rows drop
    expect_line "part-\*: 1 of 902 rows are dropped, the first: part-4.csv:3: " \
        "several files" err
    refuse_team 66 "rows-*.csv: no file matches" $table --data 'rows-*.csv'
    refuse_team 66 "none.csv: cannot be opened" $table --data rows.csv,none.csv
    fed 2 /dev/null $table --data -
    expect_status 65 "nothing on standard input"
    expect_line "standard input: expected a header" "nothing" err
}

# a bomb of 200 MB, refused within 256 MiB of data
[ -n "${has_zstd:-}" ] || exit 0
{ echo 'a,y' && yes '1,2' | head -c 200000000; } | zstd -q >bomb.csv.zst
status=0
(
    # shellcheck disable=SC3045
    ulimit -v 900000 # of addresses; threads and libraries have most
    "$MLP_BUILD/mlp_train" --data bomb.csv.zst --label y --threads 1 --quiet
) >out 2>err </dev/null || status=$?
expect_status 65 "a bomb"
[ "$(wc -l <err)" -eq 1 ] || fail "a bomb: not one line: $(cat err)"
