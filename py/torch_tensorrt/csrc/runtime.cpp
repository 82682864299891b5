// Binds the runtime half of core.
#include "bind.h"

namespace torchtrt {

void bind_runtime(pybind11::module_&) {}

}  // namespace torchtrt
