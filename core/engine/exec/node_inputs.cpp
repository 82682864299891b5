// NodeInputs: gathering them, and their tensors.
#include "core/engine/exec/node_inputs.h"

#include "core/engine/exec/arena.h"
#include "core/engine/exec/transfer.h"

namespace torchtrt::engine {

NodeInputs::NodeInputs(const NodeView& view) : device_(view.device) {
  for (const ValueId input : view.node.inputs) {
    shapes_.push_back(view.evaluation.shape(input));
    hosts_.push_back(view.evaluation.is_host_known(input) ? view.evaluation.host(input) : nullptr);
    values_.push_back(hosts_.back().get());
    types_.push_back(view.graph.stale_value(input).dtype);
  }
  uploads_.resize(shapes_.size());
}

at::Tensor NodeInputs::tensor(const Call& call, size_t i) {
  const auto input = static_cast<int>(i);
  if (call.has(input)) return call.in(input);
  at::Tensor& upload = uploads_[i];
  if (!upload.defined()) {
    const ArenaRun::Pause pause;
    upload = engine::upload(to_tensor(*call.value(input)), device_);
  }
  return upload;
}

}  // namespace torchtrt::engine
