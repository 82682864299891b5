// Scale on tensors.
#include <ATen/Functions.h>

#include "core/engine/layers/kernel_result.h"
#include "core/engine/layers/quantization_aten.h"
#include "core/engine/layers/scale.h"

namespace torchtrt::engine {
namespace {

// Undefined where the parameter was not given. Its axes line up with those of x from the channel axis on.
at::Tensor parameter(const Scale& op, const Weights& weights, Call& call, int input) {
  if (!call.has(input) && weights.empty()) return {};
  const at::Tensor& x = call.in(0);
  const int64_t rank = x.dim(), axes = op.parameter_axes(static_cast<int>(rank));
  std::vector<int64_t> sizes;
  for (int64_t axis = op.channel_axis; axes > 0 && axis < rank; ++axis)
    sizes.push_back(axis < op.channel_axis + axes ? x.size(axis) : 1);
  return widen(call.has(input) ? call.in(input).reshape(sizes) : tensor_of(weights, sizes, call.device()));
}

}  // namespace

void run(const Scale& op, Call& call) {
  const bool codes = call.in(0).scalar_type() == at::kChar;
  at::Tensor y = codes ? call.in(0).to(at::kFloat) : widen(call.in(0));
  if (const at::Tensor scale = parameter(op, op.scale, call, 2); scale.defined()) y = y * scale;
  if (const at::Tensor shift = parameter(op, op.shift, call, 1); shift.defined()) y = y + shift;
  if (const at::Tensor power = parameter(op, op.power, call, 3); power.defined()) y = at::pow(y, power);
  deliver(call, call.out_type(0) == DType::kInt8 ? encode(y.clone(), DType::kInt8) : y);
}
TORCHTRT_KERNEL(Scale);

}  // namespace torchtrt::engine
