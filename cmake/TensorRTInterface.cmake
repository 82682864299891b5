# tensorrt::interface<major>: the headers of the TensorRT interface, ours or, with TensorRT_ROOT, the official SDK's.
foreach(major IN ITEMS 10 11)
  add_library(tensorrt::interface${major} INTERFACE IMPORTED)
  if(TensorRT_ROOT AND major EQUAL 10)
    target_include_directories(tensorrt::interface${major} SYSTEM INTERFACE ${TensorRT_ROOT}/include)
  else()
    target_include_directories(tensorrt::interface${major} SYSTEM INTERFACE
                               ${CMAKE_CURRENT_SOURCE_DIR}/third_party/tensorrt/include/${major})
  endif()
  # The interface mentions cudaStream_t and cudaEvent_t only; our declaration of both serves where CUDA's header is absent.
  find_path(TORCHTRT_CUDA_INCLUDE cuda_runtime_api.h PATHS /usr/local/cuda/include NO_DEFAULT_PATH)
  if(TensorRT_ROOT AND TORCHTRT_CUDA_INCLUDE)
    target_include_directories(tensorrt::interface${major} SYSTEM INTERFACE ${TORCHTRT_CUDA_INCLUDE})
  else()
    target_include_directories(tensorrt::interface${major} SYSTEM INTERFACE
                               ${CMAKE_CURRENT_SOURCE_DIR}/third_party/tensorrt/include/cuda)
  endif()
endforeach()
