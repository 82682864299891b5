# torch::core and torch::python, from the torch of the Python that builds. torch's own CMake package is not used: it wants
# a CUDA toolkit where torch is a CUDA build, and nothing here needs one.
find_package(Python3 COMPONENTS Interpreter Development.Module REQUIRED)
execute_process(
  COMMAND ${Python3_EXECUTABLE} -c
          "import os, sysconfig, torch; print(os.path.dirname(torch.__file__), torch.__version__, sysconfig.get_config_var('EXT_SUFFIX').lstrip('.'), sep=';', end='')"
  OUTPUT_VARIABLE torch_facts RESULT_VARIABLE torch_missing)
if(torch_missing)
  message(FATAL_ERROR "torch cannot be imported by ${Python3_EXECUTABLE}: install torch 2.11 to 2.13 there first")
endif()
list(GET torch_facts 0 TORCH_ROOT)
list(GET torch_facts 1 TORCH_VERSION)
list(GET torch_facts 2 TORCHTRT_PYTHON_SUFFIX)
message(STATUS "torch ${TORCH_VERSION} in ${TORCH_ROOT}")

add_library(torch::core INTERFACE IMPORTED)
target_include_directories(torch::core SYSTEM INTERFACE ${TORCH_ROOT}/include ${TORCH_ROOT}/include/torch/csrc/api/include)
target_link_directories(torch::core INTERFACE ${TORCH_ROOT}/lib)
# The C++ library has to be the one that torch uses: some compilers would link a static copy, whose types do not mix.
target_link_libraries(torch::core INTERFACE ${TORCH_ROOT}/lib/libtorch_cpu.so ${TORCH_ROOT}/lib/libc10.so
                                            -l:libstdc++.so.6)

add_library(torch::python INTERFACE IMPORTED)
target_link_libraries(torch::python INTERFACE torch::core Python3::Module ${TORCH_ROOT}/lib/libtorch_python.so)
