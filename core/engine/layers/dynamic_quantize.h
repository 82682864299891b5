// DynamicQuantize: codes of few bits and the scales they were made with, both computed from the data.
#pragma once

#include "core/engine/layers/layer.h"

namespace torchtrt::engine {

struct DynamicQuantize {
  static constexpr const char* kKind = "DynamicQuantize";

  DType to_type = DType::kFloat4;
  DType scale_type = DType::kFloat8;
  // Either blocks of `block_size` along `axis`, or, where it is not empty, of `block_shape`; -1 in it: the whole axis.
  int64_t axis = -1;
  int64_t block_size = 16;
  std::vector<int64_t> block_shape;
  TORCHTRT_FIELDS(to_type, scale_type, axis, block_size, block_shape)

  Types infer_types(const Types& in) const;
  Shapes infer_shapes(const ShapeArgs& in) const;

  // Scales per axis of data of this shape.
  Shape grid(const Shape& data) const;
};

}  // namespace torchtrt::engine
