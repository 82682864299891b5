// BoundBody: the body of a loop or conditional, bound to the shapes of its inputs.
#pragma once

#include <functional>
#include <limits>

#include "core/engine/exec/bound_kernel.h"
#include "core/engine/plan/body.h"

namespace torchtrt::engine {

struct BodyStep {
  NodeId node = kNoId;
  size_t position = 0;  // in the order
  KernelFunction kernel = nullptr;
  std::shared_ptr<BoundKernel> bound;
  std::vector<ValueId> inputs;  // kNoId: absent, or known on the host only
  std::vector<const HostValue*> values;
  std::vector<Shape> out_shapes;
  std::vector<DType> out_types;
  std::shared_ptr<const Operands> operands;
  std::vector<ValueId> outputs;
  std::vector<int> results;       // by output: the output of the body it is, or -1
  std::vector<ValueId> releases;  // tensors whose last use this is
};

// Where shapes depend on data, binding goes on while the body runs (see Note [Stages]); such a body is good for one
// run.
class BoundBody {
 public:
  static constexpr size_t kEnd = std::numeric_limits<size_t>::max();
  // Tensor of an input, by its position; asked for when the first step needs it.
  using Fetch = std::function<at::Tensor(size_t input)>;

  // What output 0 depends on runs before everything else if `condition_first`.
  BoundBody(GraphRef body, const BodyArgs& args, at::Device device, bool condition_first);

  // Binds everything that can be; whether that is all, so that the body is good for many runs.
  bool bind_all();
  // Of a body that is bound as a whole, see BoundKernel.
  bool is_recordable(const BoundKernel::Accept& accept) const;
  size_t step_count() const { return steps_.size(); }

  void start(const Fetch* fetch);
  // The steps of the condition, or all.
  void run_condition() { run_until(condition_end_); }
  void run_rest() { run_until(order_.size()); }
  // Memory that output i should land in, until the next start(); undefined: none.
  void set_dest(size_t output, at::Tensor dest) { dests_[output] = std::move(dest); }
  bool is_delivered(size_t output) const { return delivered_[output] != 0; }
  const at::Tensor& output(size_t i) { return tensor(body_->outputs()[i]); }
  // Null where the value is not known on the host.
  std::shared_ptr<const HostValue> host_output(size_t i) const;
  // Lets go of all tensors but those of constants.
  void finish();

 private:
  void bind(size_t end);
  void add_step(NodeId id);
  void plan_releases();
  void run_until(size_t end);
  void resolve();
  void run_step(const BodyStep& step);
  void store(const BodyStep& step, size_t i, at::Tensor result);
  std::string failure_of(const BodyStep& step, const char* what) const;
  const at::Tensor& tensor(ValueId value);

  GraphRef body_;
  at::Device device_;
  Evaluation evaluation_;
  size_t condition_end_ = 0;  // in the order: where the condition is known
  std::vector<NodeId> order_;
  size_t position_ = 0;  // in the order: bound up to here
  ValueId awaited_ = kNoId;
  std::vector<BodyStep> steps_;
  size_t next_ = 0;                  // step to run
  std::vector<at::Tensor> tensors_;  // by ValueId
  std::vector<char> uploaded_;       // by ValueId: a value of the host, brought to the device
  std::vector<int> input_places_;    // by ValueId: position of the input, or -1
  std::vector<at::Tensor> dests_;
  std::vector<char> delivered_;
  const Fetch* fetch_ = nullptr;
  std::vector<const at::Tensor*> arguments_;  // of the step that runs
  std::vector<at::Tensor> results_;
};

}  // namespace torchtrt::engine
