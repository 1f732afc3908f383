#!/bin/sh
# A folder of generated pictures, from mlp data import to predictions with the
# folder names as classes; and invalid input.
set -eu
# shellcheck source=tests/support/system.sh
. "$MLP_SOURCE/tests/support/system.sh"
# shellcheck source=tests/support/tool.sh
. "$MLP_SOURCE/tests/support/tool.sh"

for needed in python3 h5dump; do
    command -v $needed >/dev/null 2>&1 || skip "$needed is not installed"
done

# 30 PNG pictures a class, bright at the top or at the left; and a JPEG each.
mkdir -p pictures/top pictures/left
python3 - <<'END'
import struct, zlib

def png(path, pixels):
    height, width = len(pixels), len(pixels[0])
    def chunk(kind, data):
        return (struct.pack(">I", len(data)) + kind + data
                + struct.pack(">I", zlib.crc32(kind + data)))
    rows = b"".join(b"\0" + bytes(v for p in row for v in p)
                    for row in pixels)
    with open(path, "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n"
                   + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height,
                                                8, 2, 0, 0, 0))
                   + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))

for i in range(30):
    side = 10 + i % 5
    for name, bright in (("top", lambda y, x: y), ("left", lambda y, x: x)):
        png(f"pictures/{name}/{i}.png",
            [[(200, 180, 160 + i) if bright(y, x) < side // 2 else (i, 20, 9)
              for x in range(side + i % 3)] for y in range(side)])
END
base64 -d >pictures/top/a.jpg <<'END'
/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAMCAgMCAgMDAwMEAwMEBQgFBQQEBQoHBwYI
DAoMDAsKCwsNDhIQDQ4RDgsLEBYQERMUFRUVDA8XGBYUGBIUFRT/wAALCAAIAAgBAREA
/8QAFAABAAAAAAAAAAAAAAAAAAAACP/EABYQAAMAAAAAAAAAAAAAAAAAAAAUYf/aAAgB
AQAAPwBkrQ//2Q==
END
cp pictures/top/a.jpg pictures/left/b.jpeg
echo "no picture, and not named as one" >pictures/top/notes.txt

# ---- import, show, train, predict

tool data import pictures --size 12x8 --gray --test-fraction 0.25 -o gray.h5
expect_status 0 "import"
grep -q "46 training and 16 test pictures of 12 x 8, gray, in 2 classes" out ||
    fail "it does not say what it made"
tool data import pictures --size 12x8 --gray --test-fraction 0.25 -o again.h5
for part in train/images train/labels test/images; do
    for file in gray again; do
        h5dump -d $part $file.h5 | sed 1d >$file.txt
    done
    cmp gray.txt again.txt || fail "the same seed gives another $part"
done
tool data import pictures --size 6x5 --output color.h5
expect_status 0 "import in color"
tool data show gray.h5
grep -q "features   96 (12 x 8), uint8" out || fail "show: no extents"
grep -q "left " out || fail "show: no names"
tool data show color.h5 --augment affine
grep -q "training rows 0 to 19, each before and after" out ||
    fail "show: no deformed images"
tool data show color.h5 --augment affine --format png -o deformed.png
expect_status 0 "a picture of deformed images"
[ "$(od -An -tx1 -j16 -N8 deformed.png | tr -d ' ')" = 0000005c00000030 ] ||
    fail "not a picture of 92 x 48 pixels"
tool data show color.h5 --augment affine --format png --seed 2 -o other.png
! cmp -s deformed.png other.png || fail "another seed, the same deformations"
tool data show color.h5 --format png -o other.png
expect_status 64 "a picture of nothing"
tool data convert color.h5 --augment affine -o other.h5
expect_status 64 "deformations that convert would ignore"

team 2 --data gray.h5 --hidden 8 --batch 8 --epochs 30 --checkpoint run
expect_status 0 "training on pictures"
expected=$(digest)
grep -q "^ *left  *[0-9.]* " out || fail "the report has no names"
team 3 --data gray.h5 --hidden 8 --batch 8 --epochs 30 --quiet
[ "$(digest)" = "$expected" ] || fail "three ranks: other weights"
"$mlp" predict run pictures/top/7.png pictures/left/8.png --format tsv >out
[ "$(cut -f 2 out | tr '\n' ' ')" = "prediction top left " ] ||
    fail "predict: not the folders' names"
team 0 --data color.h5 --hidden 8 --batch 8 --epochs 2 --quiet
expect_status 0 "training on pictures in color"

# pictures that differ only in color
mkdir -p hues/red hues/green
python3 - <<'END'
import struct, zlib

def png(path, pixel):
    def chunk(kind, data):
        return (struct.pack(">I", len(data)) + kind + data
                + struct.pack(">I", zlib.crc32(kind + data)))
    rows = (b"\0" + bytes(pixel) * 9) * 7
    with open(path, "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n"
                   + chunk(b"IHDR", struct.pack(">IIBBBBB", 9, 7, 8, 2, 0, 0, 0))
                   + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))

for i in range(20):
    png(f"hues/red/{i}.png", (180 + i, 20, i))
    png(f"hues/green/{i}.png", (20, 180 + i, i))
END
tool data import hues --size 6x8 -o hues.h5
team 0 --data hues.h5 --hidden 8 --batch 8 --epochs 9 --checkpoint hue \
    --log hue/log.jsonl --quiet
expect_status 0 "training on colors"
"$mlp" predict hue hues/red/3.png hues/green/4.png --format tsv >out
[ "$(cut -f 2 out | tr '\n' ' ')" = "prediction red green " ] ||
    fail "predict does not see colors"
"$mlp" predict hue hues/red/3.png --format text >out
[ "$(grep -c . out)" -gt 1 ] || fail "a color is not drawn"
# pictures MODEL CHANNELS COUNT COLOR-TYPE: the report of a model of 6x8 pixels
# has so many pictures of weights, each 6x8 and of this type of PNG.
pictures() {
    "$mlp" report "$1" -o "$1.html" || fail "no report of $2 channels"
    python3 - "$1.html" "$3" "$4" <<'END' || fail "weights of $2 channels"
import base64, re, struct, sys

page = open(sys.argv[1]).read()
weights = page[page.index('<section id="weights"'):]
found = re.findall(r'<img alt="unit[^>]*>', weights)
assert len(found) == int(sys.argv[2]), len(found)
for image in found:
    assert 'width="8" height="6"' in image, image[:99]
    data = base64.b64decode(re.search('base64,([^"]*)', image).group(1))
    assert struct.unpack(">IIBB", data[16:26]) == (8, 6, 8, int(sys.argv[3]))
END
}
team 0 --data hues.h5 --binary --output-activation sigmoid --loss mse --epochs 1 \
    --batch 8 --checkpoint one --quiet
"$mlp" show one >out || fail "one output for two classes with names"
pictures hue 3 8 2 # 8 units in red, green, blue
refuse 64 "--center requires" predict hue hues/red/3.png --center

# two channels: a picture for each
if command -v h5import >/dev/null 2>&1; then
    awk 'BEGIN { for (row = 0; row < 12; row++) for (i = 0; i < 96; i++)
        print (i + row) % 2 * 200 + i % 7 }' >images.txt
    awk 'BEGIN { for (row = 0; row < 12; row++) print row % 2 }' >labels.txt
    for split in train test; do
        for part in images labels; do
            { printf 'PATH %s/%s\nINPUT-CLASS TEXTUIN\n' $split $part
              printf 'INPUT-SIZE 8\nOUTPUT-CLASS UIN\nOUTPUT-SIZE 8\n'
              [ $part = labels ] && printf 'RANK 1\nDIMENSION-SIZES 12\n' ||
                  printf 'RANK 4\nDIMENSION-SIZES 12 6 8 2\n'
            } >$split-$part.conf
        done
    done
    h5import images.txt -c train-images.conf labels.txt -c train-labels.conf \
        images.txt -c test-images.conf labels.txt -c test-labels.conf \
        -o two.h5 >h5import.log || fail "h5import"
    team 0 --data two.h5 --hidden 5 --batch 4 --epochs 1 --checkpoint two \
        --log two/log.jsonl --quiet
    expect_status 0 "training on two channels"
    pictures two 2 10 6 # 5 units, opaque where weights are large
else
    echo "not tried: h5import is not installed"
fi

# ---- convert and split

# same_training SOURCE FILE ARGUMENT...: the file gives the source's weights.
same_training() {
    source=$1 file=$2
    shift 2
    team 0 --data "$source" --epochs 2 --quiet "$@"
    expected=$(digest)
    team 0 --data "$file" --epochs 2 --quiet --scaling "${scaling:-auto}"
    expect_status 0 "training on $file"
    [ "$(digest)" = "$expected" ] || fail "$file: other weights than $source"
}

# rows FILE: of each class, training and test rows.
rows() {
    "$mlp" data show "$1" | awk '/,/ { split_name = $1 }
        NF == 2 && $2 ~ /^[0-9]+$/ { print split_name, $1, $2 }'
}

tool data convert digits -o digits.h5
expect_status 0 "convert"
grep -q "1348 training and 449 test rows of 64 features" out ||
    fail "convert does not say what it made"
same_training digits digits.h5
for source in gray color; do
    tool data convert $source.h5 -o copy.h5
    expect_status 0 "convert of $source pictures"
    for part in train/images test/labels class_names; do
        h5dump -d $part $source.h5 | sed 1d >a.txt
        h5dump -d $part copy.h5 | sed 1d >b.txt
        cmp a.txt b.txt || fail "convert: another $part"
    done
done
cars=$MLP_SOURCE/data/cars.csv
tool data convert "$cars" --label colour -o cars.h5
expect_status 0 "convert of a table"
scaling=standard same_training "$cars" cars.h5 --label colour --scaling auto \
    --batch 128 --dropout 0
tool data show cars.h5
grep -q "silver  *41" out || fail "convert: no names of classes"

# of each class 30%, whatever the seed; the same rows with the same seed
for seed in 1 1 2; do
    tool data split digits.h5 --test-fraction 0.3 --seed $seed -o split.h5
    expect_status 0 "split"
    rows split.h5 >rows-$seed.txt
    h5dump -d train/images split.h5 | sed 1d >now-$seed.txt
    [ ! -e before-$seed.txt ] || cmp now-$seed.txt before-$seed.txt ||
        fail "split: the same seed gives other rows"
    mv now-$seed.txt before-$seed.txt
done
cmp rows-1.txt rows-2.txt || fail "split: not class by class"
! cmp -s before-1.txt before-2.txt || fail "split: the seed changes nothing"
rows digits.h5 >rows.txt
awk '{ if (FILENAME == "rows.txt") all[$2] += $3
       else { now[$2] += $3; if ($1 ~ /test/) test[$2] = $3 } }
    END { for (k in all) if (now[k] != all[k] ||
        test[k] != int(0.3 * all[k] + 0.5)) exit 1 }' rows.txt rows-1.txt ||
    fail "split: rows are lost, or a class has not its share"
tool data split digits.h5 --test-fraction 0 -o split.h5
grep -q "1797 training and 0 test" out || fail "split into one"

# ---- invalid input

refuse 64 "data convert needs --output FILE" data convert digits
refuse 66 "nowhere" data convert nowhere -o no.h5
refuse 64 "--label COLUMN is missing" data convert "$cars" -o no.h5
refuse 64 "--test-fraction" data split digits --test-fraction 0.95 -o no.h5

refuse 64 "--size" data import pictures -o no.h5
refuse 64 "HEIGHTxWIDTH" data import pictures --size 32 -o no.h5
refuse 64 "--output" data import pictures --size 4x4
refuse 66 "nowhere" data import nowhere --size 4x4 -o no.h5
refuse 65 "two classes" data import pictures/top --size 4x4 -o no.h5
refuse 64 "none of import, convert, split" data export pictures
head -c 60 pictures/top/3.png >pictures/top/cut.png
refuse 65 "pictures/top/cut.png" data import pictures --size 4x4 -o no.h5
tool data import pictures --size 4x4 --bad-images skip -o some.h5
expect_status 0 "a bad picture skipped"
grep -q "skipped: pictures/top/cut.png" err || fail "it is not named"
grep -q "1 skipped" out || fail "it is not counted"
mkdir pictures/empty
refuse 65 "pictures/empty: has no" data import pictures --size 4x4 -o no.h5
