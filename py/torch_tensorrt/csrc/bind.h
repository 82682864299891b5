// The parts of _C: each is bound by its own file.
#pragma once

#include <pybind11/pybind11.h>

namespace torchtrt {

void bind_util(pybind11::module_& m);
void bind_provider(pybind11::module_& m);
void bind_runtime(pybind11::module_& m);
void bind_ts(pybind11::module_& m);

}  // namespace torchtrt
