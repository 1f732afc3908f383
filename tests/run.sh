#!/bin/sh
# Build everything and run every test.
#
#     sh tests/run.sh           all tests
#     sh tests/run.sh --unit    unit tests only, without sanitizers
#     sh tests/run.sh --full    all tests, with their long settings; and where
#                               MPICH is installed, digests and ranks with it
#     sh tests/run.sh --changed [REF]
#                               what the difference to REF touches, without
#                               sanitizers: tests of changed rooms, quick tests
#                               of rooms that include them, changed tests, and
#                               quick lints. REF is HEAD; where nothing differs
#                               from HEAD, the commit before it.
#
# Works from any directory, as root or not, and again and again. Installs what
# is missing where it may. Builds in build/test and build/asan. The last line
# is "N passed, N failed, N skipped"; the exit status is 1 if any failed. Before
# it stand the ten slowest tests and the CPU time that all of it took: 20
# minutes for the tests of the quick setting are the most.
set -eu
exec </dev/null # mpirun would eat the terminal's input

usage() { sed -n '2,/^set/s/^# \{0,1\}//p' "$0"; }

source_dir=$(cd "$(dirname "$0")/.." && pwd)
labels='unit|mpi|system|lint|python'
is_full=OFF
test_target=all
asan_labels=unit asan_target=unit_tests
changed=
case ${1:-} in
'') ;;
--unit) labels=unit test_target=unit_tests asan_labels='' ;;
--changed)
    asan_labels=''
    changed=${2:-HEAD}
    ;;
--full)
    asan_labels='unit|mpi' asan_target=all
    MLP_TEST_FULL=1
    export MLP_TEST_FULL
    is_full=ON
    ;;
--help)
    usage
    exit 0
    ;;
*)
    usage >&2
    exit 64
    ;;
esac

cores=$(nproc 2>/dev/null || echo 2)
results=
# Outside ctest too (jobs that tests start): mpirun refuses root without these.
if [ "$(id -u)" -eq 0 ]; then
    export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
fi

# build NAME TARGETS [CMAKE OPTION...]
build() {
    build_dir=$source_dir/build/$1
    targets=$2
    shift 2
    echo "== building in $build_dir"
    mkdir -p "$build_dir"
    # shellcheck disable=SC2086 # targets are words
    if ! {
        cmake -S "$source_dir" -B "$build_dir" \
            -DMLP_TEST_FULL="$is_full" "$@" &&
            cmake --build "$build_dir" --parallel "$cores" --target $targets
    } >"$build_dir/build.log" 2>&1; then
        grep -nE -A5 'error|Error' "$build_dir/build.log" | tail -n 60 >&2
        echo "the build failed; all of its output: $build_dir/build.log" >&2
        echo "0 passed, 1 failed, 0 skipped"
        exit 1
    fi
    grep -A4 'warning:' "$build_dir/build.log" || true
}

# run_tests NAME OPTION PATTERN: with -L by label, with -R by name. ctest's own
# exit status says less than its record.
run_tests() {
    build_dir=$source_dir/build/$1
    record=$build_dir/tests.xml
    rm -f "$record"
    echo "== testing $build_dir ($3)"
    (cd "$build_dir" && ctest "$2" "$3" -j "$cores" --output-on-failure \
        --no-tests=error --output-junit "$record") || true
    if [ ! -s "$record" ]; then
        echo "ctest left no record of its run" >&2
        exit 1
    fi
    results="$results $1/tests.xml"
}

# note_time NAME: the CPU time of all child processes so far, to a file. ("times"
# in a command substitution would tell of the subshell.)
note_time() { times >"$source_dir/build/times.$1"; }

# changed_files: those that differ from $changed, and those that git does not
# know yet.
changed_files() {
    cd "$source_dir"
    untracked=$(git ls-files --others --exclude-standard)
    if [ "$changed" = HEAD ] && git diff --quiet HEAD && [ -z "$untracked" ]
    then
        changed=HEAD~1
    fi
    git diff --name-only "$changed"
    echo "$untracked"
}

sh "$source_dir/jobs/packages.sh" test
mkdir -p "$source_dir/build"
note_time begin
by=-L
if [ -n "$changed" ]; then
    files=$(changed_files)
    build test mlp_messages # ctest knows the tests from here on
    # shellcheck disable=SC2086 # names without blanks
    (cd "$source_dir/build/test" && ctest --show-only=json-v1) |
        python3 "$source_dir/tests/support/changed.py" $files \
            >"$source_dir/build/changed"
    test_target=$(sed -n 1p "$source_dir/build/changed")
    labels=$(sed -n 2p "$source_dir/build/changed")
    by=-R
fi
build test "$test_target"
[ -z "$asan_labels" ] ||
    build asan "$asan_target" -DMLP_SANITIZE=address,undefined
note_time built
run_tests test $by "$labels"
[ -z "$asan_labels" ] || run_tests asan -L "$asan_labels"

# In their short settings, as MPICH's ranks don't yield to each other.
if [ "$is_full" = ON ] && command -v mpicc.mpich >/dev/null; then
    is_full=OFF MLP_TEST_FULL=0
    build mpich all -DMPI_C_COMPILER=mpicc.mpich
    run_tests mpich -R '^(mpi\..*|system\.(digest|columns))$'
fi

note_time tested

echo "== summary"
cd "$source_dir/build"
awk 'FNR == 2 { split($0, t, /[ms ]+/)
        minutes[++files] = t[1] + t[3] + (t[2] + t[4]) / 60 }
    END { printf "CPU minutes: %.1f for the builds, %.1f for the tests\n",
              minutes[2] - minutes[1], minutes[3] - minutes[2] }' \
    times.begin times.built times.tested
# shellcheck disable=SC2086 # a list of names without blanks
awk -f ../tests/support/junit.awk -f ../tests/support/slowest.awk $results
# shellcheck disable=SC2086
exec awk -v faults="$([ -n "$changed" ] ||
    echo ../tests/support/fault_tests.txt)" -v labels="$labels" \
    -v is_plain="$([ -n "$asan_labels" ] || echo 1)" \
    -f ../tests/support/junit.awk -f ../tests/support/summary.awk $results
