#!/bin/sh
# Every reader of files and options returns for any input: libFuzzer
# mutates the corpus under AddressSanitizer and UBSan, seconds each, 10 minutes
# each in the full setting, or MLP_FUZZ_SECONDS. Arguments select readers. The
# unit tests fuzz_* only replay the corpus.
set -eu
# shellcheck source=tests/support/system.sh
. "$MLP_SOURCE/tests/support/system.sh"

seconds=4
! is_full || seconds=600
seconds=${MLP_FUZZ_SECONDS:-$seconds}

command -v clang >/dev/null 2>&1 || skip "clang is not installed"
cat >probe.c <<'END'
int LLVMFuzzerTestOneInput(const char *data, unsigned long size)
{
    return data == (const char *)size;
}
END
clang -fsanitize=fuzzer,address probe.c -o probe >out 2>err ||
    skip "libFuzzer of clang is not installed (libclang-rt-14-dev)"

# shellcheck disable=SC2046 # a list of words
[ $# -gt 0 ] || set -- $(cd "$MLP_SOURCE/tests/fuzz" &&
    printf "%s\n" fuzz_*.c | sed 's/^fuzz_//; s/\.c$//; /^children$/d')
build=$MLP_BUILD/fuzz
mkdir -p "$build"
targets=
for reader in "$@"; do
    targets="$targets fuzz_$reader"
done
# shellcheck disable=SC2086 # a list of words
{
    CC=clang cmake -S "$MLP_SOURCE" -B "$build" \
        -DMLP_SANITIZE=address,undefined,fuzzer-no-link &&
        cmake --build "$build" --parallel "$(nproc 2>/dev/null || echo 2)" \
            --target test_children $targets
} >out 2>err || fail "the build"
"$build/tests/fuzz/test_children" >out 2>err ||
    fail "whose fault the death of a child was"

# mutate READER: output goes to READER.out and READER.err.
mutate() {
    found=$build/found/$1 # grows from run to run
    mkdir -p "$found"
    leaks=1
    case $1 in
    checkpoint | hdf5* | keras) leaks=0 ;; # HDF5's own would be looked for each time
    esac
    "$build/tests/fuzz/fuzz_$1" -max_total_time="$seconds" -timeout=60 \
        -rss_limit_mb=1024 -malloc_limit_mb=1000000000 \
        -max_len=32768 -detect_leaks=$leaks \
        -artifact_prefix="$found-" -print_final_stats=1 \
        "$found" "$MLP_SOURCE/tests/fuzz/corpus/$1" \
        >"$1.out" 2>"$1.err" </dev/null
}

# check_code READER CODE
check_code() {
    cp "$1.out" out
    cp "$1.err" err
    [ "$2" -eq 0 ] || fail "fuzz_$1: code $2; see $build/found/$1-*"
    echo "$1: $(sed -n 's/stat::number_of_executed_units: *//p' err)" \
        "inputs in $seconds s, all came back"
}

# Run two fuzzers at a time, as each has one thread.
while [ $# -gt 0 ]; do
    mutate "$1" &
    second=${2:-}
    second_status=0
    [ -z "$second" ] || mutate "$second" || second_status=$?
    status=0
    wait $! || status=$?
    check_code "$1" "$status"
    [ -z "$second" ] || check_code "$second" "$second_status"
    shift
    [ $# -eq 0 ] || shift
done
