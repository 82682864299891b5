// Slice: start, size (the output length), stride per axis, with a mode for what lies outside.
#pragma once

#include "core/engine/layers/layer.h"

namespace torchtrt::engine {

// Values equal TensorRT's SampleMode.
enum class SampleMode : int8_t { kStrictBounds, kWrap, kClamp, kFill, kReflect };

struct Slice {
  static constexpr const char* kKind = "Slice";
  static constexpr uint32_t kHostInputs = 1u << 1 | 1u << 2 | 1u << 3 | 1u << 5;

  // Static parameters; each is replaced by its input (1 start, 2 size, 3 stride, 5 axes) where that is there.
  // Input 4 is the value to fill with.
  std::vector<int64_t> start;
  std::vector<int64_t> size;
  std::vector<int64_t> stride;
  std::optional<std::vector<int64_t>> axes;  // nullopt: all, in order
  SampleMode mode = SampleMode::kStrictBounds;
  TORCHTRT_FIELDS(start, size, stride, axes, mode)

  Types infer_types(const Types& in) const;
  Shapes infer_shapes(const ShapeArgs& in) const;
  std::optional<HostValues> fold(const HostArgs& in) const;
};

}  // namespace torchtrt::engine
