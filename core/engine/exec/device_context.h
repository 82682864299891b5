// DeviceContext: the Context there is.
#pragma once

#include "core/engine/exec/arena.h"
#include "core/engine/exec/bindings.h"
#include "core/engine/exec/block.h"
#include "core/engine/exec/loaded_plan.h"
#include "core/engine/exec/observer.h"
#include "core/engine/exec/plan_use.h"
#include "core/engine/exec/program.h"
#include "core/engine/exec/recorder.h"
#include "core/engine/layers/context_state.h"

namespace torchtrt::engine {

class DeviceContext final : public Context {
 public:
  DeviceContext(std::shared_ptr<const DevicePlan> plan, void* owner);

  void set_profile(int index) override;
  int profile() const override { return profile_; }
  void set_input_shape(std::string_view input, const Shape& shape) override;
  void set_address(std::string_view tensor, void* address) override;
  void* address(std::string_view tensor) const override;
  void set_output_allocator(std::string_view output, std::optional<OutputAllocator> allocator) override;
  Shape shape(std::string_view tensor) override;
  std::vector<std::string> infer_shapes() override;
  int64_t max_output_bytes(std::string_view output) override;
  void set_communicator(Communicator communicator) override;
  void enqueue(void* stream) override;
  void set_block(void* address, int64_t bytes) override;
  int64_t block_bytes() override;
  void set_warning(std::function<void(const std::string&)> warning) override {
    recorder_.set_warning(std::move(warning));
  }
  void set_layer_log(std::function<void(const std::string&)> log) override { observer_.set_log(std::move(log)); }
  std::vector<Shape> shapes() override;
  void record_times(bool on) override { observer_.record_times(on); }
  std::vector<float> times() const override { return observer_.times(); }
  void set_debug_listener(std::shared_ptr<const DebugListener> listener) override {
    observer_.set_listener(std::move(listener));
  }
  const std::vector<std::string>& operators() const override { return observer_.operators(); }

 private:
  struct Bound {
    ProgramKey key;
    std::unique_ptr<Program> program;
    std::optional<MemoryPlan> memory;
    std::vector<at::Tensor> places;  // in the block of this version; empty without a block
    int version = 0;
    Recordings recordings{};
    ArenaPlan arena{};
  };

  void attach_plugins();
  Program& program();
  const MemoryPlan& memory_plan(Bound& bound) const;
  void place_tensors();
  Program& bind(ProgramKey key);
  Evaluation evaluate_partly(bool at_max) const;
  Shape largest_shape(int output);
  void require_room(int output);
  void write_shape_outputs(const Program& program);

  void check_aliases() const;
  void run_plain(Program& program, void* stream);
  bool run_recorded(const Program& program, void* stream);
  void run_at(Program& program, const Addresses& addresses, void* stream);
  void wrap_inputs(const Program& program);
  void allocate_output(int binding, const Shape& shape, void* stream);
  at::Tensor output_tensor(int binding, const Shape& shape, void* stream);
  void run_stages(const Program& program, void* stream);
  void run_steps(const Program& program, size_t first, void* stream);
  void run_step(const Step& step, void* stream);
  std::string failure_of(const Step& step, const char* what) const;
  void store(const Step& step, int output, at::Tensor result, const at::Tensor& dest, void* stream);
  void deliver(const Program& program, void* stream);
  void let_go(const Program& program);

  std::shared_ptr<const DevicePlan> plan_;
  Bindings bindings_;
  std::vector<int> aliases_;  // by binding, see aliases_of
  int profile_ = 0;
  std::vector<at::Tensor> slots_;  // by ValueId
  std::vector<Bound> programs_;    // most recently used first
  bool same_key_ = false;          // nothing that a key depends on has changed since the last program()
  bool has_host_inputs_ = false;
  std::vector<at::Tensor> results_, dests_;  // of the step that runs
  ContextState state_;
  Observer observer_;
  Block block_;
  Recorder recorder_;
  Arena arena_;
  PlanUse use_;  // goes first
};

}  // namespace torchtrt::engine
