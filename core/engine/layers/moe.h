// MoE: tokens through the experts that were selected for them; inputs hidden states, selected experts, their scores,
// gate, up and down weights, gate, up and down biases?, scale of the quantization?.
#pragma once

#include <limits>

#include "core/engine/layers/layer.h"

namespace torchtrt::engine {

// Values equal TensorRT's MoEActType.
enum class MoEActivation : int8_t { kNone, kSilu };

struct MoE {
  static constexpr const char* kKind = "MoE";
  enum Input { kHidden, kSelected, kScores, kGate, kUp, kDown, kGateBias, kUpBias, kDownBias, kScale, kInputCount };

  MoEActivation activation = MoEActivation::kNone;
  float limit = std::numeric_limits<float>::infinity(), alpha = 1, beta = 0;  // of the gating
  // The product before the down projection is quantized and dequantized, unless the type is float32.
  DType quantize_to = DType::kFloat32;
  bool dynamic = false;  // scales per block, computed from the data; input kScale is the scale of the scales
  std::vector<int64_t> block_shape;  // [batch, sequence, k?, intermediate]; -1: the whole axis
  DType scale_type = DType::kFloat8;
  TORCHTRT_FIELDS(activation, limit, alpha, beta, quantize_to, dynamic, block_shape, scale_type)

  bool quantizes() const { return quantize_to != DType::kFloat32; }
  // Elements along the last axis that share a scale.
  int64_t block_length(int64_t intermediate) const {
    return block_shape.back() == -1 ? intermediate : block_shape.back();
  }

  Types infer_types(const Types& in) const;
  Shapes infer_shapes(const ShapeArgs& in) const;
};

}  // namespace torchtrt::engine
