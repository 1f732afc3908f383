# HDF5 by pkg-config: HDF5_MODULE is the first of its modules that is compatible
# with this build's MPI, or with none. A serial HDF5 is compatible with any MPI.
# The header of a parallel one includes <mpi.h> and requires the same MPI as the
# program: two MPIs in one process intercept each other's calls.

include(CheckCSourceCompiles)

# Debian's names of the parallel ones, and the usual name of the default.
if(NOT MLP_MPI)
  set(mlp_hdf5_modules hdf5-serial hdf5 hdf5-openmpi hdf5-mpich)
  set(mlp_hdf5_refused 0)
elseif(MLP_MPI_IS_OPEN_MPI)
  set(mlp_hdf5_modules hdf5-openmpi hdf5 hdf5-serial)
  set(mlp_hdf5_refused "!defined OPEN_MPI")
else() # MPICH and its kin, which share an ABI
  set(mlp_hdf5_modules hdf5-mpich hdf5 hdf5-serial)
  set(mlp_hdf5_refused "defined OPEN_MPI")
endif()
if(MLP_PYTHON) # symbols of a parallel one could meet another module's MPI
  list(PREPEND mlp_hdf5_modules hdf5-serial)
endif()
set(MLP_HDF5 "" CACHE STRING
  "HDF5's module of pkg-config; empty: the first that goes with the MPI")
if(MLP_HDF5)
  set(mlp_hdf5_modules ${MLP_HDF5})
endif()

set(HDF5_MODULE)
foreach(module ${mlp_hdf5_modules})
  string(MAKE_C_IDENTIFIER "${module}_${mlp_hdf5_refused}" case)
  pkg_check_modules(${case} QUIET ${module})
  if(${case}_FOUND)
    set(CMAKE_REQUIRED_INCLUDES ${${case}_INCLUDE_DIRS} ${MPI_C_INCLUDE_DIRS})
    check_c_source_compiles("#include <hdf5.h>
#if defined H5_HAVE_PARALLEL && (${mlp_hdf5_refused})
#error of another MPI
#endif
int main(void) { return 0; }" ${case}_FITS)
    unset(CMAKE_REQUIRED_INCLUDES)
  endif()
  if(${case}_FITS)
    set(HDF5_MODULE ${module})
    break()
  endif()
endforeach()
if(NOT HDF5_MODULE)
  list(JOIN mlp_hdf5_modules ", " mlp_hdf5_modules)
  message(FATAL_ERROR "No HDF5 that goes with this build: pkg-config was asked "
    "for ${mlp_hdf5_modules}. A serial HDF5 always does (Debian: libhdf5-dev); "
    "a parallel one needs the headers of its MPI, which is the one that is "
    "built with (or none, by -DMLP_MPI=OFF).")
endif()
message(STATUS "HDF5: ${HDF5_MODULE}")
