// Binds the ts half of core.
#include "bind.h"

namespace torchtrt {

void bind_ts(pybind11::module_&) {}

}  // namespace torchtrt
