# The library as others use it: with its headers, and the files by which
# pkg-config and CMake find it. A shared library brings along what it needs, so
# its users name nothing else.

install(TARGETS ${mlp_libraries} EXPORT mlp)
install(DIRECTORY include/mlp DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
  FILES_MATCHING PATTERN *.h)

set(MLP_MODULES)
set(MLP_OPENMP_FLAGS)
set(MLP_MPI_REQUIRES)
set(MLP_DEPENDENCIES)
if(NOT BUILD_SHARED_LIBS)
  list(JOIN mlp_modules " " MLP_MODULES)
  set(MLP_OPENMP_FLAGS ${OpenMP_C_FLAGS})
  set(MLP_MPI_REQUIRES mlp)
  string(APPEND MLP_DEPENDENCIES "find_dependency(OpenMP COMPONENTS C)\n")
  if(MLP_MPI)
    string(APPEND MLP_DEPENDENCIES "find_dependency(MPI COMPONENTS C)\n")
  endif()
  string(APPEND MLP_DEPENDENCIES "find_dependency(PkgConfig)\n${mlp_searches}")
endif()

set(packages ${CMAKE_INSTALL_LIBDIR}/cmake/mlp)
install(EXPORT mlp NAMESPACE mlp:: FILE mlp-targets.cmake
  DESTINATION ${packages})
configure_file(src/package/mlp-config.cmake.in mlp-config.cmake @ONLY)
include(CMakePackageConfigHelpers)
write_basic_package_version_file(mlp-config-version.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/mlp-config.cmake
  ${PROJECT_BINARY_DIR}/mlp-config-version.cmake DESTINATION ${packages})

set(pkgconfig ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
file(RELATIVE_PATH MLP_UP /${pkgconfig} /) # the prefix, seen from there
configure_file(src/package/mlp.pc.in mlp.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/mlp.pc DESTINATION ${pkgconfig})
if(MLP_MPI)
  configure_file(src/package/mlp-mpi.pc.in mlp-mpi.pc @ONLY)
  install(FILES ${PROJECT_BINARY_DIR}/mlp-mpi.pc DESTINATION ${pkgconfig})
endif()
