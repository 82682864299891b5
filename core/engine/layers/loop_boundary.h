// The boundary layers of loops, as a network under definition has them. The build makes one Loop layer of each loop.
#pragma once

#include "core/engine/layers/layer.h"

namespace torchtrt::engine {

// Values equal TensorRT's TripLimit.
enum class TripLimitKind : int8_t { kCount, kWhile };
// Values equal TensorRT's LoopOutput.
enum class LoopOutputKind : int8_t { kLastValue, kConcatenate, kReverse };

// How often the loop runs: a count, or as long as a condition holds.
struct TripLimit {
  static constexpr const char* kKind = "TripLimit";

  int64_t loop = 0;  // number of the region
  TripLimitKind limit = TripLimitKind::kCount;
  TORCHTRT_FIELDS(loop, limit)

  uint32_t host_inputs() const { return limit == TripLimitKind::kCount ? 1u : 0u; }
  Types infer_types(const Types& in) const;
  Shapes infer_shapes(const ShapeArgs& in) const;
};

// Input 0 at first, from then on what input 1 was in the iteration before.
struct Recurrence {
  static constexpr const char* kKind = "Recurrence";
  static constexpr uint32_t kLateInputs = 1u << 1;

  int64_t loop = 0;
  TORCHTRT_FIELDS(loop)

  Types infer_types(const Types& in) const;
  Shapes infer_shapes(const ShapeArgs& in) const;
  std::optional<HostValues> fold(const HostArgs& in) const;
};

// In iteration i, slice i of its input along an axis, or slice count - 1 - i.
struct Iterator {
  static constexpr const char* kKind = "Iterator";

  int64_t loop = 0;
  int64_t axis = 0;
  bool reverse = false;
  TORCHTRT_FIELDS(loop, axis, reverse)

  Types infer_types(const Types& in) const;
  Shapes infer_shapes(const ShapeArgs& in) const;
};

// The last value of a recurrence, or all values that input 0 had, along a new axis whose length is input 1.
struct LoopOutput {
  static constexpr const char* kKind = "LoopOutput";

  int64_t loop = 0;
  LoopOutputKind output = LoopOutputKind::kLastValue;
  int64_t axis = 0;
  TORCHTRT_FIELDS(loop, output, axis)

  uint32_t host_inputs() const { return 1u << 1; }
  Types infer_types(const Types& in) const;
  Shapes infer_shapes(const ShapeArgs& in) const;
};

}  // namespace torchtrt::engine
