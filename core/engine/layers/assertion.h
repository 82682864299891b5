// Assertion: stops the build or the run where a condition is false.
#pragma once

#include "core/engine/layers/layer.h"

namespace torchtrt::engine {

struct Assertion {
  static constexpr const char* kKind = "Assertion";
  static constexpr uint32_t kHostInputs = 1u << 0;

  std::string message;
  TORCHTRT_FIELDS(message)

  Types infer_types(const Types& in) const;
  Shapes infer_shapes(const ShapeArgs& in) const;
  std::optional<HostValues> fold(const HostArgs& in) const;
};

}  // namespace torchtrt::engine
