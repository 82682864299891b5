// FusedConvolution (made by passes): relu?(convolution + residual?); inputs data, kernel, bias?, residual?.
#pragma once

#include "core/engine/layers/convolution.h"

namespace torchtrt::engine {

// The weights of its base stay empty.
struct FusedConvolution : Convolution {
  static constexpr const char* kKind = "FusedConvolution";

  bool relu = false;
  TORCHTRT_FIELDS(output_maps, kernel_size, stride, dilation, pre_padding, post_padding, padding_mode, groups, relu)

  Types infer_types(const Types& in) const;
  Shapes infer_shapes(const ShapeArgs& in) const;
};

}  // namespace torchtrt::engine
