#!/bin/sh
# Measure this machine, our programs on it, and the rivals that are installed.
#
#     sh tests/bench/run.sh [--quick] [--json FILE] [--only NAME,..] [--help]
#
# Builds a Release in build/bench first (or takes the build in --build DIR).
# Prints a Markdown table of ratios: README.md beside this file says how they
# are measured. Exit status: 0 whatever the ratios, 2 if it could not run.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
source_dir=$(cd "$here/../.." && pwd)
build_dir=$source_dir/build/bench
python=/usr/bin/python3 # Debian's own, whose packages the rivals are
PYTHONDONTWRITEBYTECODE=1
export PYTHONDONTWRITEBYTECODE

previous=
is_help=
for word in "$@"; do
    [ "$previous" != --build ] || build_dir=$word
    case $word in
    --build=*) build_dir=${word#--build=} ;;
    -h | --help) is_help=1 ;;
    esac
    previous=$word
done

if [ -z "$is_help" ]; then
    mkdir -p "$build_dir"
    log=$build_dir/bench-build.log
    if ! {
        { [ -f "$build_dir/CMakeCache.txt" ] ||
            cmake -S "$source_dir" -B "$build_dir" \
                -DCMAKE_BUILD_TYPE=Release; } &&
            cmake --build "$build_dir" --target mlp_train bench_kernels \
                --parallel "$(nproc)"
    } >"$log" 2>&1; then
        tail -n 20 "$log" >&2
        echo "bench: the build failed; all of its output: $log" >&2
        exit 2
    fi
fi
exec "$python" "$here/bench.py" --build "$build_dir" "$@"
