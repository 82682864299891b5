// Shuffle: transpose, reshape, transpose.
#pragma once

#include "core/engine/layers/layer.h"

namespace torchtrt::engine {

struct Shuffle {
  static constexpr const char* kKind = "Shuffle";
  static constexpr uint32_t kHostInputs = 1u << 1;

  std::vector<int64_t> first_transpose;         // permutation; empty: identity
  std::optional<std::vector<int64_t>> reshape;  // nullopt: none, unless input 1 gives it
  std::vector<int64_t> second_transpose;        // permutation; empty: identity
  bool zero_is_placeholder = true;
  TORCHTRT_FIELDS(first_transpose, reshape, second_transpose, zero_is_placeholder)

  Types infer_types(const Types& in) const;
  Shapes infer_shapes(const ShapeArgs& in) const;
  std::optional<HostValues> fold(const HostArgs& in) const;
  // Lengths between the transposes: 0 and -1 replaced.
  Shape reshaped(const ShapeArgs& in) const;
};

}  // namespace torchtrt::engine
