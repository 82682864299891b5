// FusedConvolution by one operator of PyTorch: oneDNN's on the CPU, cuDNN's on CUDA; by its parts elsewhere.
//
// Note [Layouts]: oneDNN and the tensor cores want channels last. The first such convolution brings its data into that
// layout, its result has it, and what follows keeps it; layers that want another convert, as outputs of the engine do.
// Weights are packed at the first run and shared by all contexts of the plan. Operators are found by name: where a
// PyTorch has them not, or an operator refuses these shapes, the convolution runs by its parts.
//
// Note [Windows side by side]: where windows neither overlap nor leave gaps, a convolution is a product of matrices,
// one window a row. cuBLAS adds a bias in the product, cuDNN without relu in a kernel of its own; and images have fewer
// channels than tensor cores take: cuDNN pads them, but a window has points enough.
#include <ATen/Functions.h>

#include <algorithm>

#include "core/engine/exec/bound_kernel.h"
#include "core/engine/exec/boxed.h"
#include "core/engine/exec/packed_weights.h"
#include "core/engine/layers/constant.h"
#include "core/engine/layers/fused_convolution.h"

namespace torchtrt::engine {
namespace {

constexpr auto kLast = at::MemoryFormat::ChannelsLast;
constexpr int64_t kFewChannels = 4;

// Axes of length 1 may have any stride, and by some of them operators would take the data for row major.
at::Tensor channels_last(const at::Tensor& x) {
  const at::Tensor y = x.contiguous(kLast);
  if (y.suggest_memory_format() == kLast) return y;
  return y.as_strided(y.sizes(), c10::get_channels_last_strides_2d(y.sizes()));
}

c10::IValue optional_tensor(const Call& call, int i) { return call.has(i) ? c10::IValue(call.in(i)) : c10::IValue(); }

class BoundConvolution final : public BoundKernel {
 public:
  explicit BoundConvolution(const NodeView& view)
      : layer_(*view.node.layer), op_(*as<FusedConvolution>(layer_)), kernel_(find_kernel(FusedConvolution::kKind)) {
    for (const ValueId output : view.node.outputs) shapes_.push_back(view.evaluation.shape(output));
    if (view.device.is_cpu()) {
      pack_ = operator_of("mkldnn::_reorder_convolution_weight", "");
      plain_ = operator_of("mkldnn::_convolution_pointwise", "");
      sum_ = operator_of("mkldnn::_convolution_pointwise", "binary");
    }
  }
  void run(Call& call) override {
    if (!by_parts_ && !run_fused(call)) by_parts_ = true;
    if (by_parts_) kernel_(layer_, call);
  }
  bool is_recordable(const Accept& accept) override { return accept(layer_, shapes_); }

 private:
  // False: these shapes or types are not for the operator.
  bool run_fused(Call& call) {
    const at::Tensor& x = call.in(0);
    if (x.numel() == 0 || call.out_shape(0).volume() == 0) return false;
    try {
      if (x.is_cuda()) return run_cuda(call);
      return pack_ && plain_ && sum_ && x.scalar_type() == at::kFloat && run_cpu(call);
    } catch (const std::exception&) {  // c10::Error or oneDNN's own; by its parts, which report what is really wrong
      return false;
    }
  }

  bool run_cpu(Call& call) {
    const at::Tensor x = channels_last(call.in(0));
    if (!weights_) {
      std::string layout = "oneDNN";
      for (const auto* list : {&op_.pre_padding, &op_.stride, &op_.dilation})
        for (const int64_t number : *list) layout += ' ' + std::to_string(number);
      layout += ' ' + std::to_string(op_.groups);
      // For the lengths that come first; others are served too, oneDNN reorders where it wants another packing.
      weights_ = packed_weights(call.in(1), layout, [&] {
        return call_boxed(*pack_, call.in(1), op_.pre_padding, op_.stride, op_.dilation, op_.groups, x.sizes().vec());
      });
    }
    if (!weights_) return false;
    const c10::impl::GenericList none(c10::OptionalType::create(c10::NumberType::get()));
    const char* relu = op_.relu ? "relu" : "none";
    if (!call.has(3)) {
      call.set(0, call_boxed(*plain_, x, *weights_, optional_tensor(call, 2), op_.pre_padding, op_.stride, op_.dilation,
                             op_.groups, relu, none, ""));
      return true;
    }
    const c10::IValue after = op_.relu ? c10::IValue("relu") : c10::IValue();
    call.set(0, call_boxed(*sum_, x, channels_last(call.in(3)), *weights_, optional_tensor(call, 2), op_.pre_padding,
                           op_.stride, op_.dilation, op_.groups, "add", c10::IValue(), after, none, c10::IValue()));
    return true;
  }

  // Tensor cores take the narrow types; float32 has no use for another layout.
  bool run_cuda(Call& call) {
    if (call.in(0).scalar_type() == at::kFloat || op_.groups != 1) return false;
    if (is_product(call)) {
      run_product(call);
      return true;
    }
    const at::Tensor x = channels_last(call.in(0)), weights = channels_last_weights(call.in(1));
    const auto bias = call.has(2) ? std::optional(call.in(2)) : std::nullopt;
    if (!op_.relu) {
      const std::vector<int64_t> zeros(op_.kernel_size.size(), 0);
      at::Tensor y = at::convolution(x, weights, bias, op_.stride, op_.pre_padding, op_.dilation,
                                     /*transposed=*/false, zeros, op_.groups);
      if (call.has(3)) y.add_(call.in(3));
      call.set(0, std::move(y));
    } else if (call.has(3)) {
      call.set(0, at::cudnn_convolution_add_relu(x, weights, channels_last(call.in(3)), 1, bias, op_.stride,
                                                 op_.pre_padding, op_.dilation, op_.groups));
    } else {
      call.set(0, at::cudnn_convolution_relu(x, weights, bias, op_.stride, op_.pre_padding, op_.dilation, op_.groups));
    }
    return true;
  }

  at::Tensor channels_last_weights(const at::Tensor& given) {
    if (!weights_) weights_ = packed_weights(given, "channels last", [&] { return channels_last(given); });
    return weights_ ? *weights_ : channels_last(given);  // streamed weights are brought along at every run
  }

  // See Note [Windows side by side].
  bool is_product(const Call& call) const {
    const auto all = [](const std::vector<int64_t>& list, int64_t n) {
      return std::all_of(list.begin(), list.end(), [&](int64_t i) { return i == n; });
    };
    if (op_.relu || !call.has(2) || call.has(3) || op_.kernel_size != op_.stride) return false;
    if (!all(op_.pre_padding, 0) || !all(op_.dilation, 1)) return false;
    return all(op_.stride, 1) || call.in(0).size(1) <= kFewChannels;
  }

  void run_product(Call& call) {
    const Shape& shape = call.out_shape(0);
    const int64_t batch = shape[0], maps = shape[1], height = shape[2], width = shape[3];
    const bool points = op_.stride[0] == 1 && op_.stride[1] == 1;
    at::Tensor x = points ? channels_last(call.in(0)) : call.in(0);
    x = x.unfold(2, op_.stride[0], op_.stride[0]).unfold(3, op_.stride[1], op_.stride[1]).permute({0, 2, 3, 1, 4, 5});
    const at::Tensor rows = x.reshape({batch * height * width, call.in(1).numel() / maps});
    const at::Tensor y = at::addmm(call.in(2), rows, call.in(1).reshape({maps, -1}).t());
    call.set(0, y.view({batch, height, width, maps}).permute({0, 3, 1, 2}));
  }

  const Layer& layer_;
  const FusedConvolution& op_;
  KernelFunction kernel_;
  Shapes shapes_;
  std::optional<c10::OperatorHandle> pack_, plain_, sum_;
  std::shared_ptr<const at::Tensor> weights_;
  bool by_parts_ = false;
};

std::unique_ptr<BoundKernel> bind_convolution(const NodeView& view) { return std::make_unique<BoundConvolution>(view); }

const bool registered = (register_binder(FusedConvolution::kKind, bind_convolution), true);

}  // namespace
}  // namespace torchtrt::engine
