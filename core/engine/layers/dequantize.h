// Dequantize: q * scale.
#pragma once

#include "core/engine/layers/layer.h"

namespace torchtrt::engine {

struct Dequantize {
  static constexpr const char* kKind = "Dequantize";
  static constexpr uint32_t kShapeOnlyInputs = 1u << 2;  // a zero point is zero

  DType to_type = DType::kFloat32;
  int64_t axis = -1;                 // of the channels; -1: not set
  std::vector<int64_t> block_shape;  // empty: not set; -1: the whole axis
  TORCHTRT_FIELDS(to_type, axis, block_shape)

  Types infer_types(const Types& in) const;
  Shapes infer_shapes(const ShapeArgs& in) const;
};

}  // namespace torchtrt::engine
