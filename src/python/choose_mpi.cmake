# The default of MLP_MPI in a build of the Python module: ON where mpi4py is
# installed beside it, so a wheel that is built elsewhere has no MPI in it. pip
# hides the installed packages from a build by PYTHONPATH.

if(NOT DEFINED MLP_MPI)
  find_package(Python 3.10 REQUIRED COMPONENTS Interpreter)
  execute_process(
    COMMAND ${CMAKE_COMMAND} -E env --unset=PYTHONPATH
      --unset=PYTHONNOUSERSITE ${Python_EXECUTABLE} -c "import mpi4py"
    RESULT_VARIABLE status OUTPUT_QUIET ERROR_QUIET)
  if(status EQUAL 0)
    set(MLP_MPI ON)
  else()
    set(MLP_MPI OFF)
  endif()
  message(STATUS "MPI for Python: ${MLP_MPI} (mpi4py)")
endif()
