#!/bin/sh
# The programs without MPI, and in the long setting with each MPI and each HDF5
# that is installed: they build, and train the same weights.
set -eu
# shellcheck source=tests/support/system.sh
. "$MLP_SOURCE/tests/support/system.sh"

expected=$(sed -n 's/^digits ranks \([0-9a-f]*\) .*--data digits$/\1/p' \
    "$MLP_SOURCE/tests/system/digest/golden.txt")
[ ${#expected} -eq 64 ] || fail "golden.txt has no digest of the digits"

# Not optimized, as these builds only train for a second.
build() {
    name=$1
    shift
    cmake -S "$MLP_SOURCE" -B "$name" -DBUILD_TESTING=OFF \
        -DCMAKE_BUILD_TYPE=Debug -DCMAKE_C_FLAGS_DEBUG=-O0 "$@" >log 2>&1 &&
        cmake --build "$name" --parallel 2 --target mlp_train >>log 2>&1 ||
        { tail -n 20 log && fail "does not build: $name"; }
    program=$place/$name/mlp_train
}

# expect_weights RANKS: the weights must be those of every build.
expect_weights() {
    team "$1" --data digits --threads 2 --quiet
    expect_status 0 "$name on $1 ranks"
    [ "$(digest)" = "$expected" ] || fail "$name on $1 ranks: other weights"
    echo "$name on $1 ranks: the weights of every build"
}

# ---- without MPI, not even where it is installed

build no-mpi -DMLP_MPI=OFF -DCMAKE_DISABLE_FIND_PACKAGE_MPI=ON
sed -n 's/^-- \(HDF5: .*\)/no-mpi, \1/p' log
! nm -u "$program" | grep -q " MPI_" || fail "calls MPI"
expect_weights 0
export PMI_SIZE=3 # of a launcher
team 0 --data digits --quiet
expect_status 64 "one of three without MPI"
grep -q "one of 3 processes (PMI_SIZE), but it was built without MPI" err ||
    fail "does not say that it was built without MPI"
unset PMI_SIZE

is_full || exit 0

# ---- with each MPI and HDF5

for compiler in mpicc.openmpi mpicc.mpich; do
    command -v "$compiler" >/dev/null || {
        echo "without $compiler, which is not installed"
        continue
    }
    for hdf5 in hdf5-serial "hdf5-${compiler#mpicc.}"; do
        pkg-config --exists "$hdf5" || {
            echo "without $hdf5, which is not installed"
            continue
        }
        build "${compiler#mpicc.}-$hdf5" -DMPI_C_COMPILER="$compiler" \
            -DMLP_HDF5="$hdf5"
        MLP_MPIEXEC="$(sed -n 's/^MPIEXEC_EXECUTABLE:.*=//p' \
            "$name/CMakeCache.txt") $(sed -n 's/^MLP_MPIEXEC_FLAGS:.*=//p' \
            "$name/CMakeCache.txt" | tr ';' ' ')"
        for ranks in 0 1 2 3; do
            expect_weights "$ranks"
        done
    done
done
