// Constant: weights as a tensor.
#pragma once

#include "core/engine/layers/layer.h"

namespace torchtrt::engine {

struct Constant {
  static constexpr const char* kKind = "Constant";

  Weights weights;
  Shape shape;  // kUnknown allowed: then the run-time volume must equal the count
  TORCHTRT_FIELDS(weights, shape)

  Types infer_types(const Types& in) const;
  Shapes infer_shapes(const ShapeArgs& in) const;
  std::optional<HostValues> fold(const HostArgs& in) const;
};

}  // namespace torchtrt::engine
