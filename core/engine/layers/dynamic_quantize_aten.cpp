// DynamicQuantize on tensors.
#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

#include <limits>

#include "core/engine/layers/dynamic_quantize.h"
#include "core/engine/layers/kernel_result.h"
#include "core/engine/layers/quantization_aten.h"

namespace torchtrt::engine {
namespace {

// Stored scales, and what they stand for in float32.
struct Scales {
  at::Tensor stored, real;
};

constexpr double kSmallestFp8 = 1.0 / 512;

// The exponents of the powers of two that are not below `ideal`, as bytes of e8m0.
at::Tensor rounded_up(const at::Tensor& ideal) {
  const auto [mantissa, exponent] = at::frexp(ideal);
  at::Tensor code = exponent.sub(mantissa.eq(0.5).to(exponent.scalar_type())).add_(127).clamp_(0, 254);
  code.masked_fill_(ideal.le(0), 0).masked_fill_(ideal.isnan(), 255);
  return code.to(at::kByte).view(at::kFloat8_e8m0fnu);
}

Scales scales_of(const DynamicQuantize& op, const at::Tensor& largest, const Call& call) {
  // By a tensor: CUDA's division by a number is a product with its reciprocal.
  const at::Tensor ideal = largest.div(at::full({}, greatest(op.to_type), largest.options()));
  if (op.scale_type == DType::kFloat32) {
    const at::Tensor real = ideal.clamp_min(std::numeric_limits<float>::min());
    return {real, real};
  }
  if (op.scale_type == DType::kE8M0) {
    const at::Tensor stored = rounded_up(ideal);
    return {stored, stored.to(at::kFloat)};
  }
  if (!call.has(1)) {
    const at::Tensor stored = encode(ideal.clamp_min(kSmallestFp8), DType::kFloat8);
    return {stored, stored.to(at::kFloat)};
  }
  const at::Tensor common = call.in(1).to(at::kFloat);
  const at::Tensor stored = encode(ideal.div(common).clamp_min_(kSmallestFp8), DType::kFloat8);
  return {stored, stored.to(at::kFloat).mul_(common)};
}

// The largest magnitude of each block, in the shape of the scales that broadcast over the blocks.
at::Tensor largest_of(const at::Tensor& data, const Blocks& blocks) {
  if (data.numel() == 0) return at::zeros(blocks.scale, data.options());
  std::vector<int64_t> inside;
  for (size_t axis = 0; axis < blocks.data.size(); ++axis)
    if (blocks.scale[axis] == 1 && blocks.data[axis] != 1) inside.push_back(static_cast<int64_t>(axis));
  return inside.empty() ? data.abs() : data.abs().amax(inside, /*keepdim=*/true);
}

}  // namespace

void run(const DynamicQuantize& op, Call& call) {
  const Shape shape = call.in_shape(0);
  const Blocks blocks = blocks_of(shape, op.grid(shape));
  const at::Tensor data = call.in(0).to(at::kFloat).reshape(blocks.data);
  const Scales scales = scales_of(op, largest_of(data, blocks), call);
  deliver_codes(call, encode(data.div(scales.real), op.to_type).reshape(call.out_sizes(0)), 0);
  deliver(call, scales.stored.reshape(call.out_sizes(1)), 1);
}
TORCHTRT_PACKED_KERNEL(DynamicQuantize);

}  // namespace torchtrt::engine
