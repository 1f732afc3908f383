#!/bin/sh
# Check the text of the sources.
#
#     sh tests/lint.sh           everything
#     sh tests/lint.sh PART...   format, shell, floors, words, headers, cppcheck,
#                                tidy
#
# Exit status 1 when something is found; 77 and a line "SKIP: reason" when the
# one part asked for has no tool here.
set -eu

cd "$(dirname "$0")/.."

need() {
    if ! command -v "$1" >/dev/null 2>&1; then
        echo "SKIP: $1 is not installed"
        exit 77
    fi
}

# find_ours NAME-PATTERN: the project's files, without builds, runs, downloads.
find_ours() {
    find . \( -name .git -o -name 'build*' -o -path ./runs \
        -o -path ./data/mnist \) -prune -o -type f -name "$1" -print0
}

find_code() { find src mpi -name '*.c' -print0; }

lint_format() {
    need clang-format
    find_ours '*.[ch]' | xargs -0 clang-format --dry-run -Werror
}

lint_shell() {
    need shellcheck
    # SC2015: "[ a ] && [ b ] || c" is intended.
    { find_ours '*.sh' && find_ours '*.sbatch' && printf '.ci/run\0'; } |
        xargs -0 shellcheck --exclude=SC2015
}

lint_floors() {
    need python3
    python3 tests/support/floors.py
}

lint_words() {
    need python3
    python3 tests/support/words.py
}

# Every header compiles alone: it includes what it needs. (That of HDF5's room
# needs the paths of HDF5 and MPI.) Those of include/mlp as standard C11, and as
# C++17.
lint_headers() {
    find src include -name '*.h' ! -path src/hdf5/internal.h | sort \
        >"$scratch/headers"
    while read -r header; do
        "${CC:-cc}" -std=gnu11 -Wall -Wextra -Werror -Wno-unused-function \
            -Wno-unused-const-variable -fsyntax-only \
            -Isrc -Iinclude -include "$header" -xc /dev/null ||
            touch "$scratch/failed"
    done <"$scratch/headers"
    for header in include/mlp/*.h; do
        "${CXX:-c++}" -std=c++17 -Wall -Wextra -Wpedantic -Werror \
            -fsyntax-only -include "$header" -xc++ /dev/null ||
            touch "$scratch/failed"
        "${CC:-cc}" -std=c11 -Wall -Wextra -Wpedantic -Werror -fsyntax-only \
            -include "$header" -xc /dev/null || touch "$scratch/failed"
    done
    [ ! -e "$scratch/failed" ]
}

lint_cppcheck() {
    need cppcheck
    # cppcheck's tracking of uninitialized arrays stops at loops, clang-tidy's
    # does not.
    cppcheck --quiet --error-exitcode=1 --inline-suppr --std=c11 \
        --enable=warning,performance,portability -j "$cores" \
        -I src -I include '-D__attribute__(x)=' --suppress=uninitvar src mpi
}

lint_tidy() {
    need clang-tidy
    need python3
    build=${MLP_BUILD:-$scratch/build} # the compilation database
    if [ ! -f "$build/compile_commands.json" ]; then
        { cmake -S . -B "$build" &&
            cmake --build "$build" --target mlp_messages; } \
            >"$scratch/log" 2>&1 || { cat "$scratch/log" && exit 1; }
    fi
    # The compiler's <omp.h>, less the attributes that clang does not know.
    mkdir "$scratch/include"
    sed 's/__malloc__ ([^)]*)/__malloc__/' \
        "$(cc -print-file-name=include)/omp.h" >"$scratch/include/omp.h"
    # Kernels are compiled for three instruction sets, which differ in few lines:
    # analyse them once, and by --full each time.
    python3 tests/support/compile_once.py "$build/compile_commands.json" \
        >"$scratch/compile_commands.json"
    set -- -p "$scratch" --quiet "--header-filter=^$PWD/(src|mpi|include)/" \
        "--extra-arg=-isystem$scratch/include"
    # Follow paths through a function for this many states, and by --full for the
    # analyzer's default of 225,000.
    if [ "${MLP_TEST_FULL:-0}" != 1 ]; then
        for word in -Xclang -analyzer-config -Xclang max-nodes=20000; do
            set -- "$@" "--extra-arg=$word"
        done
    fi
    # These define what analyzer.h wraps, so they go without.
    clang-tidy "$@" src/base/status.c src/team/comm.c \
        src/system/files.c 2>/dev/null
    find_code | grep -Ezv '/(status|comm|files)\.c$' | xargs -0 -P "$cores" -n 1 \
        clang-tidy "$@" "--extra-arg=-include$PWD/tests/support/analyzer.h" \
        2>/dev/null
}

if [ $# -ne 1 ]; then
    [ $# -gt 0 ] || set -- format shell floors words headers cppcheck tidy
    status=0
    for part in "$@"; do
        echo "== $part"
        result=0
        sh tests/lint.sh "$part" || result=$?
        [ "$result" -eq 0 ] || [ "$result" -eq 77 ] || status=1
    done
    exit "$status"
fi

cores=$(nproc 2>/dev/null || echo 2)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
case $1 in
format) lint_format ;;
shell) lint_shell ;;
floors) lint_floors ;;
words) lint_words ;;
headers) lint_headers ;;
cppcheck) lint_cppcheck ;;
tidy) lint_tidy ;;
*)
    sed -n '2,/^set/s/^# \{0,1\}//p' "$0" >&2
    exit 64
    ;;
esac
