// Engine: a loaded plan with its names and state, known to TorchScript and Python as torch.classes.tensorrt.Engine.
#pragma once

#include <ATen/core/TensorBody.h>
#include <ATen/core/ivalue.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <tuple>
#include <vector>

#include "core/runtime/engine_info.h"

namespace torchtrt::runtime {

class Session;

// Owns a deserialised plan and one execution context. Every method may be called from any thread: one lock per engine,
// so calls of one engine run one after the other, calls of different engines side by side.
class Engine : public torch::CustomClassHolder {
 public:
  explicit Engine(EngineInfo info);
  // The form of torch.classes.tensorrt.Engine(str[] info): field 3 carries the bytes of the plan.
  explicit Engine(std::vector<std::string> fields);
  ~Engine() override;

  const EngineInfo& info() const { return info_; }
  const std::vector<std::string>& input_names() const { return info_.inputs; }
  const std::vector<std::string>& output_names() const { return info_.outputs; }

  // Runs the engine on the caller's current stream. Throws Error with kInvalidArgument for inputs that do not fit.
  std::vector<at::Tensor> execute(at::TensorList inputs);
  // Empty tensors of the types and shapes the outputs have for these input shapes. No value is computed; an output
  // whose lengths depend on values is refused.
  std::vector<at::Tensor> infer_outputs(const std::vector<std::vector<int64_t>>& input_shapes);

  std::string to_string() const;
  // {"device": "cpu", "inputs": [{"name", "dtype", "shape", "host", "min": [per profile], "max": ...}],
  //  "outputs": [...]}
  std::string bindings_json() const;
  // Fields by name, engine bytes in base64: what tracing needs to rebuild the object.
  using Flat = std::tuple<
      std::tuple<std::string, std::string>, std::tuple<std::string, std::string>, std::tuple<std::string, std::string>,
      std::tuple<std::string, std::string>, std::tuple<std::string, std::vector<std::string>>,
      std::tuple<std::string, std::vector<std::string>>, std::tuple<std::string, std::string>,
      std::tuple<std::string, std::string>, std::tuple<std::string, std::string>, std::tuple<std::string, std::string>,
      std::tuple<std::string, std::string>, std::tuple<std::string, std::string>, std::tuple<std::string, std::string>>;
  Flat obj_flatten() const;
  // Pickle state: the info list with field 3 in base64.
  std::vector<std::string> state() const;
  // The info list with field 3 empty: what is known of the engine without carrying it.
  std::vector<std::string> metadata_only() const;
  // The bytes of the plan as a uint8 tensor of its own.
  at::Tensor serialized_engine_tensor() const;
  std::string serialized_metadata() const;
  void set_serialized_metadata(std::string metadata);

  // Inspection.
  std::string layer_info() const;
  void dump_layer_info(const std::string& path) const;  // "": <profile_path_prefix>/<name>_layer_information.json

  // Profiling: one trace file per phase below `prefix`, written after every run.
  void enable_profiling();
  void disable_profiling();
  void set_profile_format(const std::string& format);  // "perfetto" or "trex"
  std::string profile_path_prefix() const;
  void set_profile_path_prefix(const std::string& prefix);

  // Outputs.
  void set_unowned_outputs(bool unowned);
  bool unowned_outputs() const;
  void set_pre_allocated_outputs(bool on);
  bool pre_allocated_outputs() const;
  std::vector<at::Tensor> next_outputs() const;  // what the next call returns, where allocated ahead
  void set_output_allocator(bool on);
  bool output_allocator() const;

  // Memory. Budgets are bytes of streamable weights kept on the device.
  void set_dynamic_resources(bool dynamic);
  int64_t weight_budget() const;
  void set_weight_budget(int64_t bytes);
  int64_t streamable_weights() const;
  int64_t automatic_weight_budget() const;

  // Optimization profiles.
  int64_t profile_count() const;
  int64_t active_profile() const;
  void set_active_profile(int64_t index);
  bool auto_select_profiles() const;
  void set_auto_select_profiles(bool on);

  int64_t contexts_created() const;

 private:
  EngineInfo info_;
  mutable std::mutex mutex_;
  std::unique_ptr<Session> session_;
  std::string profile_path_prefix_;
  bool unowned_outputs_ = false;  // outputs belong to the caller for good; read by whoever records CUDA graphs
};

// tensorrt::execute_engine(Tensor[] input_tensors, __torch__.torch.classes.tensorrt.Engine engine) -> Tensor[]
std::vector<at::Tensor> execute_engine(at::TensorList inputs, const c10::intrusive_ptr<Engine>& engine);
// The same by way of the dispatcher: what is traced, faked or wrapped is seen by whoever does that.
std::vector<at::Tensor> call_execute_engine(at::TensorList inputs, const c10::intrusive_ptr<Engine>& engine);

}  // namespace torchtrt::runtime
