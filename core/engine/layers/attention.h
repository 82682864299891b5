// Attention: softmax(scale q k^T + mask) v per head; inputs query, key, value, mask?, scale of the quantized softmax?,
// lengths of queries?, lengths of keys and values?
#pragma once

#include "core/engine/layers/layer.h"

namespace torchtrt::engine {

// Values equal TensorRT's CausalMaskKind: query i sees key j if j <= i, or if j <= i + (Skv - Sq).
enum class CausalMask : int8_t { kNone, kUpperLeft, kLowerRight };

// Values equal TensorRT's AttentionIOForm: [batch, heads, sequence, features], or the tokens of all sequences one after
// the other, [tokens, heads, features], where lengths [batch + 1] say where each begins.
enum class AttentionForm : int8_t { kPadded, kPacked };

struct Attention {
  static constexpr const char* kKind = "Attention";
  enum Input { kQuery, kKey, kValue, kMask, kQuantizeScale, kQueryLengths, kKeyValueLengths, kMostInputs };

  CausalMask causal = CausalMask::kNone;
  bool normalize = true;  // false: no softmax
  double scale = 1;       // of q k^T; TensorRT's layer has none
  // int8 or fp8: the softmax is quantized to it and dequantized before the second product.
  std::optional<DType> quantize_to;
  AttentionForm query_form = AttentionForm::kPadded;
  AttentionForm key_value_form = AttentionForm::kPadded;
  TORCHTRT_FIELDS(causal, normalize, scale, quantize_to, query_form, key_value_form)

  Types infer_types(const Types& in) const;
  Shapes infer_shapes(const ShapeArgs& in) const;
  bool is_packed() const { return query_form == AttentionForm::kPacked || key_value_form == AttentionForm::kPacked; }
};

}  // namespace torchtrt::engine
