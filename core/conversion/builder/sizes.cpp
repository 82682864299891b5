// Sizes: known numbers fold, the rest becomes shape layers.
#include "core/conversion/builder.h"
#include "core/util/error.h"

namespace torchtrt::conversion {
namespace {

using nvinfer1::ElementWiseOperation;

int64_t floor_of(int64_t a, int64_t b) {
  const int64_t quotient = a / b;
  return (a % b != 0 && (a < 0) != (b < 0)) ? quotient - 1 : quotient;
}

int64_t fold(ElementWiseOperation op, int64_t a, int64_t b) {
  switch (op) {
    case ElementWiseOperation::kSUM:
      return a + b;
    case ElementWiseOperation::kSUB:
      return a - b;
    case ElementWiseOperation::kPROD:
      return a * b;
    case ElementWiseOperation::kMIN:
      return std::min(a, b);
    case ElementWiseOperation::kMAX:
      return std::max(a, b);
    case ElementWiseOperation::kFLOOR_DIV:
      TORCHTRT_REQUIRE(kInvalidArgument, b != 0, "a size is divided by zero");
      return floor_of(a, b);
    default:
      TORCHTRT_THROW(kInternal, "sizes have no operation ", static_cast<int>(op));
  }
}

}  // namespace

Dim Builder::size(Tensor x, int axis) {
  const int64_t known = x.itensor->getDimensions().d[axis];
  if (known >= 0) return {known, nullptr};
  nvinfer1::ITensor*& shape = shapes_[x.itensor];
  if (!shape) shape = out(added(network_.addShape(*x.itensor), "shape"), at::kLong).itensor;
  return {0, gather({shape, at::kLong}, {index_list({axis}), at::kLong}, 0).itensor};
}

Sizes Builder::shape(Tensor x) {
  Sizes sizes;
  for (int axis = 0; axis < x.rank(); ++axis) sizes.push_back(size(x, axis));
  return sizes;
}

Dim Builder::dim(const Operand& operand) {
  if (operand.dim) return *operand.dim;
  if (operand.tensor) {  // a 0-dim integer tensor used as a number
    const Tensor number = cast(*operand.tensor, at::kLong);
    return {0, reshape(number, std::vector<int64_t>{1}).itensor};
  }
  const c10::IValue& value = operand.constant;
  if (value.isTensor()) return {value.toTensor().item<int64_t>(), nullptr};
  TORCHTRT_REQUIRE(kInvalidArgument, value.isInt(), "A size is expected, got ", value.tagKind(), "\n  at ", where_);
  return {value.toInt(), nullptr};
}

Dim Builder::combine(ElementWiseOperation op, Dim a, Dim b) {
  if (a.is_known() && b.is_known()) return {fold(op, a.known, b.known), nullptr};
  if (op == ElementWiseOperation::kPROD && a.is_known() && a.known == 1) return b;
  if (b.is_known() &&
      b.known == (op == ElementWiseOperation::kPROD || op == ElementWiseOperation::kFLOOR_DIV ? 1 : 0) &&
      op != ElementWiseOperation::kMIN && op != ElementWiseOperation::kMAX)
    return a;
  const Tensor left{shape_tensor({a}), at::kLong}, right{shape_tensor({b}), at::kLong};
  return {0, elementwise(op, left, right).itensor};
}

Dim Builder::product(const Sizes& sizes) {
  Dim result{1, nullptr};
  for (const Dim& size : sizes) result = combine(ElementWiseOperation::kPROD, result, size);
  return result;
}

nvinfer1::ITensor* Builder::shape_tensor(const Sizes& sizes) {
  std::vector<int64_t> known;
  for (const Dim& size : sizes)
    if (size.is_known()) known.push_back(size.known);
  if (known.size() == sizes.size()) return index_list(known);
  std::vector<Tensor> parts;
  for (const Dim& size : sizes)
    parts.push_back({size.is_known() ? index_list({size.known}) : size.computed, at::kLong});
  return concat(std::move(parts), 0).itensor;
}

}  // namespace torchtrt::conversion
