// Encoding, decoding and blocks.
#include "core/engine/layers/quantization_aten.h"

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

#include "core/engine/layers/kernel_result.h"

namespace torchtrt::engine {
namespace {

at::Tensor to_integers(at::Tensor values, double low, double high, at::ScalarType type) {
  return at::round_(values).nan_to_num_(0.0).clamp_(low, high).to(type);
}

// E2M1: magnitudes 0, .5, 1, 1.5 | 2, 3 | 4, 6 lie half a unit, one unit and two units apart.
at::Tensor to_fp4(at::Tensor values) {
  const at::Tensor sign = values.signbit().to(at::kByte).mul_(8);
  const at::Tensor size = values.abs_().nan_to_num_(0.0).clamp_max_(6.0);
  const at::Tensor small = at::round(size.mul(2)), middle = at::round(size).add_(2),
                   large = at::round(size.mul(0.5)).add_(4);
  const at::Tensor code = at::where(size.lt(2), small, at::where(size.lt(4), middle, large));
  return code.to(at::kByte).bitwise_or_(sign);
}

// The sixteen values of E2M1, computed on the device: a copy from the host would wait for it.
at::Tensor fp4_values(at::Device device) {
  const at::Tensor size = at::arange(8, at::TensorOptions(at::kFloat).device(device));
  const at::Tensor even = at::where(size.lt(4), size.mul(0.5), at::where(size.lt(6), size.sub(2), size.mul(2).sub_(8)));
  return at::cat({even, even.neg()});
}

}  // namespace

double greatest(DType dtype) {
  switch (dtype) {
    case DType::kInt8:
      return 127;
    case DType::kInt4:
      return 7;
    case DType::kFloat8:
      return 448;
    case DType::kFloat4:
      return 6;
    default:
      TORCHTRT_THROW(kInternal, dtype, " is no quantized type");
  }
}

at::Tensor encode(at::Tensor values, DType dtype) {
  switch (dtype) {
    case DType::kInt8:
      return to_integers(std::move(values), -128, 127, at::kChar);
    case DType::kInt4:
      return to_integers(std::move(values), -8, 7, at::kChar).bitwise_and_(15).view(at::kByte);
    case DType::kFloat8:
      return values.clamp_(-448, 448).to(at::kFloat8_e4m3fn);
    default:
      return to_fp4(std::move(values));
  }
}

at::Tensor decode(const at::Tensor& codes, DType dtype) {
  if (dtype == DType::kInt4) return codes.bitwise_xor(8).to(at::kFloat).sub_(8);
  if (dtype != DType::kFloat4) return codes.to(at::kFloat);
  const at::Tensor index = codes.reshape(-1).to(at::kInt);
  return fp4_values(codes.device()).index_select(0, index).view(codes.sizes());
}

Blocks blocks_of(const Shape& data, const Shape& grid) {
  Blocks blocks;
  for (int axis = 0; axis < data.rank(); ++axis) {
    const int64_t length = data[axis], scales = grid[axis];
    const bool divided = scales > 1 && scales != length;
    blocks.data.push_back(divided ? scales : length);
    blocks.scale.push_back(scales);
    if (!divided) continue;
    blocks.data.push_back(length / scales);
    blocks.scale.push_back(1);
  }
  return blocks;
}

void deliver_codes(Call& call, const at::Tensor& codes, int i) {
  if (is_packed(call.out_type(i))) return deliver_packed(call, codes, i);
  deliver(call, codes, i);
}

}  // namespace torchtrt::engine
