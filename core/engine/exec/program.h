// Program: a plan bound to input shapes and host input values: the steps to run, with everything resolved.
#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <vector>

#include "core/engine/exec/bound_kernel.h"
#include "core/engine/exec/loaded_plan.h"
#include "core/engine/layers/kernel.h"
#include "core/engine/plan/evaluation.h"

namespace torchtrt::engine {

// What distinguishes programs of one plan.
struct ProgramKey {
  std::vector<Shape> shapes;      // of every input binding
  std::vector<HostValue> values;  // of every host input binding
  bool operator==(const ProgramKey& other) const = default;
};

struct Step {
  NodeId node = kNoId;
  const Layer* layer = nullptr;
  KernelFunction kernel = nullptr;
  std::shared_ptr<BoundKernel> bound;     // instead of the kernel, for kinds that have state
  std::vector<const at::Tensor*> inputs;  // null: absent, or known on the host only
  std::vector<const HostValue*> values;
  std::vector<Shape> out_shapes;
  std::vector<DType> out_types;
  std::vector<at::ScalarType> out_scalar_types;
  std::shared_ptr<const Operands> operands;  // null: no input or output is packed
  std::vector<ValueId> outputs;
  std::vector<int> bindings;      // by output: the output binding it is, or -1
  std::vector<ValueId> releases;  // slots whose last use this is
};

// Note [Stages]: where a shape depends on a value that only a kernel can compute, or a length on a kernel's result, the
// program ends there. The context runs what there is, tells the program the value or shape, and extends it.
class Program {
 public:
  // `slots`, by ValueId, are the tensors of inputs and results; their addresses must not change.
  Program(const DevicePlan& plan, const ProgramKey& key, std::vector<at::Tensor>& slots);

  bool complete() const { return position_ == plan_->plan().order.size(); }
  // What an incomplete program waits for: a value to be read back, or (kNoId) the shapes of the last step's results.
  ValueId awaited() const { return awaited_; }
  void provide(ValueId value, HostValue host) { evaluation_.set_host(value, std::move(host)); }
  void provide_shape(ValueId value, const Shape& shape) { evaluation_.set_shape(value, shape); }
  // Adds steps as far as shapes are known.
  void extend();
  // Brings host values to the device; to be called in a RunScope, before the steps are run.
  void upload();
  // Outputs that no step writes to their binding: constants, host values, and results that belong into host memory.
  struct Delivery {
    int binding = -1;
    const at::Tensor* source = nullptr;  // null: its host value is known
  };
  const std::vector<Delivery>& deliveries() const { return deliveries_; }
  // Debug tensors that no step computes: constants and host values.
  struct DebugSource {
    ValueId value = kNoId;
    const at::Tensor* source = nullptr;
  };
  const std::vector<DebugSource>& debug_sources() const { return debug_sources_; }

  const std::vector<Step>& steps() const { return steps_; }
  const Evaluation& evaluation() const { return evaluation_; }
  // Where the tensor of a value is when it has been computed.
  const at::Tensor* place(ValueId value);
  // Inputs of the engine that steps read from device memory, by position of the binding.
  bool reads_input(int binding) const { return reads_input_[binding]; }

 private:
  void add_known_steps();
  bool is_placed_constant(NodeId node) const;
  void add_step(NodeId node);
  void plan_deliveries();
  bool is_slot(const at::Tensor* tensor) const {
    return tensor >= slots_->data() && tensor < slots_->data() + slots_->size();
  }
  void drop_dead_steps();
  void release_early();
  void release_read();

  const DevicePlan* plan_;
  std::vector<at::Tensor>* slots_;
  Evaluation evaluation_;
  size_t position_ = 0;  // in the plan's order
  ValueId awaited_ = kNoId;
  bool staged_ = false;
  size_t released_ = 0;  // of a staged program: steps that know what they release
  // Of a staged program, by ValueId: the last node of the schedule that reads it; kNoId: it is kept to the end.
  std::shared_ptr<const std::vector<NodeId>> last_readers_;
  std::vector<Step> steps_;
  // Tensors of host values, by ValueId; shared by the copies of a program.
  std::vector<std::shared_ptr<at::Tensor>> uploads_;
  bool uploaded_ = true;
  std::vector<Delivery> deliveries_;
  std::vector<DebugSource> debug_sources_;
  std::vector<char> reads_input_;
};

}  // namespace torchtrt::engine
