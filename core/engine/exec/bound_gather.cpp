// Gather of whole lines on CUDA: one kernel that brings indices inside, copies lines, and zeroes what lies outside.
//
// By PyTorch's operators that takes ten kernels, which cost more than the lines for short inputs of a language model.
#include <ATen/ops/empty.h>

#include <algorithm>

#include "core/engine/exec/bound_kernel.h"
#include "core/engine/exec/nvrtc.h"
#include "core/engine/layers/gather.h"
#include "core/engine/layers/move_aten.h"

namespace torchtrt::engine {
namespace {

constexpr const char* kName = "gather_lines";
constexpr int kAttempts = 3;  // to get the kernel, which a capture forbids
constexpr int64_t kThreads = 256;
constexpr int64_t kBlocksEach = 16;            // for every multiprocessor
constexpr int64_t kNarrow = int64_t{1} << 30;  // units that indices of 32 bits reach, a step included

// Sizes in units of `bytes` bytes, the largest that lines are a multiple of.
struct Lines {
  int64_t bytes = 1, line = 1, length = 1, indices = 1, count = 0;
};

std::string source_of(int64_t bytes, bool wide_indices, bool wide) {
  const std::string unit = bytes == 16  ? "Pack<u32, 4>"
                           : bytes == 8 ? "Pack<u32, 2>"
                           : bytes == 4 ? "Pack<u32, 1>"
                           : bytes == 2 ? "Pack<u16, 1>"
                                        : "Pack<unsigned char, 1>";
  return join(kCudaPrelude, "typedef ", unit, " Unit;\ntypedef ", wide_indices ? "i64" : "int", " Number;\ntypedef ",
              wide ? "i64" : "u32", " Index;\n", R"(
extern "C" __global__ void __launch_bounds__(256) gather_lines(const Unit* x, const Number* numbers, Unit* y, i64 line,
                                                               i64 length, i64 numbers_count, i64 count) {
  const Index width = (Index)line, rows = (Index)numbers_count, n = (Index)count;
  for (Index i = (Index)blockIdx.x * blockDim.x + threadIdx.x; i < n; i += (Index)gridDim.x * blockDim.x) {
    const Index column = i % width, row = i / width;
    i64 at = (i64)numbers[row % rows];
    at = at < 0 ? at + length : at;
    Unit unit = {};
    if (at >= 0 && at < length) unit = x[((i64)(row / rows) * length + at) * line + column];
    y[i] = unit;
  }
}
)");
}

Lines lines_of(const Shape& data, int64_t indices, int64_t axis, DType type) {
  Lines lines;
  int64_t outer = 1, inner = bytes_of(type, 1);
  for (int i = 0; i < data.rank(); ++i) (i < axis ? outer : i > axis ? inner : lines.length) *= data[i];
  for (lines.bytes = 16; inner % lines.bytes != 0;) lines.bytes /= 2;
  lines.line = inner / lines.bytes;
  lines.indices = indices;
  lines.count = outer * indices * lines.line;
  return lines;
}

class BoundGather final : public BoundKernel {
 public:
  BoundGather(const Layer& layer, Shape shape, const Lines& lines, bool wide_indices)
      : layer_(layer),
        shapes_{std::move(shape)},
        lines_(lines),
        kernel_(find_kernel(Gather::kKind)),
        source_(source_of(lines.bytes, wide_indices, lines.count >= kNarrow)) {
    find();
  }

  void run(Call& call) override {
    if (!run_lines(call)) kernel_(layer_, call);
  }
  bool is_recordable(const Accept& accept) override { return accept(layer_, shapes_); }

 private:
  void find() {
    ++attempts_;
    compiled_ = try_cuda_kernel(source_, kName);
  }

  bool is_aligned(const at::Tensor& tensor) const {
    return tensor.is_cuda() && tensor.is_contiguous() &&
           reinterpret_cast<intptr_t>(tensor.const_data_ptr()) % lines_.bytes == 0;
  }

  bool run_lines(Call& call) {
    if (!compiled_ && attempts_ < kAttempts) find();
    if (!compiled_) return false;
    const at::Tensor &x = call.in(0), &numbers = call.in(1);
    if (!is_aligned(x) || !numbers.is_cuda() || !numbers.is_contiguous()) return false;
    at::Tensor y = call.dest(0);
    if (!y.defined() || !is_aligned(y)) y = at::empty(call.out_sizes(0), x.options());
    const void *data = x.const_data_ptr(), *index = numbers.const_data_ptr();
    void* out = y.data_ptr();
    std::vector<void*> arguments{&data, &index, &out, &lines_.line, &lines_.length, &lines_.indices, &lines_.count};
    const int64_t most = kBlocksEach * multiprocessor_count(call.device().index());
    const int64_t blocks = std::clamp<int64_t>((lines_.count + kThreads - 1) / kThreads, 1, most);
    compiled_->launch({blocks, 1, 1, kThreads, 1, 1, 0}, arguments, present_stream(call.device()));
    call.set(0, std::move(y));
    return true;
  }

  const Layer& layer_;
  Shapes shapes_;
  Lines lines_;
  KernelFunction kernel_;
  std::string source_;
  int attempts_ = 0;
  std::shared_ptr<const CudaKernel> compiled_;
};

std::unique_ptr<BoundKernel> bind_gather(const NodeView& view) {
  const auto& op = *as<Gather>(*view.node.layer);
  if (!view.device.is_cuda() || view.device != present_device()) return nullptr;
  if (op.mode != GatherMode::kDefault || op.elementwise_dims != 0) return nullptr;
  const Shape& data = view.evaluation.shape(view.node.inputs[0]);
  const Shape& numbers = view.evaluation.shape(view.node.inputs[1]);
  const DType type = view.graph.stale_value(view.node.inputs[0]).dtype;
  const Shape& result = view.evaluation.shape(view.node.outputs[0]);
  if (is_packed(type) || !data.is_known() || !numbers.is_known() || data.volume() == 0 || result.volume() == 0)
    return nullptr;
  const DType number = view.graph.stale_value(view.node.inputs[1]).dtype;
  const Lines lines = lines_of(data, numbers.volume(), op.axis, type);
  return std::make_unique<BoundGather>(*view.node.layer, result, lines, number == DType::kInt64);
}

const bool registered = (register_binder(Gather::kKind, bind_gather), true);

}  // namespace
}  // namespace torchtrt::engine
