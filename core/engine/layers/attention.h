// Attention: softmax(scale q k^T + mask) v per head; inputs query, key, value, mask?.
#pragma once

#include "core/engine/layers/layer.h"

namespace torchtrt::engine {

struct Attention {
  static constexpr const char* kKind = "Attention";

  bool causal = false;    // j <= i
  bool normalize = true;  // false: no softmax
  double scale = 1;       // of q k^T; TensorRT's layer has none
  TORCHTRT_FIELDS(causal, normalize, scale)

  Types infer_types(const Types& in) const;
  Shapes infer_shapes(const ShapeArgs& in) const;
};

}  // namespace torchtrt::engine
