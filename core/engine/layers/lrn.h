// LRN: local response normalization across channels.
#pragma once

#include "core/engine/layers/layer.h"

namespace torchtrt::engine {

struct LRN {
  static constexpr const char* kKind = "LRN";

  int64_t window = 1;
  float alpha = 0;
  float beta = 1;
  float k = 1;
  TORCHTRT_FIELDS(window, alpha, beta, k)

  // Each throws Error naming the bounds; the setters of the interface ask before they change anything.
  static void check_window(int64_t window);
  static void check_alpha(float alpha);
  static void check_beta(float beta);
  static void check_k(float k);

  Types infer_types(const Types& in) const;
  Shapes infer_shapes(const ShapeArgs& in) const;
};

}  // namespace torchtrt::engine
