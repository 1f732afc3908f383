#!/bin/sh
# Fetch the four files of MNIST, or of a set like it, and check their content.
#
#     sh data/fetch_mnist.sh [--set NAME] [--from DIRECTORY_OR_URL]
#         [TARGET_DIRECTORY]
#
# --set              mnist (default), fashion, kmnist, or emnist-SPLIT with
#                    SPLIT one of balanced, byclass, bymerge, digits, letters,
#                    mnist: from an archive of 560 MB, which is kept and needs
#                    unzip
# TARGET_DIRECTORY   default: the set's name, beside this script
# --from             take the files (plain or .gz) from a directory, or from a
#                    URL that ends before the file names, and from nowhere else;
#                    all but MNIST as the .gz files, or the archive, that their
#                    makers distribute
# MLP_MIRRORS        in the environment: URLs to use instead of the mirrors
# MLP_SUMS           likewise: checksums and names instead of the set's
#
# An interrupted download is resumed. Exit status: 0 all files are there and
# correct, 64 wrong usage, 66 they are not available.
set -eu

# set_mnist, set_fashion ...: $mirrors, and $files with the checksum and name of
# each file: SHA-256 of its uncompressed content (archives of the same content
# have different time stamps), or, as the makers of other sets publish it, "md5:"
# and the MD5 of the .gz file, or of the archive, itself.
set_mnist() {
    mirrors='https://storage.googleapis.com/cvdf-datasets/mnist
https://ossci-datasets.s3.amazonaws.com/mnist
http://yann.lecun.com/exdb/mnist'
    files='
ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db train-images-idx3-ubyte
65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5 train-labels-idx1-ubyte
0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7 t10k-images-idx3-ubyte
ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2 t10k-labels-idx1-ubyte
'
}
set_fashion() {
    mirrors='http://fashion-mnist.s3-website.eu-central-1.amazonaws.com
https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion'
    files='
md5:8d4fb7e6c68d591d4c3dfef9ec88bf0d train-images-idx3-ubyte
md5:25c81989df183df01b3e8a0aad5dffbe train-labels-idx1-ubyte
md5:bef4ecab320f06d8554ea6380940ec79 t10k-images-idx3-ubyte
md5:bb300cfdad3c16e7a12a480ee83cd310 t10k-labels-idx1-ubyte
'
}
set_kmnist() {
    mirrors='http://codh.rois.ac.jp/kmnist/dataset/kmnist'
    files='
md5:bdb82020997e1d708af4cf47b453dcf7 train-images-idx3-ubyte
md5:e144d726b3acfaa3e44228e80efcd344 train-labels-idx1-ubyte
md5:5c965bf0a639b31b8f53240b1b52f4d7 t10k-images-idx3-ubyte
md5:7320c461ea6c1c855c0b718fb2a4b134 t10k-labels-idx1-ubyte
'
}
set_emnist() {
    mirrors='https://biometrics.nist.gov/cs_links/EMNIST'
    files='
md5:58c8d27c78d21e728a6bc7b3cc06412e gzip.zip
'
}
connect_seconds=8

say() { printf 'fetch_mnist: %s\n' "$*"; }

fail() {
    status=$1
    shift
    printf 'fetch_mnist: error: %s\n' "$*" >&2
    exit "$status"
}

usage() {
    fail 64 "usage: sh fetch_mnist.sh [--set NAME] [--from DIRECTORY_OR_URL]" \
        "[TARGET_DIRECTORY]"
}

sha256() {
    if command -v sha256sum >/dev/null 2>&1; then
        sha256sum
    else
        shasum -a 256
    fi | cut -d ' ' -f 1
}

md5() {
    if command -v md5sum >/dev/null 2>&1; then
        md5sum
    else
        command md5 -q
    fi | cut -d ' ' -f 1
}

# unpack FILE: its content, compressed or not.
unpack() {
    if gzip -t "$1" 2>/dev/null; then
        gzip -dc "$1"
    else
        cat "$1"
    fi
}

# is_right FILE SUM: the file is there and has this content.
is_right() {
    [ -f "$1" ] || return 1
    case $2 in
    md5:*) [ "$(md5 <"$1")" = "${2#md5:}" ] ;;
    *) [ "$(unpack "$1" | sha256)" = "$2" ] ;;
    esac
}

# packed NAME: under which name mirrors have a file.
packed() {
    case $1 in
    *.zip) echo "$1" ;;
    *) echo "$1.gz" ;;
    esac
}

# download URL FILE: get a file, or the rest of it.
download() {
    if command -v curl >/dev/null 2>&1; then
        curl --fail --silent --show-error --location --continue-at - \
            --connect-timeout "$connect_seconds" --speed-limit 1000 \
            --speed-time 30 --output "$2" "$1"
    elif command -v wget >/dev/null 2>&1; then
        wget --quiet --continue --tries=1 --output-document="$2" \
            --dns-timeout="$connect_seconds" \
            --connect-timeout="$connect_seconds" --read-timeout=30 "$1"
    else
        fail 66 "needs curl or wget"
    fi
}

# go_on URL FILE SUM: resume an interrupted download. On failure the file is kept
# when the network failed, and removed when it is useless.
go_on() {
    say "going on with $1"
    code=0
    download "$1" "$2" || code=$?
    if is_right "$2" "$3"; then
        return 0
    fi
    case $code in
    0 | 8 | 22 | 33 | 36) rm -f "$2" ;; # wrong, or the server cannot resume
    esac
    return 1
}

# fetch URL FILE SUM: from the first byte.
fetch() {
    say "fetching $1"
    download "$1" "$2" || return 1
    if ! is_right "$2" "$3"; then
        say "$1 has wrong content and is discarded"
        rm -f "$2"
        return 1
    fi
}

# from_mirror URL NAME SUM: leave it packed in the target if the mirror has it.
from_mirror() {
    whole=$(packed "$2")
    part=$target/$whole.part
    if { [ -s "$part" ] && go_on "$1/$whole" "$part" "$3"; } ||
        { [ ! -s "$part" ] && fetch "$1/$whole" "$part" "$3"; }; then
        mv "$part" "$target/$whole"
    else
        [ -s "$part" ] || rm -f "$part"
        return 1
    fi
}

# from_directory DIRECTORY NAME SUM: copy NAME or NAME.gz, whichever is right.
from_directory() {
    for name in "$2" "$2.gz"; do
        if is_right "$1/$name" "$3"; then
            say "copying $1/$name"
            cp "$1/$name" "$target/$name.part" &&
                mv "$target/$name.part" "$target/$name"
            return
        fi
    done
    say "$1 has no $2, plain or .gz, with the right content"
    return 1
}

# get NAME SUM: from a directory, a URL or the first mirror that has it.
get() {
    if [ -d "$from" ]; then
        from_directory "$from" "$1" "$2"
        return
    fi
    for mirror in ${from:-$mirrors}; do
        if from_mirror "${mirror%/}" "$1" "$2"; then
            return 0
        fi
    done
    return 1
}

from=
target=
set=mnist
while [ $# -gt 0 ]; do
    case $1 in
    --from)
        from=${2-}
        [ -n "$from" ] || usage
        shift
        ;;
    --from=?*) from=${1#--from=} ;;
    --set)
        set=${2-}
        [ -n "$set" ] || usage
        shift
        ;;
    --set=?*) set=${1#--set=} ;;
    -*) usage ;;
    *)
        [ -z "$target" ] || usage
        target=$1
        ;;
    esac
    shift
done
case $set in
mnist | fashion | kmnist) "set_$set" ;;
emnist-balanced | emnist-byclass | emnist-bymerge | emnist-digits | \
    emnist-letters | emnist-mnist) set_emnist ;;
*) fail 64 "--set: \"$set\" is none of mnist, fashion, kmnist and" \
    "emnist-balanced, -byclass, -bymerge, -digits, -letters, -mnist" ;;
esac
mirrors=${MLP_MIRRORS:-$mirrors}
files=${MLP_SUMS:-$files}
case $from in
'' | *://*) ;;
*) [ -d "$from" ] || fail 66 "$from: no such directory" ;;
esac
target=${target:-$(dirname "$0")/$set}
mkdir -p "$target" || fail 66 "$target: cannot be created"

# have NAME SUM: the target has the file already. A file of this name with other
# content is not deleted, but refused, as mlp_train would read it.
have() {
    for name in "$1" "$1.gz"; do
        if [ -e "$target/$name" ]; then
            is_right "$target/$name" "$2" ||
                fail 66 "$target/$name has other content; move it away first"
            return 0
        fi
    done
    return 1
}

fetched=0
while read -r sum file; do
    if [ -n "$file" ] && ! have "$file" "$sum"; then
        get "$file" "$sum" || fail 66 "$file could not be had;" \
            "with a copy elsewhere: sh $0 --from DIRECTORY_OR_URL"
        fetched=$((fetched + 1))
    fi
done <<EOF
$files
EOF

# EMNIST's archive has the files of all splits. Its images lie transposed, and
# stay so.
unpack_split() {
    command -v unzip >/dev/null 2>&1 || fail 66 "needs unzip"
    for part in train-images-idx3 train-labels-idx1 test-images-idx3 \
        test-labels-idx1; do
        file=$set-$part-ubyte.gz
        [ ! -f "$target/$file" ] || continue
        unzip -p "$target/gzip.zip" "gzip/$file" >"$target/$file.part" ||
            fail 66 "$target/gzip.zip has no gzip/$file"
        mv "$target/$file.part" "$target/$file"
    done
}
case $set in
emnist-*) unpack_split ;;
esac

if [ "$fetched" -eq 0 ]; then
    say "$target is already complete"
else
    say "$target is complete, all checksums match"
fi
