// IfConditional on at::Tensors: the branch that is taken is bound when it is taken first. A condition that the host
// does not know is read back.
#include <optional>

#include "core/engine/exec/bound_body.h"
#include "core/engine/exec/device.h"
#include "core/engine/exec/node_inputs.h"
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

  Branch& bind(bool condition);
  BoundBody& body_for(bool condition, std::optional<BoundBody>& fresh);

  const IfConditional& op_;
  at::Device device_;
  NodeInputs inputs_;  // args refer to it
  std::optional<bool> known_;
  Branch then_, else_;
};

BoundConditional::BoundConditional(const NodeView& view)
    : op_(*as<IfConditional>(*view.node.layer)),
      device_(view.device),
      inputs_(view),
      known_(IfConditional::condition(inputs_.args())),
      then_{body_args(op_.then_feeds, inputs_.args()), {}},
      else_{body_args(op_.else_feeds, inputs_.args()), {}} {}

bool BoundConditional::is_recordable(const Accept& accept) {
  if (!known_) return false;
  Branch& branch = bind(*known_);
  return branch.fixed && branch.fixed->is_recordable(accept);
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
  const bool condition = known_ ? *known_ : is_true(inputs_.tensor(call, 0));
  std::optional<BoundBody> fresh;
  BoundBody& body = body_for(condition, fresh);
  const ReleaseInOrder order(fresh ? device_ : at::Device(at::kCPU));  // what it keeps goes with it
  const std::vector<int64_t>& feeds = op_.feeds(condition);
  const BoundBody::Fetch fetch = [&](size_t i) { return inputs_.tensor(call, static_cast<size_t>(feeds[i])); };
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
