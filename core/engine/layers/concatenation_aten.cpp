// Concatenation: straight into the destination where there is one.
#include <ATen/Functions.h>

#include "core/engine/layers/concatenation.h"
#include "core/engine/layers/kernel.h"
#include "core/engine/layers/move_aten.h"

namespace torchtrt::engine {

void run(const Concatenation& op, Call& call) {
  const at::ScalarType type = call.in(0).scalar_type();
  if (call.size() == 1) return call.set(0, call.in(0));
  std::vector<at::Tensor> parts;
  for (int i = 0; i < call.size(); ++i) parts.push_back(movable(call.in(i)));
  if (!call.dest(0).defined()) return call.set(0, typed(at::cat(parts, op.axis), type));
  at::Tensor out = movable(call.dest(0));
  at::cat_out(out, parts, op.axis);
  call.set(0, call.dest(0));
}
TORCHTRT_KERNEL(Concatenation)

}  // namespace torchtrt::engine
