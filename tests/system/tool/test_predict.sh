#!/bin/sh
# mlp predict on pictures: PNG and JPEG files, directories of them, drawn on a
# terminal, and invalid input.
set -eu
# shellcheck source=tests/support/system.sh
. "$MLP_SOURCE/tests/support/system.sh"
# shellcheck source=tests/support/tool.sh
. "$MLP_SOURCE/tests/support/tool.sh"

command -v python3 >/dev/null 2>&1 || skip "python3 is not installed"

# The first test rows of the digits as PNG files, one of them dark on light and
# larger, as on paper; and a truncated file.
python3 - "$MLP_SOURCE/data/digits.csv.gz" <<'END'
import gzip, os, struct, sys, zlib

def png(path, rows):
    def chunk(name, data):
        return (struct.pack(">I", len(data)) + name + data
                + struct.pack(">I", zlib.crc32(name + data)))
    data = b"".join(b"\0" + bytes(row) for row in rows)
    with open(path, "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(
            ">IIBBBBB", len(rows[0]), len(rows), 8, 0, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b""))

rows = [[int(v) for v in line.split(",")]
        for line in gzip.open(sys.argv[1], "rt")][3::4]
os.mkdir("pictures")
for i in range(600):
    pixels = [min(255, 16 * v) for v in rows[i % len(rows)][:64]]
    picture = [pixels[8 * y:8 * y + 8] for y in range(8)]
    if i < 20:
        png(f"pictures/{i:03}.png", picture)
    else:
        os.makedirs("many", exist_ok=True)
        png(f"many/{i:03}.PNG", picture)
paper = [[255] * 48 for _ in range(48)]
for y in range(48):
    for x in range(48):
        paper[y][x] = 255 - min(255, 16 * rows[0][8 * (y // 6) + x // 6])
png("paper.png", paper)
png("odd\tname\n.png", paper)
with open("pictures/000.png", "rb") as file:
    open("cut.png", "wb").write(file.read()[:-30])
END
# Row 0 once more, as a JPEG file of 8 x 8 gray pixels, quality 90.
base64 -d >digit.jpeg <<'END'
/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAMCAgMCAgMDAwMEAwMEBQgFBQQEBQoHBwYIDA
oMDAsKCwsNDhIQDQ4RDgsLEBYQERMUFRUVDA8XGBYUGBIUFRT/wAALCAAIAAgBAREA/8QA
HwAAAQUBAQEBAQEAAAAAAAAAAAECAwQFBgcICQoL/8QAtRAAAgEDAwIEAwUFBAQAAAF9AQ
IDAAQRBRIhMUEGE1FhByJxFDKBkaEII0KxwRVS0fAkM2JyggkKFhcYGRolJicoKSo0NTY3
ODk6Q0RFRkdISUpTVFVWV1hZWmNkZWZnaGlqc3R1dnd4eXqDhIWGh4iJipKTlJWWl5iZmq
KjpKWmp6ipqrKztLW2t7i5usLDxMXGx8jJytLT1NXW19jZ2uHi4+Tl5ufo6erx8vP09fb3
+Pn6/9oACAEBAAA/APlzRp/EXxA/Yb1bQ9S04aJonh+9TXdO16RIE0+9WLdbtZADaY7ovK
778PJN8qthEQ1//9k=
END

team 0 --data digits --epochs 5 --checkpoint run
expect_status 0 "training"
tool predict run --data digits --rows 20
expect_status 0 "rows"
cut -f 2 out | tail -n 20 >expected

echo "a directory of pictures gives the results of the rows"
tool predict run pictures --format tsv
expect_status 0 "a directory"
head -n 1 out | grep -q '^file	prediction	probability_0	' ||
    fail "another header"
[ "$(sed -n 2p out | cut -f 1)" = pictures/000.png ] || fail "no name"
tail -n +2 out | cut -f 2 | cmp - expected || fail "other classes than rows"
cp out all.tsv

echo "files in the order given, PNG and JPEG together"
tool predict run pictures/001.png digit.jpeg pictures/000.png
expect_status 0 "files"
{ sed -n 2p expected && sed -n 1p expected && sed -n 1p expected; } >wanted
tail -n +2 out | cut -f 2 | cmp - wanted || fail "other classes"
[ ! -s err ] || fail "complains"

echo "more pictures than a batch takes, and into a file"
tool predict run many pictures --output many.tsv
expect_status 0 "600 pictures"
[ "$(wc -l <many.tsv)" -eq 601 ] || fail "not 600 lines"
tail -n 20 all.tsv >wanted
tail -n 20 many.tsv | cmp - wanted ||
    fail "a second batch gives other outputs"

echo "JSON lines, with names of any letters"
tool predict run "$(printf 'odd\tname\n.png')" pictures/002.png --format json
expect_status 0 "JSON"
python3 - <<'END' || fail "not the JSON lines expected"
import json
lines = [json.loads(line) for line in open("out")]
assert [line["file"] for line in lines] == ["odd\tname\n.png",
                                            "pictures/002.png"]
assert all(abs(sum(line["probabilities"]) - 1) < 1e-5 for line in lines)
END
tool predict run "$(printf 'odd\tname\n.png')" --invert
[ "$(wc -l <out)" -eq 2 ] || fail "a name breaks a line of TSV"
grep -q '^odd\\tname\\n.png	' out || fail "the name is not escaped"

echo "a picture on paper"
tool predict run paper.png
grep -q "1 of 1 pictures have light edges.*--invert" err || fail "no hint"
tool predict run paper.png --invert --format text
expect_status 0 "an inverted picture"
[ ! -s err ] || fail "a hint that nobody needs"
grep -q "^paper.png: $(head -n 1 expected) (" out ||
    fail "not the class of the digit on it"
cp out inverted
tool predict run paper.png --invert --center --format text
expect_status 0 "an inverted, centered picture"
! cmp -s out inverted || fail "--center does nothing"

echo "drawn: letters in a file, blocks and colors on a terminal"
LC_ALL=C tool predict run pictures/000.png --format text
grep -q '[@%#*]' out || fail "no digit"
! LC_ALL=C grep -q '[^ -~]' out || fail "not ASCII"
[ "$(awk 'length > 80' out | wc -l)" -eq 0 ] || fail "lines over 80"
tool predict run --data digits --rows 2 --format text
[ "$(grep -c '^row [01]: ' out)" -eq 2 ] || fail "rows are not drawn"
if command -v script >/dev/null 2>&1; then
    TERM=xterm LC_ALL=C.UTF-8 script -qec \
        "$mlp predict run pictures/000.png" /dev/null >out </dev/null
    grep -q '▀' out || fail "not drawn on a terminal"
    grep -q "$(printf '\033')\[38;5" out || fail "no grays"
    NO_COLOR=1 TERM=xterm LC_ALL=C.UTF-8 script -qec \
        "$mlp predict run pictures/000.png" /dev/null >out </dev/null
    ! grep -q "$(printf '\033')" out || fail "colors in spite of NO_COLOR"
    grep -q '█' out || fail "not drawn without colors"
fi

echo "CSV has the numbers of TSV, and columns can be chosen"
tool predict run --data digits --rows 5
mv out rows.tsv
tool predict run --data digits --rows 5 --format csv
tr ',' '\t' <out | cmp - rows.tsv || fail "CSV is other than TSV"
tool predict run --data digits --rows 5 --columns prediction
cut -f 2 rows.tsv | cmp - out || fail "not the column of predictions"
tool predict run --data digits --rows 5 --columns outputs,id --format csv
cut -f 1,3- rows.tsv | tr '\t' ',' | cmp - out || fail "not id and outputs"
tool predict run pictures/000.png --columns id,prediction --format json
grep -q '^{"file": *"pictures/000.png", *"prediction": *[0-9]*}$' out ||
    fail "not file and prediction: $(cat out)"
{
    printf 'x,kind\n'
    for i in 1 2 3 4 5 6 7 8; do
        printf '%s,"a ""b"", c"\n%s,plain\n' "$i" "-$i"
    done
} >quotes.csv
team 0 --data quotes.csv --label kind --epochs 60 --batch 4 --hidden 4 --quiet \
    --checkpoint quotes
expect_status 0 "training on quotes"
tool predict quotes --data quotes.csv --format csv
python3 - <<'PYTHON' || fail "CSV is not read back"
import csv
made, given = (list(csv.DictReader(open(f, newline="")))
               for f in ("out", "quotes.csv"))
assert [r["prediction"] for r in made] == [r["kind"] for r in given]
assert 'probability_a "b", c' in made[0], made[0]
PYTHON

echo "invalid input"
refuse 64 "--columns: \"class\" is not one of id, prediction, outputs" \
    predict run paper.png --columns id,class
refuse 66 "nothing.png" predict run nothing.png
refuse 66 "run: has no .png, .jpg or .jpeg file" predict run run
refuse 65 "cut.png: is a damaged PNG file" predict run pictures/000.png cut.png
refuse 65 "run/ckpt-000005-00000055.h5: is neither a PNG nor a JPEG file" \
    predict run run/ckpt-000005-00000055.h5
refuse 64 "pictures, or rows of --data, not both" predict run paper.png --data digits
refuse 64 "not both" predict run paper.png --rows 2
refuse 64 "--invert and --center need pictures" predict run --data digits --invert
refuse 64 '"dark" is not one of true, false' predict run paper.png --invert=dark
refuse 64 "is not one of tsv, csv, json, text" predict run paper.png --format png
echo old >kept.tsv
refuse 65 "cut.png" predict run many cut.png --output kept.tsv
[ "$(cat kept.tsv)" = old ] || fail "a failure replaces the file"
[ -z "$(find . -name '*.tmp.*')" ] || fail "partial files are left"
mkdir flat
{ be32 2051 && be32 2 && be32 1 && be32 4 && printf 'abcdefgh'; } |
    tee flat/train-images-idx3-ubyte >flat/t10k-images-idx3-ubyte
{ be32 2049 && be32 2 && printf '\000\001'; } |
    tee flat/train-labels-idx1-ubyte >flat/t10k-labels-idx1-ubyte
team 0 --data flat --epochs 1 --batch 2 --hidden none --checkpoint rows
expect_status 0 "training on rows"
refuse 65 "expected a model of pictures, found one of rows of 4 features" \
    predict rows paper.png
