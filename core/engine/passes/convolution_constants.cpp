// Weights of convolutions as numbers: from and to constants.
#include "core/engine/passes/convolution_constants.h"

#include <algorithm>
#include <cmath>

#include "core/engine/passes/passes.h"
#include "core/engine/passes/rewrite.h"

namespace torchtrt::engine {

std::optional<Floats> floats_of(const Graph& graph, ValueId value) {
  const auto* constant = producer_as<Constant>(graph, value);
  if (!constant || !is_floating(constant->weights.dtype) || constant->weights.empty()) return std::nullopt;
  const bool wide = constant->weights.dtype == DType::kFloat32;
  const Weights weights = wide ? constant->weights : to_float32(constant->weights);
  const auto* data = static_cast<const float*>(weights.data);
  return Floats(data, data + weights.count);
}

ValueId add_floats(Graph& graph, Floats values, DType dtype, const Shape& shape, const std::string& name) {
  auto owner = std::make_shared<const Floats>(std::move(values));
  const Weights weights{DType::kFloat32, static_cast<int64_t>(owner->size()), owner->data(), owner, ""};
  return add_constant(graph, dtype == DType::kFloat32 ? weights : to_real(weights, dtype), shape, name);
}

bool fits(const Floats& values, int64_t maps, DType dtype, float least) {
  if (dtype != DType::kFloat16) return true;
  constexpr float kMost = 65504;
  const size_t per_map = values.size() / static_cast<size_t>(maps);
  for (size_t first = 0; first < values.size(); first += per_map) {
    float largest = 0;
    for (size_t i = first; i < first + per_map; ++i) largest = std::max(largest, std::fabs(values[i]));
    if (!(largest <= kMost) || (largest > 0 && largest < least)) return false;
  }
  return true;
}

}  // namespace torchtrt::engine
