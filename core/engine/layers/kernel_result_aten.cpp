// Results, conversions and weights of kernels.
#include <ATen/Functions.h>

#include <limits>

#include "core/engine/layers/kernel_result.h"

namespace torchtrt::engine {
namespace {

// Floats to an integer type that doubles can hold, or nearly: int64's largest value is put in behind.
at::Tensor saturate(const at::Tensor& x, at::ScalarType to) {
  const bool wide = to == at::kLong || to == at::kInt;
  const at::Tensor number = at::nan_to_num(x.to(wide ? at::kDouble : at::kFloat), 0.0);
  switch (to) {
    case at::kByte:
      return number.clamp(0, 255).to(to);
    case at::kChar:
      return number.clamp(-128, 127).to(to);
    case at::kInt:
      return number.clamp(std::numeric_limits<int32_t>::min(), std::numeric_limits<int32_t>::max()).to(to);
    default:
      break;
  }
  constexpr double kTop = 9223372036854775808.0;       // 2^63
  constexpr double kBelowTop = 9223372036854774784.0;  // the largest double below
  const at::Tensor inside = number.clamp(-kTop, kBelowTop).to(to);
  return at::where(number.ge(kTop), at::Scalar(std::numeric_limits<int64_t>::max()), inside);
}

}  // namespace

at::Tensor result_tensor(const Call& call, int i) {
  if (call.dest(i).defined()) return call.dest(i);
  return at::empty({0}, at::TensorOptions(scalar_type_of(call.out_type(i))).device(call.device()));
}

void deliver(Call& call, const at::Tensor& value, int i) {
  if (!call.dest(i).defined()) return call.set(i, value.to(scalar_type_of(call.out_type(i))));
  at::Tensor dest = call.dest(i);
  dest.copy_(value, /*non_blocking=*/true);
  call.set(i, std::move(dest));
}

bool is_narrow(const at::Tensor& x) { return x.scalar_type() == at::kHalf || x.scalar_type() == at::kBFloat16; }

at::Tensor widen(const at::Tensor& x) { return is_narrow(x) ? x.to(at::kFloat) : x; }

at::Tensor convert(const at::Tensor& x, at::ScalarType to) {
  const bool to_integer = at::isIntegralType(to, /*includeBool=*/false);
  return to_integer && at::isFloatingType(x.scalar_type()) ? saturate(x, to) : x.to(to);
}

at::Tensor tensor_of(const Weights& weights, c10::IntArrayRef sizes, at::Device device) {
  const at::TensorOptions options(storage_type_of(weights.dtype));
  const Shape stored = storage_shape_of(weights.dtype, Shape(std::span<const int64_t>(sizes.data(), sizes.size())));
  sizes = c10::IntArrayRef(stored.begin(), stored.end());
  if (weights.empty()) return at::empty(sizes, options.device(device));
  const at::Tensor shared = at::from_blob(
      const_cast<void*>(weights.data), sizes, [owner = weights.owner](void*) {}, options);
  return device.is_cpu() ? shared : shared.to(device);
}

}  // namespace torchtrt::engine
