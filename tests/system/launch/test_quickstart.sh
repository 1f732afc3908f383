#!/bin/sh
# From a clean clone to a result, twice, as a newcomer runs it.
set -eu

if ! git -C "$MLP_SOURCE" rev-parse --git-dir >/dev/null 2>&1; then
    echo "SKIP: git cannot read $MLP_SOURCE, so there is nothing to clone"
    exit 77
fi
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
cd "$place"
# A clone has the committed files only.
git clone --quiet "$MLP_SOURCE" mlp

fail() {
    echo "$1"
    cat log
    exit 1
}

# quickstart: output goes to log, the digest of the weights to digest.
quickstart() {
    MLP_QUICKSTART_ARGS="--epochs 1" sh mlp/jobs/quickstart.sh >log 2>&1 ||
        fail "quickstart failed"
    digest=$(sed -n 's/^weights sha256 //p' log)
    [ -n "$digest" ] || fail "quickstart printed no digest"
    [ -s mlp/runs/quickstart/log.jsonl ] || fail "quickstart left no log"
    [ "$(find mlp/runs/quickstart -name 'ckpt-*.h5' | wc -l)" -eq 1 ] ||
        fail "quickstart left other than the one checkpoint of one epoch"
}

echo "first run, on present data"
MLP_DATA=digits quickstart
first=$digest

echo "second run, without downloads"
unset MLP_DATA
MLP_MIRRORS=http://127.0.0.1:9 quickstart
grep -q "built-in digits" log || fail "it does not say what it trains on"
[ "$digest" = "$first" ] || fail "the weights differ: $first"

git -C mlp status --porcelain >log
[ ! -s log ] || fail "quickstart left files that git does not ignore"
