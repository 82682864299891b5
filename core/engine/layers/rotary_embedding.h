// RotaryEmbedding: pairs of features rotated by angles that depend on the position.
#pragma once

#include "core/engine/layers/layer.h"

namespace torchtrt::engine {

struct RotaryEmbedding {
  static constexpr const char* kKind = "RotaryEmbedding";

  bool interleaved = false;
  int64_t rotary_dim = 0;  // 0: all features
  TORCHTRT_FIELDS(interleaved, rotary_dim)

  static void check_rotary_dim(int64_t dim);  // throws Error

  Types infer_types(const Types& in) const;
  Shapes infer_shapes(const ShapeArgs& in) const;
};

}  // namespace torchtrt::engine
