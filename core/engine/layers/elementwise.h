// ElementWise: two operands, element by element, with broadcasting.
#pragma once

#include "core/engine/layers/layer.h"

namespace torchtrt::engine {

// Values equal TensorRT's ElementWiseOperation.
enum class ElementWiseOp : int8_t {
  kSum,
  kProd,
  kMax,
  kMin,
  kSub,
  kDiv,
  kPow,
  kFloorDiv,
  kAnd,
  kOr,
  kXor,
  kEqual,
  kGreater,
  kLess
};

struct ElementWise {
  static constexpr const char* kKind = "ElementWise";

  ElementWiseOp op = ElementWiseOp::kSum;
  TORCHTRT_FIELDS(op)

  Types infer_types(const Types& in) const;
  Shapes infer_shapes(const ShapeArgs& in) const;
  std::optional<HostValues> fold(const HostArgs& in) const;
};

}  // namespace torchtrt::engine
