// Deconvolution: transposed convolution; kernel [C, K/G, ...], as weights or as tensor input 1 (bias: input 2).
#pragma once

#include "core/engine/layers/layer.h"
#include "core/engine/layers/window.h"

namespace torchtrt::engine {

struct Deconvolution {
  static constexpr const char* kKind = "Deconvolution";

  int64_t output_maps = 0;           // K
  std::vector<int64_t> kernel_size;  // 2 or 3 axes; all vectors below have its size
  std::vector<int64_t> stride;
  std::vector<int64_t> dilation;
  std::vector<int64_t> pre_padding;
  std::vector<int64_t> post_padding;
  PaddingMode padding_mode = PaddingMode::kExplicitRoundDown;
  int64_t groups = 1;
  Weights kernel;  // empty: input 1
  Weights bias;    // empty: input 2, or none
  TORCHTRT_FIELDS(output_maps, kernel_size, stride, dilation, pre_padding, post_padding, padding_mode, groups, kernel,
                  bias)

  Types infer_types(const Types& in) const;
  Shapes infer_shapes(const ShapeArgs& in) const;
};

}  // namespace torchtrt::engine
