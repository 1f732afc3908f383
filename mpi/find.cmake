# Any MPI of version 3: that of the compiler wrapper in the path, or of
# -DMPI_C_COMPILER, such as mpicc.mpich on Debian, which can have several MPIs.

# The launcher has the compiler's suffix.
if(MPI_C_COMPILER MATCHES "mpicc(\\.[a-z]+)$")
  find_program(MPIEXEC_EXECUTABLE mpiexec${CMAKE_MATCH_1})
endif()
find_package(MPI 3 REQUIRED COMPONENTS C)

include(CheckCSourceCompiles)
set(CMAKE_REQUIRED_LIBRARIES MPI::MPI_C)
check_c_source_compiles("#include <mpi.h>
#ifndef OPEN_MPI
#error
#endif
int main(void) { return 0; }" MLP_MPI_IS_OPEN_MPI)
unset(CMAKE_REQUIRED_LIBRARIES)

# Ranks may outnumber cores in tests.
set(launcher_options)
if(MLP_MPI_IS_OPEN_MPI)
  set(launcher_options --oversubscribe --bind-to none)
endif()
set(MLP_MPIEXEC_FLAGS "${launcher_options}" CACHE STRING
  "Options of the MPI launcher in tests")
