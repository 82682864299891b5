// LoadedPlan and Context: a plan with its constants on a device, and one run's state over it.
//
// This header names no ATen type, so that api/ can include it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/engine/layers/communicator.h"
#include "core/engine/plan/plan.h"

namespace torchtrt::engine {

// Where the engine runs: CUDA if torch sees a device, else the CPU; TORCHTRT_EMBEDDED_DEVICE=cpu|cuda overrides
// (cuda without a device throws).
bool runs_on_cuda();

// Constants placed on the device once. Immutable and shared by contexts (threads included).
class LoadedPlan {
 public:
  static std::shared_ptr<const LoadedPlan> load(std::shared_ptr<const Plan> plan);
  virtual ~LoadedPlan() = default;
  virtual const Plan& plan() const = 0;
  // Of the CUDA device, the present one of the thread that loaded the plan; -1: the CPU. Whatever device is present
  // later, contexts run there.
  virtual int device_index() const = 0;
};

// Asked for memory of a data-dependent output (IOutputAllocator); null result: failure.
struct OutputAllocator {
  std::function<void*(const std::string& output, void* current, uint64_t bytes, uint64_t alignment, void* stream)>
      reallocate;
  std::function<void(const std::string& output, const Shape& shape)> notify_shape;
};

// A tensor of a run as a debug listener sees it. Its memory is row major, and valid during the call only.
struct DebugTensor {
  const std::string& name;
  DType dtype = DType::kFloat32;
  Shape shape;
  const void* address = nullptr;
  bool on_host = false;  // memory of the CPU
  void* stream = nullptr;
};

struct DebugListener {
  std::set<std::string, std::less<>> names;        // debug tensors to report
  bool unfused = false;                            // report whatever a layer computes
  std::function<bool(const DebugTensor&)> report;  // false: the run fails
};

// One run at a time; different contexts may run at once.
class Context {
 public:
  // `owner`: what the plugins of the plan are attached for (PluginObject::attach).
  static std::unique_ptr<Context> create(std::shared_ptr<const LoadedPlan> plan, void* owner = nullptr);
  virtual ~Context() = default;

  // All throw Error with names, expected and actual; the former state stays.
  virtual void set_profile(int index) = 0;
  virtual int profile() const = 0;
  virtual void set_input_shape(std::string_view input, const Shape& shape) = 0;
  virtual void set_address(std::string_view tensor, void* address) = 0;  // null resets
  virtual void* address(std::string_view tensor) const = 0;
  virtual void set_output_allocator(std::string_view output, std::optional<OutputAllocator> allocator) = 0;

  // Inputs: the set shape, or the engine's with kUnknown. Outputs: inferred as far as possible.
  virtual Shape shape(std::string_view tensor) = 0;
  // Names of inputs whose shape, or shape value's address, is missing; empty: shapes are inferred, and the values of
  // shape outputs with an address are written. Throws if a rule is violated.
  virtual std::vector<std::string> infer_shapes() = 0;
  // Upper bound in bytes for the present profile and shapes; -1 if unknown.
  virtual int64_t max_output_bytes(std::string_view output) = 0;

  virtual void set_communicator(Communicator communicator) = 0;  // without groups: none

  // `stream` is a cudaStream_t on CUDA (null: default stream) and ignored on the CPU, where the call runs to
  // completion.
  virtual void enqueue(void* stream) = 0;

  // Memory for the tensors between layers, aligned to 256 bytes, from the next run on; null: the framework's allocator.
  virtual void set_block(void* address, int64_t bytes) = 0;
  // What a block needs for the present shapes, by the plan of memory; throws where a shape is missing.
  virtual int64_t block_bytes() = 0;

  // Told why runs are slower than they might be.
  virtual void set_warning(std::function<void(const std::string& text)> warning) = 0;

  // ---- telling of runs; each slows them down
  // Called behind each layer with its name, when that has run.
  virtual void set_layer_log(std::function<void(const std::string& layer)> log) = 0;
  // Shapes as far as they are known for what is set now, by ValueId of the plan's graph.
  virtual std::vector<Shape> shapes() = 0;
  // Milliseconds of each layer are recorded from the next run on.
  virtual void record_times(bool on) = 0;
  // Of the last recorded run, by NodeId; waits for it. Empty if there was none, or it was captured into a CUDA graph.
  virtual std::vector<float> times() const = 0;
  // Null: none.
  virtual void set_debug_listener(std::shared_ptr<const DebugListener> listener) = 0;
  // The ATen operators that each layer called when present shapes were run first, by NodeId; "" if not known. Plans of
  // detailed verbosity only.
  virtual const std::vector<std::string>& operators() const = 0;
};

}  // namespace torchtrt::engine
