# Uses ccache where it is installed; precompiled headers need the two sloppiness settings.
find_program(TORCHTRT_CCACHE ccache)
if(TORCHTRT_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER
      ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
      CCACHE_PCH_EXTSUM=1 ${TORCHTRT_CCACHE})
  add_compile_options(-fpch-preprocess)
endif()
