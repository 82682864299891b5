// Pointwise on at::Tensors: by its parts.
#include "core/engine/exec/bound_kernel.h"
#include "core/engine/exec/pointwise_parts.h"
#include "core/engine/plan/pointwise.h"

namespace torchtrt::engine {
namespace {

class BoundPointwise final : public BoundKernel {
 public:
  explicit BoundPointwise(const NodeView& view)
      : op_(*as<Pointwise>(*view.node.layer)), parts_(*op_.body, view.device) {
    for (const ValueId output : view.node.outputs) shapes_.push_back(view.evaluation.shape(output));
  }

  void run(Call& call) override {
    if (call.device().is_cpu() && parts_.is_large(call)) return parts_.run_blocks(call);
    parts_.run_whole(call);
  }

  bool is_recordable(const Accept& accept) override {
    for (const Node& node : op_.body->nodes())
      if (!accept(*node.layer, shapes_)) return false;
    return true;
  }

 private:
  const Pointwise& op_;
  Shapes shapes_;
  PointwiseParts parts_;
};

std::unique_ptr<BoundKernel> bind_pointwise(const NodeView& view) { return std::make_unique<BoundPointwise>(view); }

const bool registered = (register_binder(Pointwise::kKind, bind_pointwise), true);

}  // namespace
}  // namespace torchtrt::engine
