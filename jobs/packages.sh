#!/bin/sh
# Install what is missing on a Debian or Ubuntu machine.
#
#     sh jobs/packages.sh build    what the programs are built from
#     sh jobs/packages.sh test     and what the tests use in addition
#     sh jobs/packages.sh browser  and Chromium, for the tests of reports and pages
#
# When everything is installed it changes nothing and needs no network. On other
# systems than Debian, or without root and passwordless sudo, it lists what is
# missing; its exit code is then 69 when the build needs it, and 0 otherwise.
set -eu

has() { command -v "$1" >/dev/null 2>&1; }

has_library() { pkg-config --exists "$1" 2>/dev/null; }

can_compile() {
    echo '#include <stdio.h>' | cc -fsyntax-only -xc - 2>/dev/null
}

# Whether the contents of a Debian package are there, in any package.
is_there() {
    case $1 in
    libc6-dev) can_compile ;;
    pkgconf) has pkg-config ;;
    libopenmpi-dev) has mpicc ;;
    openmpi-bin) has mpirun || has mpiexec ;;
    libhdf5-openmpi-dev)
        for name in hdf5-openmpi hdf5-mpich hdf5 hdf5-serial; do
            has_library $name && return
        done
        has h5pcc || has h5cc
        ;;
    libsleef-dev) has_library sleef ;;
    libssl-dev) has_library libcrypto ;;
    zlib1g-dev) has_library zlib ;;
    libinih-dev) has_library inih ;;
    libjansson-dev) has_library jansson ;;
    libpng-dev) has_library libpng ;;
    libprotobuf-c-dev) has_library libprotobuf-c ;;
    protobuf-c-compiler) has protoc-c ;;
    libturbojpeg0-dev) has_library libturbojpeg ;;
    libcairo2-dev) has_library cairo ;;
    libzstd-dev) has_library libzstd ;;
    libhdf5-dev) has_library hdf5-serial ;;
    python3-venv) python3 -c 'import ensurepip' 2>/dev/null ;;
    python3-*) /usr/bin/python3 -c "import ${1#python3-}" 2>/dev/null ||
        python3 -c "import ${1#python3-}" 2>/dev/null ;;
    check) has_library check ;;
    hdf5-tools) has h5dump ;;
    slurm-wlm) has slurmctld || [ -x /usr/sbin/slurmctld ] ;;
    munge) has munged || [ -x /usr/sbin/munged ] ;;
    iproute2) has ip || [ -x /sbin/ip ] ;;
    dpkg-dev) has dpkg-shlibdeps ;;
    libomp-dev) has clang &&
        [ -e "$(clang -print-resource-dir)/../../libarcher.so" ] ;;
    libclang-rt-14-dev) has clang &&
        ls "$(clang -print-resource-dir)"/lib/*/libclang_rt.fuzzer* \
            >/dev/null 2>&1 ;;
    ca-certificates) [ -s /etc/ssl/certs/ca-certificates.crt ] ||
        [ ! -d /etc/apt ] ;;
    *) has "$1" ;;
    esac
}

# list_missing PACKAGE...
list_missing() {
    for package in "$@"; do
        is_there "$package" || printf '%s ' "$package"
    done
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    else
        sudo -n "$@"
    fi
}

can_install() {
    has apt-get && { [ "$(id -u)" -eq 0 ] || sudo -n true 2>/dev/null; }
}

apt() {
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -y \
        -o DPkg::Lock::Timeout=300 "$@" </dev/null >>"$log" 2>&1
}

# The first try fails where package lists are absent or out of date.
install() {
    apt install --no-install-recommends "$@" ||
        { apt update && apt install --no-install-recommends "$@"; }
}

build="gcc libc6-dev make cmake pkgconf libopenmpi-dev openmpi-bin
    libhdf5-openmpi-dev libsleef-dev libssl-dev zlib1g-dev libinih-dev
    libjansson-dev libpng-dev libturbojpeg0-dev libprotobuf-c-dev
    protobuf-c-compiler"
fetch="curl ca-certificates" # for the real MNIST; without: built-in digits
# for mlp report --format png; for data in .zst
extra="libcairo2-dev libzstd-dev"
test="check clang-format clang-tidy cppcheck shellcheck hdf5-tools python3
    tmux git clang libomp-dev libclang-rt-14-dev help2man dpkg-dev
    python3-h5py python3-numpy python3-onnx python3-venv libhdf5-dev
    slurm-wlm munge iproute2"

# shellcheck disable=SC2086 # the lists are words
case ${1:-} in
build) missing=$(list_missing $build $fetch $extra) ;;
test) missing=$(list_missing $build $fetch $extra $test) ;;
browser) missing=$(list_missing $build $fetch $extra $test chromium) ;;
*)
    echo "usage: sh jobs/packages.sh build|test|browser" >&2
    exit 64
    ;;
esac
[ -n "$missing" ] || exit 0

if can_install; then
    log=$(mktemp "${TMPDIR:-/tmp}/mlp-packages.XXXXXX")
    echo "installing: $missing(log: $log)"
    # All at once; if one is not available, one by one.
    # shellcheck disable=SC2086
    install $missing || for package in $missing; do
        apt install --no-install-recommends "$package" || true
    done
    # shellcheck disable=SC2086
    missing=$(list_missing $missing)
    if [ -z "$missing" ]; then
        rm -f "$log"
        exit 0
    fi
    tail -n 15 "$log" >&2
    echo "apt-get could not install everything; all of it: $log" >&2
else
    echo "cannot install here: needs apt-get, and root or passwordless sudo" >&2
fi

# shellcheck disable=SC2086
needed=$(list_missing $build)
if [ -n "$needed" ]; then
    echo "missing, by Debian's names: $missing" >&2
    echo "install them (on a cluster: load their modules) and try again" >&2
    exit 69
fi
echo "missing: $missing- going on without; tests of them are skipped" >&2
