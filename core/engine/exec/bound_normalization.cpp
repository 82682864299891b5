// Normalization and RowNormalization of rows on CUDA by a kernel made for their types and length: Note [Row kernels].
// Rows that are too long, a residual that broadcasts, and addresses that packs cannot be loaded from run by the parts.
#include <ATen/core/Tensor.h>

#include <array>
#include <bit>

#include "core/engine/exec/bound_kernel.h"
#include "core/engine/exec/nvrtc.h"
#include "core/engine/exec/row_kernel.h"
#include "core/engine/layers/move_aten.h"
#include "core/engine/layers/normalization.h"
#include "core/engine/layers/row_normalization.h"

namespace torchtrt::engine {
namespace {

constexpr int kAttempts = 3;  // to get the kernel, which a capture forbids
constexpr int64_t kMostBlocks = (int64_t{1} << 31) - 1;

using Rows = RowNormalization;

class BoundRows final : public BoundKernel {
 public:
  BoundRows(const NodeView& view, const Rows& op, const RowKernel& kernel)
      : layer_(*view.node.layer), plain_(find_kernel(layer_.kind())), plan_(kernel), epsilon_(op.epsilon) {
    for (const ValueId output : view.node.outputs) shapes_.push_back(view.evaluation.shape(output));
    source_ = plan_.source();
    find();
  }

  void run(Call& call) override {
    if (!kernel_ && attempts_ < kAttempts) find();
    if (!kernel_ || !try_launch(call)) plain_(layer_, call);
  }
  bool is_recordable(const Accept& accept) override { return accept(layer_, shapes_); }

 private:
  void find() {
    ++attempts_;
    kernel_ = try_cuda_kernel(source_, "normalize_rows");
  }

  // The elements of an input in order; undefined where it is absent.
  static at::Tensor operand(const Call& call, int i) { return call.has(i) ? call.in(i).contiguous() : at::Tensor(); }

  static const void* address_of(const at::Tensor& tensor) {
    return tensor.defined() ? tensor.const_data_ptr() : nullptr;
  }

  // A kernel that the device refuses is not offered to it again.
  bool try_launch(Call& call) {
    try {
      return launch(call);
    } catch (const Error&) {
      kernel_ = nullptr;
      attempts_ = kAttempts;
      return false;
    }
  }

  bool launch(Call& call) const {
    const at::Tensor x = operand(call, Rows::kX), residual = operand(call, Rows::kResidual);
    const at::Tensor scale = operand(call, Rows::kScale), bias = operand(call, Rows::kBias);
    if (x.numel() == 0 || (residual.defined() && residual.sizes() != x.sizes())) return false;
    at::Tensor y = output_of(call, 0, scalar_type_of(plan_.y));
    at::Tensor sum = plan_.keep_sum ? output_of(call, 1, x.scalar_type()) : at::Tensor();
    if (!y.is_contiguous() || (sum.defined() && !sum.is_contiguous())) return false;
    const std::array<const void*, 6> at{address_of(x),    address_of(residual), address_of(scale),
                                        address_of(bias), address_of(y),        address_of(sum)};
    const std::array types{plan_.x, plan_.x, plan_.scale, plan_.bias, plan_.y, plan_.x};
    for (size_t i = 0; i < at.size(); ++i)
      if (at[i] && !plan_.is_aligned(at[i], types[i])) return false;
    int64_t rows = x.numel() / plan_.length;
    const int64_t blocks = (rows + plan_.rows - 1) / plan_.rows;
    if (blocks > kMostBlocks) return false;
    float epsilon = epsilon_;
    std::vector<void*> arguments;
    for (const void* const& address : at) arguments.push_back(const_cast<void**>(&address));
    arguments.insert(arguments.end(), {&rows, &epsilon});
    kernel_->launch({blocks, 1, 1, plan_.threads * plan_.rows, 1, 1, 0}, arguments, present_stream(call.device()));
    call.set(0, std::move(y));
    if (sum.defined()) call.set(1, std::move(sum));
    return true;
  }

  const Layer& layer_;
  KernelFunction plain_;
  RowKernel plan_;
  float epsilon_;
  Shapes shapes_;
  std::string source_;
  int attempts_ = 0;
  std::shared_ptr<const CudaKernel> kernel_;
};

// What a Normalization is as one of rows; nullopt: it is none.
std::optional<Rows> as_rows(const NodeView& view) {
  const Layer& layer = *view.node.layer;
  if (const auto* rows = as<Rows>(layer)) return *rows;
  const auto& op = *as<Normalization>(layer);
  const Shape& x = view.evaluation.shape(view.node.inputs[0]);
  Rows rows;
  rows.epsilon = op.epsilon;
  rows.axes = std::popcount(op.axes);
  rows.to_type = view.graph.stale_value(view.node.inputs[0]).dtype;
  const uint32_t last = ((1u << x.rank()) - 1) & ~((1u << (x.rank() - rows.axes)) - 1);
  if (op.groups != 1 || op.axes != last) return std::nullopt;
  for (const size_t i : {1, 2}) {  // one scale and bias for all rows
    const Shape& parameter = view.evaluation.shape(view.node.inputs[i]);
    for (int axis = 0; axis < x.rank(); ++axis)
      if (parameter[axis] != (op.axes >> axis & 1 ? x[axis] : 1)) return std::nullopt;
  }
  return rows;
}

std::unique_ptr<BoundKernel> bind_on_cuda(const NodeView& view) {
  const std::optional<Rows> rows = as_rows(view);
  const Shape& x = view.evaluation.shape(view.node.inputs[Rows::kX]);
  if (!rows || !x.is_known() || x.volume() == 0) return nullptr;
  const auto type = [&](size_t i) {
    const ValueId value = i < view.node.inputs.size() ? view.node.inputs[i] : kNoId;
    return value == kNoId ? DType::kNone : view.graph.stale_value(value).dtype;
  };
  RowKernel kernel;
  kernel.x = type(Rows::kX);
  kernel.y = rows->to_type;
  kernel.scale = type(Rows::kScale);
  kernel.bias = type(Rows::kBias);
  kernel.residual = type(Rows::kResidual) != DType::kNone;
  kernel.keep_sum = rows->keep_sum;
  kernel.center = rows->center;
  kernel.length = Shape(x.lengths().last(static_cast<size_t>(rows->axes))).volume();
  if (!kernel.arrange(x.volume() / kernel.length, multiprocessor_count(view.device.index()))) return nullptr;
  return std::make_unique<BoundRows>(view, *rows, kernel);
}

// Where the driver does not answer, the parts run.
std::unique_ptr<BoundKernel> bind_rows(const NodeView& view) {
  if (!view.device.is_cuda()) return nullptr;
  try {
    return bind_on_cuda(view);
  } catch (const Error&) {
    return nullptr;
  }
}

const bool registered =
    (register_binder(RowNormalization::kKind, bind_rows), register_binder(Normalization::kKind, bind_rows), true);

}  // namespace
}  // namespace torchtrt::engine
