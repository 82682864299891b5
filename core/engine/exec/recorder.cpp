// Recorder: which runs are recorded, and how they are launched.
#include "core/engine/exec/recorder.h"

#include <ATen/ops/empty.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include <algorithm>
#include <utility>

#include "core/engine/exec/run_turn.h"
#include "core/engine/exec/transfer.h"
#include "core/util/error.h"

namespace torchtrt::engine {
namespace {

constexpr int kPlainRuns = 2;
constexpr size_t kMaxGraphs = 4;  // of one program
constexpr size_t kMaxSeen = 4;
constexpr int kMaxMisses = 8;

// Kinds whose kernels neither wait for the device nor copy from the host.
constexpr std::string_view kRecordable[] = {"Activation",       "Attention",        "Cast",       "Concatenation",
                                            "Constant",         "Convolution",      "Cumulative", "Deconvolution",
                                            "Dequantize",       "DynamicQuantize",  "Einsum",     "ElementWise",
                                            "FusedConvolution", "FusedLinear",      "Gather",     "GridSample",
                                            "Identity",         "KVCacheUpdate",    "LRN",        "Linear",
                                            "MatrixMultiply",   "Normalization",    "OneHot",     "Padding",
                                            "ParametricReLU",   "Pooling",          "Quantize",   "RaggedSoftMax",
                                            "Reduce",           "Reformat",         "Resize",     "ReverseSequence",
                                            "RotaryEmbedding",  "RowNormalization", "Scale",      "Scatter",
                                            "Select",           "ShapeOf",          "Shuffle",    "Slice",
                                            "Softmax",          "Squeeze",          "TopK",       "Unary",
                                            "Unsqueeze"};

bool are_known(std::span<const Shape> shapes) {
  return std::all_of(shapes.begin(), shapes.end(), [](const Shape& shape) { return shape.is_known(); });
}

bool is_recordable_layer(const Layer& layer, std::span<const Shape> out_shapes) {
  if (std::find(std::begin(kRecordable), std::end(kRecordable), layer.kind()) == std::end(kRecordable)) return false;
  for (const Field& field : layer.fields())
    if (const auto* weights = std::get_if<Weights>(&field.value); weights && !weights->empty()) return false;
  return are_known(out_shapes);
}

bool is_recordable(const Step& step) {
  if (step.bound) return are_known(step.out_shapes) && step.bound->is_recordable(is_recordable_layer);
  return is_recordable_layer(*step.layer, step.out_shapes);
}

}  // namespace

bool is_recordable(const Plan& plan, const Program& program) {
  if (!program.complete()) return false;
  for (const Program::Delivery& delivery : program.deliveries())
    if (plan.bindings[static_cast<size_t>(delivery.binding)].on_host) return false;
  const std::vector<Step>& steps = program.steps();
  return std::all_of(steps.begin(), steps.end(), [](const Step& step) { return is_recordable(step); });
}

Recorder::Recorder(c10::Device device) : device_(device), enabled_(device.is_cuda() && records_cuda_graphs()) {}

Recordings::Recording Recorder::record(Addresses addresses, const std::function<void(const Addresses&)>& run) {
  if (!pool_) pool_ = CudaGraph::new_pool();
  std::unique_ptr<CudaGraph> graph;
  record_alone(device_, [&] { graph = CudaGraph::record(device_, *pool_, [&] { run(addresses); }); });
  return {std::move(addresses), std::move(graph)};
}

// Addresses that come for the first time are remembered only.
bool Recorder::record_direct(Recordings& recordings, const Addresses& addresses,
                             const std::function<void(const Addresses&)>& run) {
  std::vector<Addresses>& seen = recordings.seen;
  std::vector<Recordings::Recording>& graphs = recordings.graphs;
  ++recordings.misses;
  if (std::find(seen.begin(), seen.end(), addresses) == seen.end()) {
    if (seen.size() == kMaxSeen) seen.erase(seen.begin());
    seen.push_back(addresses);
    return false;
  }
  if (graphs.size() == kMaxGraphs) return false;
  Recordings::Recording made = record(addresses, run);
  if (!made.graph) return false;
  graphs.push_back(std::move(made));
  return true;
}

void Recorder::record_staged(Recordings& recordings, Addresses addresses,
                             const std::function<void(const Addresses&)>& run) {
  const std::vector<int64_t>& bytes = recordings.bytes;
  recordings.buffers.assign(bytes.size(), {});
  for (size_t i = 0; i < bytes.size(); ++i) {
    if (!addresses[i]) continue;
    recordings.buffers[i] = at::empty({std::max<int64_t>(bytes[i], 1)}, at::TensorOptions(at::kByte).device(device_));
    addresses[i] = recordings.buffers[i].mutable_data_ptr();
  }
  recordings.staged = record(std::move(addresses), run);
  if (!recordings.staged.graph) recordings.buffers.clear();
}

bool Recorder::run(Recordings& recordings, const Addresses& addresses, const Plan& plan,
                   const std::function<void(const Addresses&)>& run) {
  for (Recordings::Recording& recording : recordings.graphs) {
    if (recording.addresses != addresses) continue;
    launch(*recording.graph);
    return true;
  }
  const bool copies = std::find(recordings.bytes.begin(), recordings.bytes.end(), -1) == recordings.bytes.end();
  if (recordings.plain_runs < kPlainRuns) {
    ++recordings.plain_runs;
    recordings.seen.assign(1, addresses);
    return false;
  }
  try {
    if (!recordings.staged.graph && record_direct(recordings, addresses, run)) {
      launch(*recordings.graphs.back().graph);
      return true;
    }
    if (recordings.misses < kMaxMisses || !copies) return false;
    if (!recordings.staged.graph) record_staged(recordings, addresses, run);
    if (!recordings.staged.graph) return false;
  } catch (const std::exception& error) {  // plain runs go on; what they throw is reported
    give_up(recordings, error.what());
    return false;
  }
  launch_staged(recordings, addresses, plan);
  return true;
}

void Recorder::give_up(Recordings& recordings, const char* reason) {
  recordings.recordable = false;
  recordings.graphs.clear();
  recordings.staged = {};
  recordings.buffers.clear();
  const std::string_view text = reason;
  if (auto warning = std::exchange(warning_, {}))
    warning(join("runs stay without a CUDA graph, which could not be recorded: ", text.substr(0, text.find('\n'))));
}

void Recorder::launch(CudaGraph& graph) {
  const c10::Stream stream = c10::impl::VirtualGuardImpl(device_.type()).getStream(device_);
  if (!last_) last_.emplace(device_.type());
  if (stream.id() != last_stream_ && last_->was_marked_for_recording()) last_->block(stream);
  graph.launch();
  last_->record(stream);
  last_stream_ = stream.id();
}

void Recorder::launch_staged(Recordings& recordings, const Addresses& addresses, const Plan& plan) {
  const auto copy = [&](bool inputs) {
    for (size_t i = 0; i < recordings.buffers.size(); ++i) {
      const at::Tensor& buffer = recordings.buffers[i];
      if (!buffer.defined() || plan.bindings[i].is_input != inputs) continue;
      const at::Tensor theirs = wrap(addresses[i], Shape{buffer.numel()}, DType::kUInt8, device_);
      const at::Tensor &to = inputs ? buffer : theirs, &from = inputs ? theirs : buffer;
      to.copy_(from, /*non_blocking=*/true);
    }
  };
  const c10::Stream stream = c10::impl::VirtualGuardImpl(device_.type()).getStream(device_);
  if (last_ && stream.id() != last_stream_ && last_->was_marked_for_recording()) last_->block(stream);
  copy(/*inputs=*/true);
  launch(*recordings.staged.graph);
  copy(/*inputs=*/false);
  last_->record(stream);
}

}  // namespace torchtrt::engine
