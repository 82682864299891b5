// ReverseSequence: the leading part of each sequence of a batch in reverse order.
#pragma once

#include "core/engine/layers/layer.h"

namespace torchtrt::engine {

struct ReverseSequence {
  static constexpr const char* kKind = "ReverseSequence";

  int64_t batch_axis = 1;
  int64_t sequence_axis = 0;
  TORCHTRT_FIELDS(batch_axis, sequence_axis)

  Types infer_types(const Types& in) const;
  Shapes infer_shapes(const ShapeArgs& in) const;
};

}  // namespace torchtrt::engine
