// Select: at::where.
#include <ATen/Functions.h>

#include "core/engine/layers/kernel.h"
#include "core/engine/layers/move_aten.h"
#include "core/engine/layers/select.h"

namespace torchtrt::engine {

void run(const Select&, Call& call) {
  at::Tensor out = output_of(call, 0, call.in(1).scalar_type());
  at::where_out(out, call.in(0), call.in(1), call.in(2));
  call.set(0, out);
}
TORCHTRT_KERNEL(Select)

}  // namespace torchtrt::engine
