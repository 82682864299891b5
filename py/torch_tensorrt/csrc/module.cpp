// _C: the door through which Python builds and inspects.
#include "bind.h"

PYBIND11_MODULE(_C, m) {
  m.doc() = "C++ half of torch_tensorrt";
  torchtrt::bind_util(m);  // first: translates the errors of the others
  torchtrt::bind_provider(m);
  torchtrt::bind_runtime(m);
  torchtrt::bind_ts(m);
}
