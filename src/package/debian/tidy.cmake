# What Debian's policy asks of a package's files, done by cpack to those that are
# about to be packed: compressed manual pages, a changelog, copyright.

if(NOT CPACK_GENERATOR STREQUAL "DEB")
  return()
endif()
set(share ${CPACK_TEMPORARY_DIRECTORY}/usr/share)
set(doc ${share}/doc/mlp)
find_program(GZIP gzip REQUIRED)
file(REMOVE ${doc}/LICENSE)
configure_file(${CMAKE_CURRENT_LIST_DIR}/copyright ${doc}/copyright COPYONLY)
configure_file(${CMAKE_CURRENT_LIST_DIR}/overrides ${share}/lintian/overrides/mlp
  COPYONLY)
file(RENAME ${doc}/.github/CHANGELOG.md ${doc}/changelog)
set(ENV{LC_ALL} C)
string(TIMESTAMP date "%a, %d %b %Y %H:%M:%S +0000" UTC)
configure_file(${CMAKE_CURRENT_LIST_DIR}/changelog.in ${doc}/changelog.Debian
  @ONLY)
file(GLOB pages ${share}/man/man1/*.1)
foreach(file ${doc}/changelog ${doc}/changelog.Debian ${pages})
  execute_process(COMMAND ${GZIP} -9n ${file} RESULT_VARIABLE status)
  if(NOT status EQUAL 0)
    message(FATAL_ERROR "gzip of ${file}: ${status}")
  endif()
endforeach()
