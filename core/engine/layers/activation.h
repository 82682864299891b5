// Activation: one activation function of each element.
#pragma once

#include "core/engine/layers/layer.h"

namespace torchtrt::engine {

// Values equal TensorRT's ActivationType.
enum class ActivationType : int8_t {
  kRelu,
  kSigmoid,
  kTanh,
  kLeakyRelu,
  kElu,
  kSelu,
  kSoftsign,
  kSoftplus,
  kClip,
  kHardSigmoid,
  kScaledTanh,
  kThresholdedRelu,
  kGeluErf,
  kGeluTanh
};

struct Activation {
  static constexpr const char* kKind = "Activation";

  ActivationType type = ActivationType::kRelu;
  float alpha = 0;
  float beta = 0;
  TORCHTRT_FIELDS(type, alpha, beta)

  Types infer_types(const Types& in) const;
  Shapes infer_shapes(const ShapeArgs& in) const;
  std::optional<HostValues> fold(const HostArgs& in) const;
};

}  // namespace torchtrt::engine
