// KVCacheUpdate: a cache with new rows written into it; inputs cache, update, write indices.
#pragma once

#include "core/engine/layers/layer.h"

namespace torchtrt::engine {

// Values equal TensorRT's KVCacheMode.
enum class CacheMode : int8_t { kLinear };

struct KVCacheUpdate {
  static constexpr const char* kKind = "KVCacheUpdate";

  CacheMode mode = CacheMode::kLinear;
  // The cache is an input of the engine and the result an output: both are one memory. Set by the build
  // (plan/aliases.h).
  bool in_place = false;
  TORCHTRT_FIELDS(mode, in_place)

  Types infer_types(const Types& in) const;
  Shapes infer_shapes(const ShapeArgs& in) const;
};

}  // namespace torchtrt::engine
