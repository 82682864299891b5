// Attention: softmax(q k^T + mask) v per head, without 1/sqrt(D); inputs query, key, value, mask?.
#pragma once

#include "core/engine/layers/layer.h"

namespace torchtrt::engine {

struct Attention {
  static constexpr const char* kKind = "Attention";

  bool causal = false;       // j <= i
  bool normalize = true;     // false: no softmax
  TORCHTRT_FIELDS(causal, normalize)

  Types infer_types(const Types& in) const;
  Shapes infer_shapes(const ShapeArgs& in) const;
};

}  // namespace torchtrt::engine
