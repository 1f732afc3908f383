#!/bin/sh
# Install the rivals' current versions, from PyPI, for the benchmark alone: a
# virtual environment in build/rivals, or in the folder that MLP_RIVALS names
# (for run.sh and tables.py, too). All of them take some minutes and 2.2 GB.
#
#     sh tests/bench/rivals.sh [RIVAL...]
#
# The rivals are torch, jax, keras, scikit-learn, xgboost and lightgbm [all].
# MLP_PYTHON is the Python to use [/usr/bin/python3]. A rival that cannot be
# installed is omitted, with a message. Exit status: 0 if at least one was
# installed.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
place=${MLP_RIVALS:-$(cd "$here/../.." && pwd)/build/rivals}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
# These choose the kernels of an older BLAS, and slow down a current one.
unset OPENBLAS_CORETYPE OPENBLAS_L2_SIZE

"${MLP_PYTHON:-/usr/bin/python3}" -m venv "$place"
python=$place/bin/python

# get PACKAGE...: its packages, without a copy in pip's cache
get() {
    "$python" -m pip install --quiet --no-cache-dir --upgrade \
        --disable-pip-version-check "$@" >>"$scratch/log" 2>&1
}

# PyPI has PyTorch for Linux only with CUDA, whose libraries of 2 GB are not
# used on a CPU, but needed by the loader. They are replaced by empty libraries
# of these names, and one more with all functions, which return 100, "no
# device".
get_torch() {
    get filelock fsspec jinja2 networkx numpy sympy typing-extensions &&
        get --no-deps torch || return 1
    lib=$(echo "$place"/lib/python*/site-packages/torch/lib)
    for file in "$lib"/*.so*; do
        objdump -p "$file" | sed -n 's/^ *NEEDED *//p' >>"$scratch/needed"
        nm -D --undefined-only "$file" >>"$scratch/names" 2>&1
    done
    sed -n 's/^ *U \(_*\(cu\|nv\|nccl\)[A-Za-z0-9_]*\).*/\1/p' \
        "$scratch/names" | sort -u |
        sed 's/.*/int &(void) { return 100; }/' >"$scratch/none.c"
    cc -shared -fPIC -w -fno-builtin -o "$lib/libnone.so" \
        "$scratch/none.c" || return 1
    grep -E '^lib(cu|nv|nccl)' "$scratch/needed" | sort -u |
        while read -r name; do
            [ -e "$lib/$name" ] ||
                cc -shared -fPIC -o "$lib/$name" "-Wl,-soname,$name" \
                    -Wl,--no-as-needed,-rpath,"\$ORIGIN" "-L$lib" -lnone \
                    -xc /dev/null
        done
}

# install RIVAL. XGBoost's library for GPUs is left out, as PyTorch's: its
# package for CPUs has the same module.
install() {
    case $1 in
    torch) get_torch ;;
    xgboost) get pandas xgboost-cpu ;;
    lightgbm) get pandas lightgbm ;;
    *) get "$1" ;;
    esac
}

[ $# -gt 0 ] || set -- torch jax keras scikit-learn xgboost lightgbm
count=0
for rival; do
    module=$rival
    [ "$rival" != scikit-learn ] || module=sklearn
    : >"$scratch/log"
    if install "$rival" &&
        version=$(KERAS_BACKEND=jax "$python" -c \
            "import $module; print($module.__version__)" \
            2>>"$scratch/log"); then
        echo "rivals: $rival $version"
        count=$((count + 1))
    else
        echo "rivals: $rival left out: $(tail -n 1 "$scratch/log")"
    fi
done
[ "$count" -gt 0 ]
