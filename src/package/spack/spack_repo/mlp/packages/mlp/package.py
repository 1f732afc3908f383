# spack repo add src/package/spack/spack_repo/mlp && spack install mlp
# The sources are the clone that this file lies in.
import pathlib

from spack_repo.builtin.build_systems.cmake import CMakePackage

from spack.package import *


class Mlp(CMakePackage):
    """Data-parallel trainer of multilayer perceptrons over MPI and OpenMP: the
    same weights for any number of ranks and threads, crash-safe HDF5
    checkpoints."""

    homepage = pathlib.Path(__file__).resolve().parents[7].as_uri()
    git = homepage

    license("MIT")

    version("main", branch="main")

    variant("shared", default=False, description="Build shared libraries")
    variant("mpi", default=True, description="Train on several ranks")

    depends_on("c", type="build")
    depends_on("cmake@3.18:", type="build")
    depends_on("help2man", type="build")
    depends_on("pkgconfig", type="build")

    depends_on("hdf5@1.10:")
    depends_on("hdf5~mpi", when="~mpi")
    depends_on("libinih")
    depends_on("jansson")
    depends_on("libjpeg-turbo")
    depends_on("libpng")
    depends_on("mpi@3:", when="+mpi")
    depends_on("openssl")
    depends_on("protobuf-c")
    depends_on("sleef@3.5.1:")
    depends_on("zlib-api")
    depends_on("zstd@1.4:")

    depends_on("check", type="test")

    def cmake_args(self):
        return [
            self.define_from_variant("BUILD_SHARED_LIBS", "shared"),
            self.define_from_variant("MLP_MPI", "mpi"),
            self.define("BUILD_TESTING", self.run_tests),
        ]
