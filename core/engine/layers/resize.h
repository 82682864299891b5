// Resize: interpolation to other lengths.
#pragma once

#include "core/engine/layers/layer.h"

namespace torchtrt::engine {

// Values equal TensorRT's InterpolationMode.
enum class InterpolationMode : int8_t { kNearest, kLinear, kCubic };
// Values equal TensorRT's ResizeCoordinateTransformation.
enum class CoordinateTransformation : int8_t { kAlignCorners, kAsymmetric, kHalfPixel };
// Values equal TensorRT's ResizeSelector.
enum class ResizeSelector : int8_t { kFormula, kUpper };
// Values equal TensorRT's ResizeRoundMode.
enum class RoundMode : int8_t { kHalfUp, kHalfDown, kFloor, kCeil };

struct Resize {
  static constexpr const char* kKind = "Resize";
  static constexpr uint32_t kHostInputs = 1u << 1;

  std::optional<std::vector<int64_t>> output_dims;  // replaced by input 1
  std::vector<double> scales;                       // empty: none; else one per axis
  InterpolationMode mode = InterpolationMode::kNearest;
  CoordinateTransformation coordinates = CoordinateTransformation::kAsymmetric;
  ResizeSelector selector = ResizeSelector::kFormula;
  RoundMode rounding = RoundMode::kFloor;
  float cubic_coeff = -0.75f;
  bool exclude_outside = false;
  TORCHTRT_FIELDS(output_dims, scales, mode, coordinates, selector, rounding, cubic_coeff, exclude_outside)

  Types infer_types(const Types& in) const;
  Shapes infer_shapes(const ShapeArgs& in) const;
};

}  // namespace torchtrt::engine
