# TORCHTRT_SANITIZE: a build for finding errors of memory and undefined behaviour; `make sanitize` runs the C++ suites on it.
if(TORCHTRT_SANITIZE)
  # torch's libraries come without the type information that the check of virtual calls reads.
  add_compile_options(-fsanitize=address,undefined -fno-sanitize=vptr -fno-sanitize-recover=undefined
                      -fno-omit-frame-pointer -g1)
  add_link_options(-fsanitize=address,undefined)
endif()
