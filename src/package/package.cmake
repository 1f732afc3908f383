# What an installation consists of: programs with their manual pages, completion
# and documents, the library, and a Debian package of all that (cpack in the build
# folder). Of programs that are linked statically: these without the library.

set(CPACK_PACKAGE_DESCRIPTION_SUMMARY
  "multilayer perceptrons on CPUs and clusters")
install(TARGETS mlp_train mlp)
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(DIRECTORY jobs data DESTINATION ${CMAKE_INSTALL_DOCDIR}
  FILES_MATCHING PATTERN *.sbatch PATTERN *.sh PATTERN mnist EXCLUDE)
# In their folders, as they refer to each other.
file(GLOB documents CONFIGURE_DEPENDS RELATIVE ${PROJECT_SOURCE_DIR}
  .github/*.md .github/*.png *.md data/*.md include/mlp/*.md jobs/*.md
  src/*.md src/*/*.md
  tests/*.md tests/*/*.md)
foreach(document ${documents})
  get_filename_component(folder "${document}" DIRECTORY)
  install(FILES ${document} DESTINATION ${CMAKE_INSTALL_DOCDIR}/${folder})
endforeach()
if(NOT MLP_STATIC)
  include(src/package/library.cmake)
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
if(NOT CPACK_PACKAGE_CONTACT)
  set(CPACK_PACKAGE_CONTACT "The mlp maintainers <mlp@localhost>")
endif()
set(CPACK_PACKAGE_DESCRIPTION
  "A data-parallel trainer over MPI and OpenMP whose weights are the same to
the last bit for any number of ranks and threads, with crash-safe HDF5
checkpoints; the tool beside it; and the library under both.")
set(CPACK_RESOURCE_FILE_LICENSE ${PROJECT_SOURCE_DIR}/LICENSE)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_SECTION science)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
if(BUILD_SHARED_LIBS)
  set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON)
  set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS_POLICY >=)
  set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA
    ${CMAKE_CURRENT_LIST_DIR}/debian/triggers)
endif()
if(MLP_MPI_IS_OPEN_MPI) # the launcher
  set(CPACK_DEBIAN_PACKAGE_DEPENDS openmpi-bin)
elseif(MLP_MPI)
  set(CPACK_DEBIAN_PACKAGE_DEPENDS mpich)
endif()
set(CPACK_STRIP_FILES ON)
set(CPACK_PRE_BUILD_SCRIPTS ${CMAKE_CURRENT_LIST_DIR}/debian/tidy.cmake)
include(CPack)
