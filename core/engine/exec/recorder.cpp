// Recorder: which runs are recorded, and how they are launched.
#include "core/engine/exec/recorder.h"

#include <ATen/ops/empty.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include <algorithm>
#include <utility>

#include "core/engine/exec/device.h"
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

Addresses over_buffers(const Recordings& recordings, Addresses addresses) {
  for (size_t i = 0; i < recordings.buffers.size(); ++i)
    if (recordings.buffers[i].defined()) addresses[i] = recordings.buffers[i].mutable_data_ptr();
  return addresses;
}

// Inputs into the buffers, or outputs from there.
void copy(const Recordings& recordings, const Addresses& addresses, const Plan& plan, bool inputs) {
  for (size_t i = 0; i < recordings.buffers.size(); ++i) {
    const at::Tensor& buffer = recordings.buffers[i];
    if (!buffer.defined() || plan.bindings[i].is_input != inputs) continue;
    const at::Tensor theirs = wrap(addresses[i], Shape{buffer.numel()}, DType::kUInt8, buffer.device());
    (inputs ? buffer : theirs).copy_(inputs ? theirs : buffer, /*non_blocking=*/true);
  }
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

c10::Stream Recorder::present_stream() const { return c10::impl::VirtualGuardImpl(device_.type()).getStream(device_); }

// Memory of the default stream, like everything that outlives a run (Note [Lifetimes of plans]): what is queued there
// may use it still.
void Recorder::make_buffers(Recordings& recordings, const Addresses& addresses) {
  const c10::Stream present = present_stream();
  const RunScope scope(device_, nullptr);
  recordings.buffers.resize(recordings.bytes.size());
  for (size_t i = 0; i < recordings.buffers.size(); ++i)
    if (addresses[i] && recordings.bytes[i] > 0)
      recordings.buffers[i] = at::empty({recordings.bytes[i]}, at::TensorOptions(at::kByte).device(device_));
  c10::Event ready(device_.type());
  ready.record(present_stream());
  ready.block(present);
}

bool Recorder::is_warm(Recordings& recordings, const Addresses& addresses) const {
  const auto self = std::this_thread::get_id();
  if (std::exchange(recordings.thread, self) != self)
    recordings.plain_runs = std::min(recordings.plain_runs, kPlainRuns - 1);
  if (recordings.plain_runs >= kPlainRuns) return true;
  ++recordings.plain_runs;
  recordings.seen.assign(1, addresses);
  return false;
}

// The graph holds the block, too.
bool Recorder::run_staged(Recordings& recordings, const Addresses& addresses, const Plan& plan,
                          const std::function<void(const Addresses&)>& run) {
  Recordings::Recording& staged = recordings.staged;
  const bool known = !recordings.buffers.empty();
  if (staged.graph && staged.addresses.back() != addresses.back()) staged = {};
  if (!known) make_buffers(recordings, addresses);
  if (known && !staged.graph) {
    if (recordings.staged_made == kMaxGraphs) return false;
    staged = record(over_buffers(recordings, addresses), run);
    if (!staged.graph) return false;
    ++recordings.staged_made;
  }
  wait_for_last();
  copy(recordings, addresses, plan, /*inputs=*/true);
  known ? launch(*staged.graph) : run(over_buffers(recordings, addresses));
  copy(recordings, addresses, plan, /*inputs=*/false);
  mark_last();
  return true;
}

bool Recorder::run(Recordings& recordings, const Addresses& addresses, const Plan& plan,
                   const std::function<void(const Addresses&)>& run) {
  for (Recordings::Recording& recording : recordings.graphs) {
    if (recording.addresses != addresses) continue;
    launch(*recording.graph);
    return true;
  }
  if (!recordings.staged.graph && !is_warm(recordings, addresses)) return false;
  const bool copies = std::find(recordings.bytes.begin(), recordings.bytes.end(), -1) == recordings.bytes.end();
  try {
    if (!recordings.staged.graph && record_direct(recordings, addresses, run)) {
      launch(*recordings.graphs.back().graph);
      return true;
    }
    return recordings.misses >= kMaxMisses && copies && run_staged(recordings, addresses, plan, run);
  } catch (const std::exception& error) {  // plain runs go on; what they throw is reported
    give_up(recordings, error.what());
    return false;
  }
}

void Recorder::give_up(Recordings& recordings, const char* reason) {
  recordings.recordable = false;
  recordings.graphs.clear();
  recordings.staged = {};
  { const ReleaseInOrder order(device_); }
  recordings.buffers.clear();
  const std::string_view text = reason;
  if (auto warning = std::exchange(warning_, {}))
    warning(join("runs stay without a CUDA graph, which could not be recorded: ", text.substr(0, text.find('\n'))));
}

void Recorder::wait_for_last() {
  const c10::Stream stream = present_stream();
  if (last_ && stream.id() != last_stream_ && last_->was_marked_for_recording()) last_->block(stream);
}

void Recorder::mark_last() {
  const c10::Stream stream = present_stream();
  if (!last_) last_.emplace(device_.type());
  last_->record(stream);
  last_stream_ = stream.id();
}

void Recorder::launch(CudaGraph& graph) {
  wait_for_last();
  graph.launch();
  mark_last();
}

}  // namespace torchtrt::engine
