# The embedded engine: plain part (no ATen, no TensorRT on its include path), ATen part, and per TensorRT major the shells
# and the three libraries with NVIDIA's SONAMEs.

file(GLOB_RECURSE engine_all CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/core/engine/*.cpp)
set(engine_api ${engine_all})
list(FILTER engine_api INCLUDE REGEX "/core/engine/api/")
set(engine_aten ${engine_all})
list(FILTER engine_aten INCLUDE REGEX "(/core/engine/exec/|_aten\\.cpp$|/layers/kernel\\.cpp$)")
list(FILTER engine_aten EXCLUDE REGEX "/core/engine/api/")
set(engine_plain ${engine_all})
list(REMOVE_ITEM engine_plain ${engine_api} ${engine_aten})
set(engine_small ${engine_api})
list(FILTER engine_small INCLUDE REGEX "/(plugin_library|onnx_library)\\.cpp$")
list(REMOVE_ITEM engine_api ${engine_small})

add_library(engine_plain OBJECT ${engine_plain})
torchtrt_target(engine_plain)
target_compile_options(engine_plain PRIVATE -fvisibility=hidden)
torchtrt_precompile(engine_plain cmake/pch/engine.h)

add_library(engine_aten OBJECT ${engine_aten})
torchtrt_target(engine_aten)
target_link_libraries(engine_aten PUBLIC torch::core)
target_compile_options(engine_aten PRIVATE -fvisibility=hidden)
torchtrt_precompile(engine_aten cmake/pch/aten.h)

# torchtrt_interface_library(<target> <library name> <major> <source>...)
function(torchtrt_interface_library target name major)
  add_library(${target} SHARED ${ARGN})
  torchtrt_target(${target})
  target_link_libraries(${target} PRIVATE tensorrt::interface${major})
  target_compile_options(${target} PRIVATE -fvisibility=hidden)
  target_compile_definitions(${target} PRIVATE TORCHTRT_TENSORRT_MAJOR=${major})
  target_link_options(${target} PRIVATE -Wl,-soname,lib${name}.so.${major} -Wl,--no-undefined -Wl,--exclude-libs,ALL)
  set_target_properties(
    ${target}
    PROPERTIES OUTPUT_NAME ${name}
               SUFFIX ".so.${major}"
               NO_SONAME ON
               LIBRARY_OUTPUT_DIRECTORY ${TORCHTRT_STAGE}/lib/embedded/${major}
               INSTALL_RPATH "$ORIGIN:$ORIGIN/../../../../torch/lib"
               BUILD_WITH_INSTALL_RPATH ON)
endfunction()

set(TORCHTRT_EMBEDDED_TARGETS)
foreach(major IN LISTS TORCHTRT_TENSORRT_MAJORS)
  torchtrt_interface_library(nvinfer_embedded${major} nvinfer ${major} ${engine_api})
  target_link_libraries(nvinfer_embedded${major} PRIVATE engine_plain engine_aten torchtrt_util torch::core)
  torchtrt_precompile(nvinfer_embedded${major} cmake/pch/interface.h)
  torchtrt_interface_library(nvinfer_plugin_embedded${major} nvinfer_plugin ${major}
                             ${CMAKE_CURRENT_SOURCE_DIR}/core/engine/api/plugin_library.cpp)
  torchtrt_interface_library(nvonnxparser_embedded${major} nvonnxparser ${major}
                             ${CMAKE_CURRENT_SOURCE_DIR}/core/engine/api/onnx_library.cpp)
  list(APPEND TORCHTRT_EMBEDDED_TARGETS nvinfer_embedded${major} nvinfer_plugin_embedded${major}
       nvonnxparser_embedded${major})
endforeach()
add_custom_target(embedded DEPENDS ${TORCHTRT_EMBEDDED_TARGETS})
