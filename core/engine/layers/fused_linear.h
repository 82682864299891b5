// FusedLinear (made by passes): an activation of x W^T + b; inputs as Linear has them.
#pragma once

#include "core/engine/layers/linear.h"

namespace torchtrt::engine {

enum class LinearActivation : int8_t { kRelu, kGeluErf, kGeluTanh, kSilu, kSigmoid, kTanh };

struct FusedLinear : Linear {
  static constexpr const char* kKind = "FusedLinear";

  LinearActivation activation = LinearActivation::kRelu;
  TORCHTRT_FIELDS(activation)
};

}  // namespace torchtrt::engine
