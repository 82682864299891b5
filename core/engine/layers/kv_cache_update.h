// KVCacheUpdate: a cache with new rows written into it; inputs cache, update, write indices,
// lengths of packed updates?.
#pragma once

#include "core/engine/layers/attention.h"

namespace torchtrt::engine {

// Values equal TensorRT's KVCacheMode.
enum class CacheMode : int8_t { kLinear };

struct KVCacheUpdate {
  static constexpr const char* kKind = "KVCacheUpdate";

  enum Input { kCache, kUpdate, kWriteIndices, kLengths, kInputCount };

  CacheMode mode = CacheMode::kLinear;
  AttentionForm update_form = AttentionForm::kPadded;
  // The cache is an input of the engine and the result an output: both are one memory. Set by the build
  // (plan/aliases.h).
  bool in_place = false;
  TORCHTRT_FIELDS(mode, update_form, in_place)
  bool is_packed() const { return update_form == AttentionForm::kPacked; }

  Types infer_types(const Types& in) const;
  Shapes infer_shapes(const ShapeArgs& in) const;
};

}  // namespace torchtrt::engine
