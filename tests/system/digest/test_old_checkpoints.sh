#!/bin/sh
# Files of older versions keep their meaning: the runs of tests/fixtures are
# evaluated, verified, replayed, reported, and resumed to the pinned weights, by
# this version and by a later one with an additional option, a scalar of
# checkpoints and a column of the history.
set -eu
# shellcheck source=tests/support/system.sh
. "$MLP_SOURCE/tests/support/system.sh"

fixtures=$MLP_SOURCE/tests/fixtures
# shellcheck disable=SC2034 # rows of the table name it
cars=$MLP_SOURCE/data/cars.csv

# tool WORD...: mlp of the build under test must succeed.
tool() {
    "$(dirname "$program")/mlp" "$@" >out 2>err </dev/null ||
        fail "$version: mlp $*"
}

# resume RANKS: resume the run in `run` to its end.
resume() {
    team "$1" --checkpoint run --resume --data "$data" --quiet --keep 100
    expect_status 0 "$version resumes $name on $1 ranks"
    [ "$(digest)" = "$weights" ] ||
        fail "$version: $name ends with weights $(digest), not $weights"
}

# begin: copy the run as its version left it.
begin() {
    rm -rf run
    cp -r "$fixtures/$name" run
    chmod -R u+w run
}

# newest_step: the last step of the checkpoints in `run`.
newest_step() {
    find run -name 'ckpt-*' | sort | sed -n '$s/.*-0*\([0-9]*\)\.h5$/\1/p'
}

check_run() {
    begin
    stopped=$(newest_step)
    tool eval run --data "$data"
    grep -q "^loss  *$loss$" out || fail "$version: $name has another loss"
    tool verify run
    grep -q "^2 of 2 checkpoints whole, 1 parents verified" out ||
        fail "$version: the chain of $name is not verified"
    tool report run --data "$data" --output report.html
    [ -s report.html ] || fail "$version: no report of $name"
    for start in "" "--from 0"; do
        # shellcheck disable=SC2086 # a list of words
        team 2 --replay run --data "$data" $start
        expect_status 0 "$version replays $name $start"
        grep -q "digests are the same, . of them of weights alone: an earlier" \
            out || fail "$version: the replay of $name does not say what it did"
    done
    resume 2
    tool verify run
    # What this version added to the chain is compared in full.
    team 0 --replay run --data "$data" --from "$stopped"
    expect_status 0 "$version replays its own part of $name"
    grep -q "all .* digests of states are the same" out ||
        fail "$version: states of its own are not compared: $name"
    begin
    resume 0
}

# each_run COMMAND: with $name, $data, $weights and $loss of each.
each_run() {
    while read -r name data weights loss; do
        case $name in '#'*) continue ;; esac
        eval "data=$data" # for $cars
        "$1"
    done <"$fixtures/runs.txt"
}

version="this version"
each_run check_run

# ---- the later version

python3 "$MLP_SOURCE/tests/support/later_version.py" "$MLP_SOURCE" later ||
    fail "no later version can be made of these sources"
{
    cmake -S later -B later/build -DBUILD_TESTING=OFF \
        -DCMAKE_BUILD_TYPE=Debug &&
        cmake --build later/build --target mlp_train mlp \
            --parallel "$(nproc 2>/dev/null || echo 2)"
} >out 2>err || fail "the later version does not build"
this=$program
program=$place/later/build/mlp_train
version="a later version"

# A saved file has the option, with the value that its absence meant; and the
# file can be read again.
check_later() {
    begin
    team 0 --checkpoint run --resume --data "$data" --quiet \
        --max-steps "$(($(newest_step) + 3))"
    expect_status 75 "$version stops $name"
    tool show run --format json
    ! grep -q '"dummy":"new"' out ||
        fail "$version takes its default for $name"
    resume 2
    tool show run --format json
    grep -q '"dummy":"old"' out ||
        fail "$version does not store what $name meant"
}
each_run check_run
each_run check_later

# A new run has the new default, hence another digest; with the old value it is
# the run of this version.
state_of() { sed -n 's/^state sha256 *//p' out; }
rm -rf new old
team 0 --data digits --epochs 1 --checkpoint new --quiet
weights=$(digest)
tool show new
new=$(state_of)
team 0 --data digits --epochs 1 --checkpoint old --quiet --dummy-word past
[ "$(digest)" = "$weights" ] || fail "a dummy changes weights"
tool show old
old=$(state_of)
[ "$old" != "$new" ] || fail "a state's digest leaves out a new default"
program=$this
version="this version"
rm -rf new
team 0 --data digits --epochs 1 --checkpoint new --quiet
tool show new
[ "$old" = "$(state_of)" ] ||
    fail "an option that did not exist is in a state's digest"
# This version reads the parts that it knows, if the others have no effect.
tool eval old --data digits
echo "all runs of older versions end with the pinned digests"
