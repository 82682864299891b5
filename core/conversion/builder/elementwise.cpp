// Layers of single elements.
#include "core/conversion/builder.h"
#include "core/util/error.h"

namespace torchtrt::conversion {

using nvinfer1::ElementWiseOperation;

Tensor Builder::elementwise(ElementWiseOperation op, Tensor a, Tensor b) {
  TORCHTRT_REQUIRE(kInternal, carrier_of(a.dtype) == carrier_of(b.dtype), "operands of ", prefix_, " differ in type");
  std::vector<Tensor> operands = {a, b};
  match_ranks(operands);
  auto& layer = added(network_.addElementWise(*operands[0].itensor, *operands[1].itensor, op), "elementwise");
  return out(layer, a.dtype);
}

Tensor Builder::compare(ElementWiseOperation op, Tensor a, Tensor b) {
  Tensor result = elementwise(op, a, b);
  result.dtype = at::kBool;
  return result;
}

Tensor Builder::unary(nvinfer1::UnaryOperation op, Tensor x) {
  return out(added(network_.addUnary(*x.itensor, op), "unary"), x.dtype);
}

Tensor Builder::logical_not(Tensor x) { return unary(nvinfer1::UnaryOperation::kNOT, cast(x, at::kBool)); }

Tensor Builder::activation(nvinfer1::ActivationType type, Tensor x, double alpha, double beta) {
  auto& layer = added(network_.addActivation(*x.itensor, type), "activation");
  layer.setAlpha(static_cast<float>(alpha));
  layer.setBeta(static_cast<float>(beta));
  return out(layer, x.dtype);
}

Tensor Builder::select(Tensor condition, Tensor yes, Tensor no) {
  std::vector<Tensor> operands = {cast(condition, at::kBool), yes, no};
  match_ranks(operands);
  auto& layer = added(network_.addSelect(*operands[0].itensor, *operands[1].itensor, *operands[2].itensor), "select");
  return out(layer, yes.dtype);
}

// uint8: x mod 256; int8: (x + 128) mod 256 - 128. Both in int32.
Tensor Builder::wrapped(Tensor x) {
  if (x.dtype != at::kByte && x.dtype != at::kChar) return x;
  const at::ScalarType dtype = x.dtype;
  x.dtype = at::kInt;
  const int64_t shift = dtype == at::kChar ? 128 : 0;
  const Tensor modulus = scalar(256, at::kInt), offset = scalar(shift, at::kInt);
  const Tensor shifted = shift ? add(x, offset) : x;
  const Tensor whole = mul(elementwise(ElementWiseOperation::kFLOOR_DIV, shifted, modulus), modulus);
  Tensor result = sub(shifted, whole);
  if (shift) result = sub(result, offset);
  result.dtype = dtype;
  return result;
}

}  // namespace torchtrt::conversion
