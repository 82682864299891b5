// GridSample: an image read at the places that a grid of coordinates names.
#pragma once

#include "core/engine/layers/layer.h"
#include "core/engine/layers/resize.h"
#include "core/engine/layers/slice.h"

namespace torchtrt::engine {

struct GridSample {
  static constexpr const char* kKind = "GridSample";

  InterpolationMode interpolation = InterpolationMode::kLinear;
  bool align_corners = false;
  SampleMode sample_mode = SampleMode::kFill;
  TORCHTRT_FIELDS(interpolation, align_corners, sample_mode)

  static void check_sample_mode(SampleMode mode);  // throws Error

  Types infer_types(const Types& in) const;
  Shapes infer_shapes(const ShapeArgs& in) const;
};

}  // namespace torchtrt::engine
