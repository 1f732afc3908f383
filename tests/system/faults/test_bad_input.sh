#!/bin/sh
# Errors in data, options or files give one line with the cause and the
# documented exit code, and leave no files behind.
set -eu
# shellcheck source=tests/support/system.sh
. "$MLP_SOURCE/tests/support/system.sh"

limit_seconds=120 # a refusal takes one or two, and more on a busy machine

# expect_one_line TEXT...: one line of our programs on stderr, with all texts.
expect_one_line() {
    # mpirun adds lines of its own, and a crowded machine a note
    [ "$ranks" -gt 0 ] || [ "$(wc -l <err)" -eq 1 ] || fail "not one line"
    said >line
    [ "$(wc -l <line)" -eq 1 ] || fail "not one line of ours"
    for text in "$@"; do
        grep -qF -e "$text" line || fail "expected on stderr: $text"
    done
}

expect_nothing_left() {
    for file in new.jsonl new.json new/ckpt-*; do
        [ ! -e "$file" ] || fail "$1: leaves $file"
    done
}

# refuse RANKS CODE TEXTS ARGUMENT...: that exit code, and one line with each
# of the TEXTS, which are separated by bars.
refuse() {
    ranks=$1 code=$2 texts=$3
    shift 3
    team "$ranks" --epochs 1 --hidden 4 --log new.jsonl --timeline new.json "$@"
    expect_status "$code" "$* on $ranks"
    before=$IFS
    IFS='|'
    # shellcheck disable=SC2086 # the texts are words
    expect_one_line $texts
    IFS=$before
    expect_nothing_left "$* on $ranks"
}

# refuse_all CODE TEXTS ARGUMENT...: alone, and on three ranks.
refuse_all() {
    refuse 0 "$@"
    refuse 3 "$@"
}

echo "options that contradict the rows"
refuse_all 64 "--warmup 1000steps|not below the 11 steps" --data digits \
    --warmup 1000steps
refuse_all 64 "--validation 0.0007 of the 1348 training rows" --data digits \
    --validation 0.0007 --patience 3
team 0 --data digits --validation 0.00075 --split last --epochs 1
grep -q "(1347 train, 1 validation" out || fail "one row is enough to validate"
refuse_all 64 "--patience goes by validation rows" --data digits --patience 3
refuse_all 64 "--schedule plateau goes by validation rows" --data digits \
    --schedule plateau
refuse_all 64 "--split last requires rows to hold out" --data digits --split last
refuse_all 64 "--split group:x requires a table" --data digits \
    --validation 0.1 --split group:x
refuse_all 64 "is none of random" --data digits --validation 0.1 --split group:
refuse_all 64 "exclude each other" --data digits --validation 0.1 \
    --validation-data rows.csv
team 0 --data digits --patience 3 --epochs 1 --split seed
grep -q "patience without --validation monitors the training rows" err ||
    fail "it does not say what --patience monitors"

echo "missing data"
refuse_all 66 "nowhere|No such file" --data nowhere
mkdir empty
refuse 0 66 "empty|train-images-idx3-ubyte" --data empty
idx_directory lacks-one
rm lacks-one/t10k-labels-idx1-ubyte
refuse_all 66 "lacks-one|t10k-labels-idx1-ubyte" --data lacks-one

images=train-images-idx3-ubyte
labels=train-labels-idx1-ubyte

echo "damaged .gz"
idx_directory packed
head -c 640 /dev/urandom >noise # so that it packs into more than a few bytes
{ head -c 16 packed/$images && cat noise; } | gzip -c >whole.gz
rm packed/$images
head -c 300 whole.gz >packed/$images.gz
refuse_all 65 "packed/$images.gz" --data packed
flip_byte() {
    old=$(od -An -tu1 -j "$2" -N 1 "$1")
    # shellcheck disable=SC2059 # the format is the byte
    printf "$(printf '\\%03o' $((255 - old)))" |
        dd of="$1" bs=1 seek="$2" conv=notrunc 2>/dev/null
}
cp whole.gz packed/$images.gz
flip_byte packed/$images.gz 400
refuse_all 65 "packed/$images.gz" --data packed
cp whole.gz packed/$images.gz
flip_byte packed/$images.gz $(($(wc -c <whole.gz) - 6)) # in its checksum
refuse_all 65 "packed/$images.gz" --data packed

# damage FILE COMMAND...: a valid directory, except for the command's output.
damage() {
    damaged=$1
    shift
    rm -rf bad
    idx_directory bad
    "$@" >bad/"$damaged"
}

echo "damaged IDX files"
shortened() { idx_images 40 | head -c 600; }
damage $images shortened
refuse_all 65 "bad/$images|656|600" --data bad
longer() { idx_images 40 && echo; }
damage $images longer
refuse 0 65 "bad/$images|656|657" --data bad
only_magic() { be32 2051; }
damage $images only_magic
refuse 0 65 "bad/$images" --data bad
damage $images true # of 0 bytes
refuse 0 65 "bad/$images" --data bad
other_magic() { printf '\211PNG' && idx_images 40 | tail -c +5; }
damage $images other_magic
refuse_all 65 "bad/$images|00000803|89504e47" --data bad
damage $labels idx_images 40
refuse 0 65 "bad/$labels|00000801|00000803" --data bad
damage $labels idx_labels 39
refuse_all 65 "bad/$labels|40|39|bad/$images" --data bad
damage t10k-labels-idx1-ubyte idx_labels 13
refuse 0 65 "bad/t10k-labels-idx1-ubyte|12|13" --data bad
damage $images idx_images 0
refuse_all 65 "bad/$images|at least 1|to be 0" --data bad
huge() { be32 2051 && be32 4294967295 && be32 65535 && be32 65535; }
damage $images huge
refuse 0 65 "bad/$images" --data bad
other_size() { be32 2051 && be32 12 && be32 2 && be32 2 && head -c 48 noise; }
damage t10k-images-idx3-ubyte other_size
refuse 0 65 "bad/t10k-images-idx3-ubyte|16|4" --data bad

echo "labels out of range"
high_label() { idx_labels 39 && printf '\007'; }
high_labels() { be32 2049 && be32 40 && high_label | tail -c 40; }
damage $labels high_labels
# Only the last of three ranks has the last row.
refuse_all 65 "bad|row 39|below 5|found 7" --data bad --classes 5
refuse 3 65 "rank 2" --data bad --classes 5
damage t10k-labels-idx1-ubyte true
{ be32 2049 && be32 12 && head -c 11 /dev/zero && printf '\011'; } \
    >bad/t10k-labels-idx1-ubyte
refuse 0 65 "bad|test row 11|below 3|found 9" --data bad
{ be32 2049 && be32 40 && head -c 40 /dev/zero; } >bad/$labels
refuse 0 65 "bad|one class" --data bad

echo "a file that is not a data set"
team 0 --data digits --epochs 1 --hidden 4 --checkpoint saved
expect_status 0 "a run to be damaged"
checkpoint=$(ls saved/ckpt-*.h5)
refuse_all 65 "$checkpoint|train/images" --data "$checkpoint"
refuse 0 65 "noise" --data noise
refuse 0 65 "/dev/null|regular file" --data /dev/null

echo "invalid options"
refuse_all 64 "--scaling|mean|minmax" --data digits --scaling mean
refuse_all 64 "--sparse always|--scaling" --data digits --sparse always \
    --scaling standard
refuse_all 64 "--hiden|--hidden" --hiden 4
refuse 0 64 "words" words
refuse 0 64 "--lr" --lr
refuse_all 64 "--output-activation softmax|--loss cross-entropy" --loss mse \
    --output-activation softmax
refuse 0 64 "nesterov|--momentum" --optimizer nesterov --momentum 0
refuse 0 64 "--resume|--checkpoint" --resume
for argument in "batch 0" "batch -1" "batch 1e9x" "epochs many" "lr nan" \
    "lr inf" "lr 0" "lr 1e999" "hidden 0" "hidden 4,,4" "momentum 1" \
    "classes 1" "validation 1" "seed 99999999999999999999" "loss other"; do
    refuse 0 64 "--${argument% *}" "--${argument% *}" "${argument#* }"
done
refuse 3 64 "--lr|nan" --lr nan
echo "lr = 0.1
hiden = 4" >mistake.conf
refuse 0 64 "mistake.conf|2|hiden|hidden" --config mistake.conf
refuse 0 66 "nothing.conf" --config nothing.conf

echo "more ranks than rows or shards"
refuse 3 64 "3 ranks|batch of 2 rows|--batch" --data digits --batch 2
refuse 3 64 "--shards 2|3 ranks" --data digits --shards 2

echo "invalid checkpoint directories"
refuse 0 74 "noise" --data digits --checkpoint noise
refuse_all 74 "noise/new" --data digits --checkpoint noise/new
if [ "$(id -u)" -ne 0 ]; then
    mkdir read-only
    chmod 555 read-only
    refuse_all 74 "read-only" --data digits --checkpoint read-only
    refuse_all 74 "read-only" --data digits --checkpoint read-only/new
else
    refuse_all 74 "/proc/new" --data digits --checkpoint /proc/new
fi
mkdir small
if mount -t tmpfs -o size=64k tmpfs small 2>/dev/null; then
    trap 'umount "$place/small" 2>/dev/null || true; clean_up' EXIT
    refuse_all 74 "small|free" --data digits --checkpoint small
    head -c 65536 /dev/zero >small/full 2>/dev/null || true
    refuse 0 74 "small" --data digits --checkpoint small
    umount small
else
    echo "skipped: a full checkpoint directory, for want of the right to mount"
fi

echo "records that cannot be written"
refuse_all 74 "nowhere/log" --data digits --log nowhere/log
refuse 0 74 "noise/log" --data digits --log noise/log
refuse_all 74 "nowhere/trace" --data digits --timeline nowhere/trace
refuse 0 74 "noise/trace" --data digits --timeline noise/trace
refuse 0 74 "empty" --data digits --log empty
refuse_all 74 "noise/board" --data digits --tensorboard noise/board

# /dev/full as a full disk, through links, so that no device is replaced.
ln -s /dev/full full
for option in log trace; do
    rm -f new.json new.jsonl
    team 0 --data digits --epochs 1 --hidden 4 --$option full
    expect_status 74 "--$option on a full disk"
    ranks=0 && expect_one_line "full" "No space left"
    [ -L full ] || fail "--$option removes a link that it did not make"
done

echo "results without a reader"
for ranks in 0 3; do
    set -- "$program"
    [ "$ranks" -eq 0 ] ||
        set -- mpirun --oversubscribe --bind-to none -np 3 sh -c \
            "exec \"\$0\" \"\$@\" >/dev/full" "$program"
    for option in "" --quiet --profile; do
        status=0
        # shellcheck disable=SC2086 # no option is no word
        timeout "$limit_seconds" "$@" --data digits --epochs 1 --hidden 4 $option \
            >/dev/full 2>err </dev/null || status=$?
        : >out
        expect_status 74 "${option:-training} on a full disk, $ranks ranks"
        expect_one_line "standard output"
    done
done

echo "a reader that has ended: the training ends, and is saved"
write_unread
for ranks in 0 3; do
    set --
    [ "$ranks" -eq 0 ] || set -- mpirun --oversubscribe --bind-to none -np 3
    for option in "" --quiet --profile; do
        status=0
        rm -rf saved-unread
        # shellcheck disable=SC2086 # no option is no word
        timeout 60 "$@" sh unread.sh "$program" --data digits --epochs 3 \
            --hidden 4 --checkpoint saved-unread $option >out 2>err </dev/null ||
            status=$?
        expect_status 74 "${option:-training} without a reader, $ranks ranks"
        expect_one_line "standard output" "Broken pipe"
        [ -e saved-unread/ckpt-000003-00000033.h5 ] || fail "nothing is saved"
    done
done
ranks=0 status=0
rm -rf saved-unread
sh unread.sh "$program" --data digits --epochs 3 --hidden 4 --max-steps 5 \
    --checkpoint saved-unread >out 2>err || status=$?
expect_status 75 "stopped without a reader"
# Output must not get into the first file that is opened.
rm -rf saved-unread
status=0
"$program" --data digits --epochs 3 --hidden 4 --checkpoint saved-unread \
    >&- 2>err || status=$?
expect_status 74 "a closed standard output"
expect_one_line "standard output"
"$MLP_BUILD/mlp" verify saved-unread >out || fail "damaged by what is printed"
status=0
"$program" --data digits --epochs 1 --hidden 4 --log log-unread >&- 2>&- ||
    status=$?
expect_status 74 "no standard streams"
[ "$(head -c 1 log-unread)" = "{" ] || fail "printed into the log"

for option in --help --version; do
    status=0
    "$program" $option >/dev/full 2>err </dev/null || status=$?
    expect_status 74 "$option on a full disk"
    expect_one_line "standard output"
done

echo "the only checkpoint is damaged"
flip_byte "$checkpoint" 9000
refuse_all 65 "saved" --data digits --checkpoint saved --resume
[ -e "$checkpoint" ] || fail "the damaged checkpoint is gone"

echo "if one rank lacks a file, the message names the rank"
idx_directory there
cat >on_one.sh <<'END'
MLP_DATA=there
[ "$OMPI_COMM_WORLD_RANK" -ne 1 ] || MLP_DATA=not-there
export MLP_DATA
exec "$@"
END
status=0
timeout "$limit_seconds" mpirun --oversubscribe --bind-to none -np 3 sh on_one.sh \
    "$program" --epochs 1 --hidden 4 --log new.jsonl >out 2>err </dev/null ||
    status=$?
expect_status 66 "data missing on rank 1"
ranks=3 && expect_one_line "rank 1" "not-there"
expect_nothing_left "data missing on rank 1"

echo "help and version, once"
for option in --help --version; do
    team 0 $option
    expect_status 0 "$option"
    [ ! -s err ] || fail "$option: complains"
    mv out alone
    team 3 $option
    expect_status 0 "$option on three ranks"
    cmp out alone || fail "$option differs on three ranks"
done
