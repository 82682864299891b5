// Maximum pooling of half types in channels-last on CUDA, by a kernel of ours; all else by PyTorch's.
//
// Note [Maximum pooling]: PyTorch's kernel looks for the places of the maxima too, which nobody asked for: behind the
// first convolution of ResNet-50 it takes as long as seven of the convolutions. Ours reads eight channels at once. NaN
// wins, and what lies outside the data never does.
#include <ATen/Functions.h>

#include <algorithm>
#include <array>

#include "core/engine/exec/bound_kernel.h"
#include "core/engine/exec/nvrtc.h"
#include "core/engine/layers/pooling.h"
#include "core/util/error.h"

namespace torchtrt::engine {
namespace {

constexpr auto kLast = at::MemoryFormat::ChannelsLast;
constexpr int kAttempts = 3;      // to get the kernel, which a capture forbids
constexpr int64_t kChannels = 8;  // of a half type in 16 bytes
constexpr int64_t kThreads = 256;
constexpr int64_t kNarrow = int64_t{1} << 30;  // packs that indices of 32 bits certainly reach

constexpr const char* kBody = R"(
extern "C" __global__ void max_pool(const Pack<T, 8>* x, Pack<T, 8>* y, int height, int width, int packs, int rows,
                                    int columns, int top, int left, int count) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= count) return;
  const int pack = i % packs, column = i / packs % columns, row = i / packs / columns % rows;
  const Pack<T, 8>* image = x + (i64)(i / packs / columns / rows) * height * width * packs + pack;
  float most[8];
  for (int k = 0; k < 8; ++k) most[k] = -kInfinity;
  #pragma unroll
  for (int dy = 0; dy < WINDOW_Y; ++dy) {
    const int h = row * STRIDE_Y - top + dy;
    #pragma unroll
    for (int dx = 0; dx < WINDOW_X; ++dx) {
      const int w = column * STRIDE_X - left + dx;
      if (h < 0 || h >= height || w < 0 || w >= width) continue;
      const Pack<T, 8> here = image[((i64)h * width + w) * packs];
      for (int k = 0; k < 8; ++k) {
        const float value = to_float(here.at[k]);
        if (value > most[k] || value != value) most[k] = value;
      }
    }
  }
  Pack<T, 8> result;
  for (int k = 0; k < 8; ++k) result.at[k] = of_float<T>(most[k]);
  y[i] = result;
}
)";

std::string source_of(const Pooling& op, DType type) {
  return join(kCudaPrelude, "typedef ", type == DType::kFloat16 ? "Half" : "BFloat", " T;\n#define WINDOW_Y ",
              op.window_size[0], "\n#define WINDOW_X ", op.window_size[1], "\n#define STRIDE_Y ", op.stride[0],
              "\n#define STRIDE_X ", op.stride[1], "\n", kBody);
}

class BoundPooling final : public BoundKernel {
 public:
  BoundPooling(const NodeView& view, const Pooling& op, DType type)
      : layer_(*view.node.layer), op_(op), plain_(find_kernel(Pooling::kKind)), source_(source_of(op, type)) {
    shapes_.push_back(view.evaluation.shape(view.node.outputs[0]));
    find();
  }

  void run(Call& call) override {
    if (!kernel_ && attempts_ < kAttempts) find();
    if (!kernel_ || !launch(call)) plain_(layer_, call);
  }
  bool is_recordable(const Accept& accept) override { return accept(layer_, shapes_); }

 private:
  void find() {
    ++attempts_;
    kernel_ = try_cuda_kernel(source_, "max_pool");
  }

  bool launch(Call& call) const {
    const at::Tensor& x = call.in(0);
    if (!x.is_contiguous(kLast) || reinterpret_cast<intptr_t>(x.const_data_ptr()) % 16 != 0) return false;
    const WindowResult y_axis = slide(op_.window(0), op_.padding_mode, x.size(2));
    const WindowResult x_axis = slide(op_.window(1), op_.padding_mode, x.size(3));
    at::Tensor y = at::empty({x.size(0), x.size(1), y_axis.output, x_axis.output}, x.options(), kLast);
    if (y.numel() == 0 || std::max(x.numel(), y.numel()) / kChannels >= kNarrow) return false;
    const auto number = [](int64_t n) { return static_cast<int>(n); };
    const void* from = x.const_data_ptr();
    void* to = y.mutable_data_ptr();
    std::array numbers{number(x.size(2)),
                       number(x.size(3)),
                       number(x.size(1) / kChannels),
                       number(y_axis.output),
                       number(x_axis.output),
                       number(y_axis.pre),
                       number(x_axis.pre),
                       number(y.numel() / kChannels)};
    std::vector<void*> arguments{&from, &to};
    for (int& n : numbers) arguments.push_back(&n);
    const int64_t blocks = (numbers.back() + kThreads - 1) / kThreads;
    kernel_->launch({blocks, 1, 1, kThreads, 1, 1, 0}, arguments, present_stream(call.device()));
    call.set(0, std::move(y));
    return true;
  }

  const Layer& layer_;
  const Pooling& op_;
  KernelFunction plain_;
  Shapes shapes_;
  std::string source_;
  int attempts_ = 0;
  std::shared_ptr<const CudaKernel> kernel_;
};

std::unique_ptr<BoundKernel> bind_pooling(const NodeView& view) {
  const auto& op = *as<Pooling>(*view.node.layer);
  const DType type = view.graph.stale_value(view.node.inputs[0]).dtype;
  const Shape& x = view.evaluation.shape(view.node.inputs[0]);
  if (!view.device.is_cuda() || op.type != PoolingType::kMax || op.window_size.size() != 2) return nullptr;
  if (type != DType::kFloat16 && type != DType::kBFloat16) return nullptr;
  if (!x.is_known() || x.rank() != 4 || x.volume() == 0 || x[1] % kChannels != 0) return nullptr;
  if (op.window_size[0] * op.window_size[1] > 64) return nullptr;  // its loops are unrolled
  return std::make_unique<BoundPooling>(view, op, type);
}

const bool registered = (register_binder(Pooling::kKind, bind_pooling), true);

}  // namespace
}  // namespace torchtrt::engine
