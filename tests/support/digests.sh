# shellcheck shell=sh
# Runs that must come to the same weights: source it after system.sh.

runs=0 # that had the expected digest

# expect_digest RANKS THREADS ARGUMENT...: the digest must be $expected.
expect_digest() {
    ranks=$1 threads=$2
    shift 2
    team "$ranks" --threads "$threads" --quiet "$@"
    expect_status 0 "$ranks ranks, $threads threads: $*"
    [ "$(digest)" = "$expected" ] ||
        fail "$ranks ranks, $threads threads: other weights than $expected: $*"
    runs=$((runs + 1))
}

# begin ARGUMENT...: set $expected to the digest of one rank and thread.
begin() {
    echo "$*"
    team 0 --threads 1 --quiet "$@"
    expect_status 0 "$*"
    expected=$(digest)
    [ ${#expected} -eq 64 ] || fail "no digest: $*"
}
