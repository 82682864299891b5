// Padding: zeros around, or a crop of, the last two axes.
#pragma once

#include "core/engine/layers/layer.h"

namespace torchtrt::engine {

struct Padding {
  static constexpr const char* kKind = "Padding";

  std::vector<int64_t> pre;  // 2 values; negative crops
  std::vector<int64_t> post;
  TORCHTRT_FIELDS(pre, post)

  Types infer_types(const Types& in) const;
  Shapes infer_shapes(const ShapeArgs& in) const;
};

}  // namespace torchtrt::engine
