// NMS: boxes that are better than all others they overlap; inputs boxes, scores, limit per class, IoU and score
// thresholds.
#pragma once

#include "core/engine/layers/layer.h"

namespace torchtrt::engine {

// Values equal TensorRT's BoundingBoxFormat.
enum class BoxFormat : int8_t { kCornerPairs, kCenterSizes };

struct NMS {
  static constexpr const char* kKind = "NMS";
  static constexpr uint32_t kHostInputs = 1u << 2;
  static constexpr int64_t kMostBoxes = 5000;

  BoxFormat format = BoxFormat::kCornerPairs;
  int64_t box_limit = kMostBoxes;  // candidates per batch item, over all classes
  DType indices_type = DType::kInt32;
  TORCHTRT_FIELDS(format, box_limit, indices_type)

  Types infer_types(const Types& in) const;
  Shapes infer_shapes(const ShapeArgs& in) const;
  Shapes max_shapes(const ShapeArgs& in) const;
  static void check_overlap(double threshold);
};

}  // namespace torchtrt::engine
