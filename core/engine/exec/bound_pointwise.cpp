// Pointwise on at::Tensors: one generated kernel on CUDA, blocks in the cache on the CPU, by its parts elsewhere.
#include "core/engine/exec/bound_kernel.h"
#include "core/engine/exec/pointwise_kernel.h"
#include "core/engine/exec/pointwise_parts.h"
#include "core/engine/plan/pointwise.h"

namespace torchtrt::engine {
namespace {

class BoundPointwise final : public BoundKernel {
 public:
  explicit BoundPointwise(const NodeView& view)
      : op_(*as<Pointwise>(*view.node.layer)), parts_(*op_.body, view.device), kernel_(*op_.body) {
    for (const ValueId output : view.node.outputs) shapes_.push_back(view.evaluation.shape(output));
    if (!view.device.is_cuda() || view.device != present_device()) return;
    Shapes inputs;
    for (const ValueId input : view.node.inputs) inputs.push_back(view.evaluation.shape(input));
    compiled_ = kernel_.prepare(shapes_[0], inputs);
  }

  void run(Call& call) override {
    if (call.device().is_cuda() && kernel_.run(call)) return;
    if (call.device().is_cpu() && parts_.gains_by_blocks(call)) return parts_.run_blocks(call);
    parts_.run_whole(call);
  }

  bool is_recordable(const Accept& accept) override {
    if (compiled_) return true;
    for (const Node& node : op_.body->nodes())
      if (!accept(*node.layer, shapes_)) return false;
    return true;
  }

 private:
  const Pointwise& op_;
  Shapes shapes_;
  PointwiseParts parts_;
  PointwiseKernel kernel_;
  bool compiled_ = false;
};

std::unique_ptr<BoundKernel> bind_pointwise(const NodeView& view) { return std::make_unique<BoundPointwise>(view); }

const bool registered = (register_binder(Pointwise::kKind, bind_pointwise), true);

}  // namespace
}  // namespace torchtrt::engine
