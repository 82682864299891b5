// ShapeOf: lengths written one by one, so that nothing is copied from the host.
#include <ATen/Functions.h>

#include "core/engine/layers/kernel.h"
#include "core/engine/layers/move_aten.h"
#include "core/engine/layers/shape_of.h"

namespace torchtrt::engine {

void run(const ShapeOf&, Call& call) {
  TORCHTRT_REQUIRE(kInternal, call.has(0), "lengths are evaluated on the host, unless the tensor itself is given");
  const at::Tensor out = output_of(call, 0, at::kLong);
  for (int64_t axis = 0; axis < call.in(0).dim(); ++axis) out.select(0, axis).fill_(call.in(0).size(axis));
  call.set(0, out);
}
TORCHTRT_KERNEL(ShapeOf)

}  // namespace torchtrt::engine
