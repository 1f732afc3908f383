# Programs that need no library of the machine they run on (MLP_STATIC): every
# library is found as an archive, with all that it needs in turn.
#
# By glibc, whose log and exp round as those of other builds do: so do the
# digests. Without MPI, which loads its parts while it runs, and without cairo.

if(MLP_MPI OR MLP_PYTHON OR BUILD_SHARED_LIBS)
  message(FATAL_ERROR "MLP_STATIC is for programs of one rank: it requires "
    "-DMLP_MPI=OFF, and neither MLP_PYTHON nor BUILD_SHARED_LIBS")
endif()
if(CMAKE_VERSION VERSION_LESS 3.22) # PKG_CONFIG_ARGN
  message(FATAL_ERROR "MLP_STATIC requires CMake 3.22")
endif()
set(CMAKE_FIND_LIBRARY_SUFFIXES .a)
set(PKG_CONFIG_ARGN --static)
add_link_options(-static)

# mlp_require_archives(PREFIX): what pkg_search_module(PREFIX) has found as
# archives; the linker's own message for one that is missing names no package.
function(mlp_require_archives prefix)
  foreach(library ${${prefix}_LINK_LIBRARIES})
    if(NOT library MATCHES "/|^(c|m|dl|pthread|rt)$")
      message(FATAL_ERROR "lib${library}.a, the static library, is not "
        "installed; for MLP_STATIC ${${prefix}_MODULE_NAME} must be built with "
        "it, and its folder be in PKG_CONFIG_PATH")
    endif()
  endforeach()
endfunction()

# mlp_add_hdf5_archives(TARGET): HDF5's compressors, if they are there: its module
# of pkg-config does not name them.
function(mlp_add_hdf5_archives target)
  foreach(name sz aec)
    find_library(MLP_ARCHIVE_${name} ${name})
    mark_as_advanced(MLP_ARCHIVE_${name})
    if(MLP_ARCHIVE_${name})
      target_link_libraries(${target} INTERFACE ${MLP_ARCHIVE_${name}})
    endif()
  endforeach()
  target_link_libraries(${target} INTERFACE ${CMAKE_DL_LIBS})
endfunction()
