#!/bin/sh
# Install, and use the installation: the programs, their manual pages and
# completion; the library from a program of one's own by pkg-config and by
# CMake, static and shared; the Debian package; the recipe for Spack. In the long
# setting the files of a release.
set -eu
# shellcheck source=tests/support/system.sh
. "$MLP_SOURCE/tests/support/system.sh"

! grep -q '^MLP_SANITIZE:STRING=.' "$MLP_BUILD/CMakeCache.txt" ||
    skip "a build with sanitizers is not for installing"

answer='of 0.8 and 0.3 the larger one is number 1'

# expect_answer PROGRAM [LAUNCHER...]: the example trains, saves and predicts.
expect_answer() {
    example=$1
    shift
    rm -f pairs.h5
    "$@" "$example" >out 2>err </dev/null || fail "$example: exit code $?"
    grep -qx "$answer" out || fail "$example: a wrong answer"
    [ "$(wc -l <out)" -eq 1 ] && [ ! -s err ] ||
        fail "$example: the library printed something"
    usr/bin/mlp show pairs.h5 >/dev/null || fail "$example: nothing was saved"
}

cmake --install "$MLP_BUILD" --prefix "$place/usr" >install.log
grep -q "$MLP_SOURCE" usr/lib*/pkgconfig/mlp.pc usr/lib*/cmake/mlp/*.cmake \
    usr/lib/*/pkgconfig/mlp.pc usr/lib/*/cmake/mlp/*.cmake 2>/dev/null &&
    fail "what is installed points to the sources"
! grep -rlF -e "$MLP_SOURCE" -e "$MLP_BUILD" usr ||
    fail "where it was built is in these files"
for program in mlp_train mlp; do
    usr/bin/$program --version >out || fail "$program does not run"
done

# ---- the library

# calls HEADER...: the sorted functions that these headers declare.
calls() {
    cat "$@" | tr '\n' ' ' | grep -o 'MLP_API [^;(]*(' |
        grep -o 'mlp_[a-z0-9_]*(' | tr -d '(' | sort
}
# shows_calls LIBRARY HEADER...: the library exports these, and nothing else.
shows_calls() {
    library=$1
    shift
    readelf -sW "$library" | awk '$5 == "GLOBAL" && $6 == "DEFAULT" &&
        $7 != "UND" { print $8 }' | sort -u >shown
    calls "$@" >declared
    [ -s declared ] && diff declared shown ||
        fail "$library shows other names than the header declares"
}
include=$place/usr/include/mlp
[ "$(find "$place/usr/include" -type f | sort | xargs)" = \
    "$include/mlp.h $include/mlp_mpi.h" ] ||
    fail "other headers are installed than the interface"
shows_calls "$(find usr -name libmlp.a)" "$include/mlp.h"
shows_calls "$(find usr -name libmlp_mpi.a)" "$include/mlp_mpi.h"

archives_path=${PKG_CONFIG_PATH:-}
PKG_CONFIG_PATH=$(dirname "$(find "$place/usr" -name mlp.pc)")
export PKG_CONFIG_PATH
words() { pkg-config --static --cflags --libs "$@"; }
# shellcheck disable=SC2046 # options are words
cc -Wall -Wextra -Werror -o example "$MLP_SOURCE/tests/embed/example.c" \
    $(words mlp) || fail "the example does not build by pkg-config"
expect_answer ./example
# shellcheck disable=SC2046
c++ -std=c++17 -Wall -Wextra -Werror -o example_cpp -x c++ \
    "$MLP_SOURCE/tests/embed/example.c" -x none $(words mlp) ||
    fail "the example does not build as C++"
expect_answer ./example_cpp
if has_mpi; then
    # shellcheck disable=SC2046
    "$(sed -n 's/^MPI_C_COMPILER:.*=//p' "$MLP_BUILD/CMakeCache.txt")" \
        -Wall -Wextra -Werror -o example_mpi \
        "$MLP_SOURCE/tests/embed/example_mpi.c" $(words mlp-mpi) ||
        fail "the example does not build with mlp-mpi"
    # shellcheck disable=SC2086
    $MLP_MPIEXEC -np 2 ./example_mpi >two </dev/null &&
        ./example_mpi >one </dev/null || fail "the example with mlp-mpi"
    [ "$(sort two | sed 's/: .*//' | xargs)" = "rank 0 of 2 rank 1 of 2" ] ||
        fail "not a team of two"
    [ "$(sed 's/.*: //' one two | sort -u | wc -l)" -eq 1 ] ||
        fail "the weights depend on the number of ranks"
else
    echo "without mlp-mpi: this build is without MPI (MLP_MPI=OFF)"
fi

# expect_cmake NAME PREFIX: the example builds with find_package(mlp), and runs.
expect_cmake() {
    cmake -S "$MLP_SOURCE/tests/embed" -B "$1" -DCMAKE_PREFIX_PATH="$2" \
        >"$1.log" 2>&1 && cmake --build "$1" >>"$1.log" 2>&1 ||
        { cat "$1.log" && fail "the example does not build by CMake: $1"; }
    expect_answer "$1/example"
}
expect_cmake static "$place/usr"

if is_full; then
    cmake -S "$MLP_SOURCE" -B build -DBUILD_SHARED_LIBS=ON -DBUILD_TESTING=OFF \
        >build.log 2>&1 && cmake --build build --parallel 2 >>build.log 2>&1 &&
        cmake --install build --prefix "$place/shared_usr" >>build.log 2>&1 ||
        { tail -n 20 build.log && fail "no shared build"; }
    expect_cmake shared "$place/shared_usr"
    for name in libmlp libmlp_mpi; do
        library=$(find "$place/shared_usr" -name "$name.so")
        readelf -d "$library" | grep -q "SONAME.*$name\.so\.[0-9]" ||
            fail "$name has no SONAME"
        readelf --dyn-syms -W "$library" | awk '$5 == "GLOBAL" &&
            $7 != "UND" { sub("@.*", "", $8); print $8 }' | sort -u >shown
        calls "$include/mlp.h" >declared
        [ "$name" = libmlp ] ||
            calls "$include/mlp.h" "$include/mlp_mpi.h" >declared
        diff declared shown ||
            fail "$name.so shows other names than the headers declare"
    done
fi

# ---- manual pages and completion

if [ -n "$(find usr -name mlp_train.1)" ]; then
    [ -z "$(find usr -path '*/man1/*' ! -name 'mlp*.1')" ] ||
        fail "there are other files than manual pages beside these"
    for program in mlp_train mlp; do
        page=$(find usr -name $program.1)
        all=
        [ $program = mlp ] || all=all
        usr/bin/$program --help $all | sed -n 's/^  \(--[a-z-]*\).*/\1/p' >options
        [ -s options ] || fail "$program --help has no options"
        sed 's/\\//g' "$page" >plain
        while read -r option; do
            grep -q -e "$option" plain || fail "$page lacks $option"
        done <options
    done
else
    echo "without manual pages: help2man is not installed"
fi

# completes EXPECTED WORD...: the completions of the last word.
completes() {
    expected=$1
    shift
    # shellcheck disable=SC2016 # bash expands it
    PATH=$place/usr/bin:$PATH bash -c '
        . "$0"
        COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
        _mlp "$1" "${@: -1}" "${@: -2:1}"
        echo "${COMPREPLY[*]}"' \
        "$(find usr -path '*completions/mlp')" "$@" >out
    grep -q -e "$expected" out || fail "completion of: $*"
}
if command -v bash >/dev/null; then
    completes '^--activation$' mlp_train --activat
    completes 'sigmoid.* relu' mlp_train --activation ''
    completes '^keras-mnist$' mlp_train --preset ker
    completes '^predict$' mlp predic
    completes '^tsv csv json text$' mlp predict run --format ''
    completes '^$' mlp_train --data ''
fi

# ---- the Debian package

if command -v dpkg-deb >/dev/null && command -v dpkg-shlibdeps >/dev/null; then
    (cd "$MLP_BUILD" && cpack -G DEB -B "$place/deb") >deb.log 2>&1 ||
        { tail -n 20 deb.log && fail "cpack"; }
    dpkg-deb --info deb/mlp_*.deb >out
    grep -q '^ Depends:.*libhdf5' out || fail "the package's dependencies"
    dpkg-deb --extract deb/mlp_*.deb unpacked
    "$(find unpacked -name mlp_train -path '*bin*')" --data digits --epochs 1 \
        --quiet >out 2>err || fail "the packaged program does not run"
    grep -q '^weights sha256' out || fail "the packaged program"
else
    echo "without the Debian package: dpkg-dev is not installed"
fi

# ---- the files of a release, made and tried

# release KIND
release() {
    MLP_DIST=$place/dist sh "$MLP_SOURCE/src/package/release.sh" "$1" >out 2>err ||
        fail "release.sh $1"
}
if is_full; then
    PKG_CONFIG_PATH=$archives_path
    release wheel
    if [ "$(id -u)" -eq 0 ] && command -v debootstrap >/dev/null; then
        release deb
    else
        echo "without the package in a new Debian: needs root and debootstrap"
    fi
    if [ -e "$(pkg-config --variable=libdir sleef)/libsleef.a" ]; then
        release tarball
    else
        echo "without static programs: libsleef.a is not installed"
    fi
fi

recipe=$MLP_SOURCE/src/package/spack/spack_repo/mlp/packages/mlp/package.py
python3 -c "compile(open('$recipe').read(), 'package.py', 'exec')" ||
    fail "the recipe for Spack is no Python"
