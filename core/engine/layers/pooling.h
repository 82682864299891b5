// Pooling: maximum or average over sliding windows of the last 2 or 3 axes.
#pragma once

#include "core/engine/layers/layer.h"
#include "core/engine/layers/window.h"

namespace torchtrt::engine {

// Values equal TensorRT's PoolingType.
enum class PoolingType : int8_t { kMax, kAverage, kMaxAverageBlend };

struct Pooling {
  static constexpr const char* kKind = "Pooling";

  PoolingType type = PoolingType::kMax;
  std::vector<int64_t> window_size;
  std::vector<int64_t> stride;
  std::vector<int64_t> pre_padding;
  std::vector<int64_t> post_padding;
  PaddingMode padding_mode = PaddingMode::kExplicitRoundDown;
  float blend_factor = 0;
  bool average_count_excludes_padding = true;
  TORCHTRT_FIELDS(type, window_size, stride, pre_padding, post_padding, padding_mode, blend_factor,
                  average_count_excludes_padding)

  Types infer_types(const Types& in) const;
  Shapes infer_shapes(const ShapeArgs& in) const;

  Window window(size_t axis) const;  // along one of the window axes
};

}  // namespace torchtrt::engine
