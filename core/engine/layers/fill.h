// Fill: linear sequence or random numbers.
#pragma once

#include "core/engine/layers/layer.h"

namespace torchtrt::engine {

// Values equal TensorRT's FillOperation.
enum class FillOp : int8_t { kLinspace, kRandomUniform, kRandomNormal };

struct Fill {
  static constexpr const char* kKind = "Fill";
  static constexpr uint32_t kHostInputs = 1u << 0;

  Shape shape;  // replaced by input 0
  FillOp op = FillOp::kLinspace;
  bool integral = false;  // alpha_int/beta_int count instead of alpha/beta
  double alpha = 0;       // replaced by input 1
  double beta = 1;        // replaced by input 2
  int64_t alpha_int = 0;
  int64_t beta_int = 1;
  DType to_type = DType::kFloat32;
  TORCHTRT_FIELDS(shape, op, integral, alpha, beta, alpha_int, beta_int, to_type)

  Types infer_types(const Types& in) const;
  Shapes infer_shapes(const ShapeArgs& in) const;
  std::optional<HostValues> fold(const HostArgs& in) const;
};

}  // namespace torchtrt::engine
