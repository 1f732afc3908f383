# What an installation consists of: programs with their manual pages and
# completion, the library with its interface and the files by which pkg-config and
# CMake find it, and a Debian package of all that (cpack in the build folder).

set(CPACK_PACKAGE_DESCRIPTION_SUMMARY
  "multilayer perceptrons on CPUs and clusters")
install(TARGETS mlp_train mlp)
install(TARGETS ${mlp_libraries} EXPORT mlp)
install(DIRECTORY include/mlp DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
  FILES_MATCHING PATTERN *.h)
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(DIRECTORY jobs data DESTINATION ${CMAKE_INSTALL_DOCDIR}
  FILES_MATCHING PATTERN *.sbatch PATTERN *.sh PATTERN mnist EXCLUDE)
# In their folders, as they refer to each other.
file(GLOB pages CONFIGURE_DEPENDS RELATIVE ${PROJECT_SOURCE_DIR}
  .github/*.md .github/*.png *.md data/*.md include/mlp/*.md jobs/*.md
  src/*.md src/*/*.md
  tests/*.md tests/*/*.md)
foreach(page ${pages})
  get_filename_component(folder "${page}" DIRECTORY)
  install(FILES ${page} DESTINATION ${CMAKE_INSTALL_DOCDIR}/${folder})
endforeach()

# ---- How others find the library.

set(packages ${CMAKE_INSTALL_LIBDIR}/cmake/mlp)
install(EXPORT mlp NAMESPACE mlp:: FILE mlp-targets.cmake
  DESTINATION ${packages})
configure_file(src/package/mlp-config.cmake.in mlp-config.cmake @ONLY)
include(CMakePackageConfigHelpers)
write_basic_package_version_file(mlp-config-version.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/mlp-config.cmake
  ${PROJECT_BINARY_DIR}/mlp-config-version.cmake DESTINATION ${packages})

list(JOIN mlp_modules " " MLP_MODULES)
set(pkgconfig ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
file(RELATIVE_PATH MLP_UP /${pkgconfig} /) # the prefix, seen from there
set(MLP_OPENMP_FLAGS ${OpenMP_C_FLAGS})
set(MLP_MPI_REQUIRES mlp) # which a shared library has in itself
if(BUILD_SHARED_LIBS)
  set(MLP_MPI_REQUIRES)
endif()
configure_file(src/package/mlp.pc.in mlp.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/mlp.pc DESTINATION ${pkgconfig})
if(MLP_MPI)
  configure_file(src/package/mlp-mpi.pc.in mlp-mpi.pc @ONLY)
  install(FILES ${PROJECT_BINARY_DIR}/mlp-mpi.pc DESTINATION ${pkgconfig})
endif()

# ---- Manual pages, from the programs' own --help, and completion.

find_program(HELP2MAN help2man)
set(MLP_HELP_OF_mlp_train "--help-option=--help all")
if(HELP2MAN)
  foreach(program mlp_train mlp)
    set(page ${PROJECT_BINARY_DIR}/${program}.1)
    add_custom_command(OUTPUT ${page}
      COMMAND ${HELP2MAN} --no-info --output=${page}
        ${MLP_HELP_OF_${program}}
        --include=${CMAKE_CURRENT_LIST_DIR}/${program}.h2m
        $<TARGET_FILE:${program}>
      DEPENDS ${program} ${CMAKE_CURRENT_LIST_DIR}/${program}.h2m VERBATIM)
    list(APPEND pages ${page})
  endforeach()
  add_custom_target(manual ALL DEPENDS ${pages})
  install(FILES ${pages} DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
else()
  message(STATUS "No manual pages: help2man is not installed")
endif()
foreach(program mlp_train mlp)
  install(FILES src/package/completion.bash RENAME ${program}
    DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
endforeach()

# ---- A Debian package.

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_CONTACT "The mlp maintainers <mlp@localhost>")
set(CPACK_PACKAGE_DESCRIPTION
  "A data-parallel trainer over MPI and OpenMP whose weights are the same to
the last bit for any number of ranks and threads, with crash-safe HDF5
checkpoints; the tool beside it; and the library under both.")
set(CPACK_RESOURCE_FILE_LICENSE ${PROJECT_SOURCE_DIR}/LICENSE)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION science)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
if(MLP_MPI_IS_OPEN_MPI) # the launcher
  set(CPACK_DEBIAN_PACKAGE_DEPENDS openmpi-bin)
elseif(MLP_MPI)
  set(CPACK_DEBIAN_PACKAGE_DEPENDS mpich)
endif()
set(CPACK_STRIP_FILES ON)
include(CPack)
