// start_at: inputs as a profile bounds them.
#include "core/engine/plan/corner.h"

namespace torchtrt::engine {

Evaluation start_at(const Graph& network, const Profile& profile, Corner corner) {
  Evaluation evaluation(network);
  for (size_t i = 0; i < profile.inputs.size(); ++i) {
    const ValueId input = network.inputs()[i];
    evaluation.set_shape(input, shape_at(profile.inputs[i], corner));
    const std::vector<int64_t>* values = values_at(profile.inputs[i], corner);
    if (!values) continue;
    const DType dtype = network.value(input).dtype;
    HostValue host{dtype, shape_at(profile.inputs[i], corner), {}};
    for (const int64_t value : *values)
      host.elements.push_back(is_floating(dtype) ? HostScalar::of(static_cast<double>(value)) : HostScalar::of(value));
    evaluation.set_host(input, std::move(host));
  }
  return evaluation;
}

}  // namespace torchtrt::engine
