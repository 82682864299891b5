// RaggedSoftMax: softmax over the leading part of each row.
#pragma once

#include "core/engine/layers/layer.h"

namespace torchtrt::engine {

struct RaggedSoftMax {
  static constexpr const char* kKind = "RaggedSoftMax";
  TORCHTRT_NO_FIELDS

  Types infer_types(const Types& in) const;
  Shapes infer_shapes(const ShapeArgs& in) const;
};

}  // namespace torchtrt::engine
