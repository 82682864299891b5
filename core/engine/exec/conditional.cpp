// IfConditional on at::Tensors: the branch that is taken is bound when it is taken first. A condition that the host
// does not know is read back.
#include <optional>

#include "core/engine/exec/bound_body.h"
#include "core/engine/exec/device.h"
#include "core/engine/exec/transfer.h"
#include "core/engine/plan/if_conditional.h"

namespace torchtrt::engine {
namespace {

class BoundConditional final : public BoundKernel {
 public:
  explicit BoundConditional(const NodeView& view);
  void run(Call& call) override;
  bool is_recordable(const Accept& accept) override;

 private:
  struct Branch {
    BodyArgs args;
    std::optional<BoundBody> fixed;  // good for all runs
    bool tried = false;
  };

  at::Tensor input(Call& call, size_t i);
  Branch& bind(bool condition);
  BoundBody& body_for(bool condition, std::optional<BoundBody>& fresh);

  const IfConditional& op_;
  at::Device device_;
  std::vector<std::shared_ptr<const HostValue>> hosts_;  // by input: args refer to them
  std::optional<bool> known_;
  Branch then_, else_;
  std::vector<at::Tensor> host_inputs_;  // tensors of inputs that came as values
};

BoundConditional::BoundConditional(const NodeView& view)
    : op_(*as<IfConditional>(*view.node.layer)), device_(view.device) {
  Shapes shapes;
  std::vector<const HostValue*> values;
  Types types;
  for (const ValueId input : view.node.inputs) {
    shapes.push_back(view.evaluation.shape(input));
    hosts_.push_back(view.evaluation.is_host_known(input) ? view.evaluation.host(input) : nullptr);
    values.push_back(hosts_.back().get());
    types.push_back(view.graph.stale_value(input).dtype);
  }
  const ShapeArgs args(shapes, values, types);
  host_inputs_.resize(shapes.size());
  known_ = IfConditional::condition(args);
  then_.args = body_args(op_.then_feeds, args);
  else_.args = body_args(op_.else_feeds, args);
}

bool BoundConditional::is_recordable(const Accept& accept) {
  if (!known_) return false;
  Branch& branch = bind(*known_);
  return branch.fixed && branch.fixed->is_recordable(accept);
}

at::Tensor BoundConditional::input(Call& call, size_t i) {
  if (call.has(static_cast<int>(i))) return call.in(static_cast<int>(i));
  at::Tensor& tensor = host_inputs_[i];
  if (!tensor.defined()) {
    tensor = to_tensor(*call.value(static_cast<int>(i))).to(device_);
    synchronize(device_);  // later runs may be on other streams
  }
  return tensor;
}

BoundConditional::Branch& BoundConditional::bind(bool condition) {
  Branch& branch = condition ? then_ : else_;
  if (branch.tried) return branch;
  branch.fixed.emplace(condition ? op_.then_body : op_.else_body, branch.args, device_, false);
  if (!branch.fixed->bind_all()) branch.fixed.reset();
  branch.tried = true;
  return branch;
}

BoundBody& BoundConditional::body_for(bool condition, std::optional<BoundBody>& fresh) {
  Branch& branch = bind(condition);
  if (branch.fixed) return *branch.fixed;
  fresh.emplace(condition ? op_.then_body : op_.else_body, branch.args, device_, false);
  return *fresh;
}

void BoundConditional::run(Call& call) {
  const bool condition = known_ ? *known_ : input(call, 0).item().toBool();
  std::optional<BoundBody> fresh;
  BoundBody& body = body_for(condition, fresh);
  const std::vector<int64_t>& feeds = op_.feeds(condition);
  const BoundBody::Fetch fetch = [&](size_t i) { return input(call, static_cast<size_t>(feeds[i])); };
  body.start(&fetch);
  const size_t outputs = op_.body(condition).outputs().size();
  for (size_t i = 0; i < outputs; ++i) body.set_dest(i, call.dest(static_cast<int>(i)));
  body.run_rest();
  for (size_t i = 0; i < outputs; ++i) {
    const at::Tensor& dest = call.dest(static_cast<int>(i));
    call.set(static_cast<int>(i), body.is_delivered(i) ? dest : body.output(i));
  }
  body.finish();
}

const bool registered = (register_binder(IfConditional::kKind,
                                         [](const NodeView& view) -> std::unique_ptr<BoundKernel> {
                                           return std::make_unique<BoundConditional>(view);
                                         }),
                         true);

}  // namespace
}  // namespace torchtrt::engine
