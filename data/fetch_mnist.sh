#!/bin/sh
# Fetch the four MNIST files and check their content.
#
#     sh data/fetch_mnist.sh [--from DIRECTORY_OR_URL] [TARGET_DIRECTORY]
#
# TARGET_DIRECTORY   default: mnist, beside this script
# --from             take the files (plain or .gz) from a directory, or from a
#                    URL that ends before the file names, and from nowhere else
# MLP_MIRRORS        in the environment: URLs to use instead of the mirrors
#
# An interrupted download is resumed. Exit status: 0 all files are there and
# correct, 64 wrong usage, 66 they are not available.
set -eu

mirrors='https://storage.googleapis.com/cvdf-datasets/mnist
https://ossci-datasets.s3.amazonaws.com/mnist
http://yann.lecun.com/exdb/mnist'
mirrors=${MLP_MIRRORS:-$mirrors}

# SHA-256 of the uncompressed file, and its name. (Archives of the same content
# have different time stamps.)
files='
ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db train-images-idx3-ubyte
65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5 train-labels-idx1-ubyte
0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7 t10k-images-idx3-ubyte
ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2 t10k-labels-idx1-ubyte
'
connect_seconds=8

say() { printf 'fetch_mnist: %s\n' "$*"; }

fail() {
    status=$1
    shift
    printf 'fetch_mnist: error: %s\n' "$*" >&2
    exit "$status"
}

usage() {
    fail 64 "usage: sh fetch_mnist.sh [--from DIRECTORY_OR_URL] [TARGET_DIRECTORY]"
}

sha256() {
    if command -v sha256sum >/dev/null 2>&1; then
        sha256sum
    else
        shasum -a 256
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
is_right() { [ -f "$1" ] && [ "$(unpack "$1" | sha256)" = "$2" ]; }

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

# from_mirror URL NAME SUM: leave NAME.gz in the target if the mirror has it.
from_mirror() {
    part=$target/$2.gz.part
    if { [ -s "$part" ] && go_on "$1/$2.gz" "$part" "$3"; } ||
        { [ ! -s "$part" ] && fetch "$1/$2.gz" "$part" "$3"; }; then
        mv "$part" "$target/$2.gz"
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
while [ $# -gt 0 ]; do
    case $1 in
    --from)
        from=${2-}
        [ -n "$from" ] || usage
        shift
        ;;
    --from=?*) from=${1#--from=} ;;
    -*) usage ;;
    *)
        [ -z "$target" ] || usage
        target=$1
        ;;
    esac
    shift
done
case $from in
'' | *://*) ;;
*) [ -d "$from" ] || fail 66 "$from: no such directory" ;;
esac
target=${target:-$(dirname "$0")/mnist}
mkdir -p "$target" || fail 66 "$target: cannot be made"

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

if [ "$fetched" -eq 0 ]; then
    say "$target is already complete"
else
    say "$target is complete, all checksums match"
fi
