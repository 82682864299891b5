// Session: a deserialised plan with one execution context, and what that context was last told. Not thread safe.
#pragma once

#include <ATen/core/TensorBody.h>
#include <NvInferRuntime.h>
#include <c10/util/ArrayRef.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/runtime/binding.h"
#include "core/runtime/output_allocator.h"
#include "core/runtime/traces.h"

namespace torchtrt::runtime {

// Switches of the user; read at every run.
struct RunOptions {
  bool pre_allocate = false;       // allocate the next run's outputs while this one runs
  bool allocator_for_all = false;  // let the engine ask for the memory of every output
  bool auto_profile = false;       // choose the optimization profile by the inputs
  bool profile_phases = false;     // write traces; set_profiling() switches it
  bool dynamic_resources = false;  // bring scratch memory at every run instead of keeping it
  std::string trace_prefix;
  std::string trace_format = "perfetto";
};

class Session {
 public:
  // Deserialises; completes the names and the device of `info`. Throws Error with the engine's own words.
  explicit Session(EngineInfo& info);
  ~Session();

  // Note [Hot path]: when inputs have the types and shapes of the last call, a run compares, allocates outputs, binds
  // addresses that changed and enqueues; nothing else may be added there.
  std::vector<at::Tensor> run(at::TensorList inputs);
  std::vector<at::Tensor> infer_outputs(const std::vector<std::vector<int64_t>>& input_shapes);

  RunOptions& options() { return options_; }
  const RunOptions& options() const { return options_; }
  const nvinfer1::ICudaEngine& engine() const { return *engine_; }
  at::Device device() const { return device_; }
  const Bindings& bindings() const { return bindings_; }

  int profile() const { return profile_; }
  void set_profile(int index);
  void set_dynamic_resources(bool dynamic);
  void set_profiling(bool on);
  void set_weight_budget(int64_t bytes);
  std::string layer_info() const;
  const std::vector<at::Tensor>& next_outputs() const { return next_outputs_; }
  void drop_next_outputs() { next_outputs_.clear(); }
  int64_t contexts_created() const { return contexts_created_; }

 private:
  void create_context();
  std::vector<at::Tensor> run_here(at::TensorList inputs);  // with the device set
  void bind_inputs(at::TensorList inputs);
  void bind_input(size_t position, const at::Tensor& tensor);
  void bind_values(Binding& binding, const at::Tensor& tensor);
  void set_shape(Binding& binding, size_t position, at::IntArrayRef sizes);
  void choose_profile(at::TensorList inputs);
  void infer_shapes();
  std::vector<at::Tensor> bind_outputs();
  void bind_allocator(size_t position);
  at::Tensor new_output(const Binding& binding) const;
  void bind_address(Binding& binding, void* address);
  void* address_of(const Binding& binding, const at::Tensor& tensor) const;
  void bring_scratch();
  void finish_outputs(std::vector<at::Tensor>& outputs);
  void clear_traces();
  void write_traces() const;

  // Calls `step`; where it answers false, throws what failed and why in the engine's words.
  template <class Step>
  void require(const char* what, const Binding* binding, Step&& step) const;

  std::string name_;
  at::Device device_;
  std::unique_ptr<nvinfer1::IRuntime> runtime_;  // outlives the engine, which outlives the context
  std::unique_ptr<nvinfer1::ICudaEngine> engine_;
  std::unique_ptr<nvinfer1::IExecutionContext> context_;
  Bindings bindings_;
  std::vector<std::unique_ptr<OutputAllocator>> allocators_;  // one per output; null where not in use
  std::vector<at::Tensor> held_;  // what inputs were turned into, until the run has been enqueued
  std::vector<at::Tensor> next_outputs_;
  at::Tensor scratch_;
  at::Tensor placeholder_, host_placeholder_;  // address of inputs and outputs without elements
  RunOptions options_;
  LayerTimes layer_times_;
  Trace input_trace_, output_trace_, enqueue_trace_;
  bool shapes_changed_ = true;  // what outputs were inferred from no longer holds
  int profile_ = 0;
  int64_t contexts_created_ = 0;
};

}  // namespace torchtrt::runtime
