#!/bin/sh
# Prepare the tests of the Python package: a virtual environment in
# $MLP_BUILD/python with the current scikit-learn and the package itself, which
# is built from the sources. PyPI must be reachable the first time.
#
# MLP_BUILD is the build folder whose programs the tests compare with; the
# module is built with MPI if that was.
set -eu

source_dir=${MLP_SOURCE:-$(cd "$(dirname "$0")/../.." && pwd)}
environment=$MLP_BUILD/python
log=$MLP_BUILD/python.log

fail() {
    tail -n 20 "$log" >&2
    echo "FAIL: $1; all output: $log" >&2
    exit 1
}

if ! "$environment/bin/pip" --version >/dev/null 2>&1; then
    python3 -m venv --clear "$environment" >"$log" 2>&1 ||
        fail "python3 -m venv (Debian: python3-venv) made no environment"
fi
"$environment/bin/pip" install --upgrade --quiet \
    --requirement "$source_dir/tests/python/requirements.txt" >"$log" 2>&1 ||
    fail "pip did not get tests/python/requirements.txt: is PyPI reachable?"

# cached NAME: a variable of the build's cache, "" if it has none.
cached() { sed -n "s/^$1:[A-Z]*=//p" "$MLP_BUILD/CMakeCache.txt"; }

set -- --config-settings build-dir="$MLP_BUILD/python-module" \
    --config-settings cmake.define.MLP_MPI="$(cached MLP_MPI)"
launcher=$(cached CMAKE_C_COMPILER_LAUNCHER)
[ -z "$launcher" ] ||
    set -- "$@" \
        --config-settings cmake.define.CMAKE_C_COMPILER_LAUNCHER="$launcher"
"$environment/bin/pip" install --no-build-isolation --no-deps \
    --force-reinstall -v "$source_dir/src/python" "$@" >"$log" 2>&1 ||
    fail "src/python did not build"
