// Scale: (x * scale + shift) ^ power, uniform, per channel or elementwise.
//
// Shift, scale and power are weights; a pass may turn them into constants, which then are inputs 1, 2 and 3 (any of
// them absent) of one axis.
#pragma once

#include "core/engine/layers/layer.h"

namespace torchtrt::engine {

// Values equal TensorRT's ScaleMode.
enum class ScaleMode : int8_t { kUniform, kChannel, kElementwise };

struct Scale {
  static constexpr const char* kKind = "Scale";

  ScaleMode mode = ScaleMode::kUniform;
  Weights shift;
  Weights scale;
  Weights power;
  int64_t channel_axis = 1;
  std::optional<DType> to_type;  // weakly typed networks only: int8 quantizes, a floating type takes int8 data
  TORCHTRT_FIELDS(mode, shift, scale, power, channel_axis, to_type)

  Types infer_types(const Types& in) const;
  Shapes infer_shapes(const ShapeArgs& in) const;

  // Axes from the channel axis on that the parameters run over: none, one, or all.
  int parameter_axes(int rank) const;
};

}  // namespace torchtrt::engine
