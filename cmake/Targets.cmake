# What all our targets share.

# torchtrt_sources(<out> <folder>...): every .cpp below the folders.
function(torchtrt_sources out)
  set(result)
  foreach(folder IN LISTS ARGN)
    file(GLOB_RECURSE found CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${folder}/*.cpp)
    list(APPEND result ${found})
  endforeach()
  set(${out} ${result} PARENT_SCOPE)
endfunction()

function(torchtrt_target target)
  target_include_directories(${target} PUBLIC ${PROJECT_SOURCE_DIR})
  target_compile_options(${target} PRIVATE -Wall -Wextra)
  if(TORCHTRT_WERROR)
    # GCC 12 sees overflows in its own std::string; such guesses warn but do not fail.
    target_compile_options(${target} PRIVATE -Werror -Wno-error=stringop-overflow -Wno-error=stringop-overread
                           -Wno-error=restrict -Wno-error=array-bounds -Wno-error=maybe-uninitialized)
  endif()
  # Failed checks print their place without the builder's folders.
  target_compile_options(${target} PRIVATE -ffile-prefix-map=${PROJECT_SOURCE_DIR}=. -fvisibility-inlines-hidden)
endfunction()

function(torchtrt_precompile target header)
  target_precompile_headers(${target} PRIVATE ${PROJECT_SOURCE_DIR}/${header})
endfunction()

# A program that uses the precompiled header of a library: it has to be compiled with the same flags.
function(torchtrt_share_precompiled target from)
  set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE OFF)
  target_compile_options(${target} PRIVATE -fPIC)
  target_precompile_headers(${target} REUSE_FROM ${from})
endfunction()
