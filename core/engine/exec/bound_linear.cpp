// Linear and FusedLinear of float32 on the CPU over weights that MKL has packed for the number of rows.
//
// Note [Packed products]: a product packs its weights at every call. With few rows that takes as long as the product
// itself; done once, 128 rows of MiniLM's layers take half the time, 512 rows of GPT-2's five sixths, 4096 rows as long
// as before. So it is done for few rows, and for few numbers of rows, since each keeps a copy of the weights. With
// fewer than kLeastRows, MKL's plain product adds up in an order of its own, whose mean error is a third: there it
// stays.
#include "core/engine/exec/bound_kernel.h"
#include "core/engine/exec/boxed.h"
#include "core/engine/exec/packed_weights.h"
#include "core/engine/layers/constant.h"
#include "core/engine/layers/linear_product.h"

namespace torchtrt::engine {
namespace {

constexpr int64_t kLeastRows = 16;
constexpr int64_t kMostRows = 1024;
constexpr int kMostCopies = 2;

class BoundLinear final : public BoundKernel {
 public:
  BoundLinear(const Layer& layer, Shape shape, int64_t rows)
      : layer_(layer),
        shapes_{std::move(shape)},
        rows_(rows),
        kernel_(find_kernel(layer.kind())),
        pack_(operator_of("mkl::_mkl_reorder_linear_weight", "")),
        product_(operator_of("mkl::_mkl_linear", "")) {
    plain_ = !pack_ || !product_;
    if (const auto* fused = as<FusedLinear>(layer)) activation_ = fused->activation;
  }

  void run(Call& call) override {
    if (!plain_ && !weights_) pack(call.in(1));
    if (plain_) return kernel_(layer_, call);
    const c10::IValue bias = call.has(2) ? c10::IValue(call.in(2)) : c10::IValue();
    at::Tensor y = call_boxed(*product_, call.in(0), *weights_, call.in(1), bias, rows_);
    if (activation_) activate(*activation_, y);
    call.set(0, std::move(y));
  }
  bool is_recordable(const Accept& accept) override { return accept(layer_, shapes_); }

 private:
  // A PyTorch without MKL has the operators, but they refuse.
  void pack(const at::Tensor& weights) {
    try {
      weights_ = packed_weights(
          weights, "MKL " + std::to_string(rows_), [&] { return call_boxed(*pack_, weights, rows_); }, kMostCopies);
    } catch (const c10::Error&) {
    }
    plain_ = weights_ == nullptr;
  }

  const Layer& layer_;
  Shapes shapes_;
  int64_t rows_;
  KernelFunction kernel_;
  std::optional<LinearActivation> activation_;
  std::optional<c10::OperatorHandle> pack_, product_;
  std::shared_ptr<const at::Tensor> weights_;
  bool plain_ = false;
};

bool is_constant(const Graph& graph, ValueId value) {
  const NodeId producer = graph.stale_value(value).producer;
  return producer != kNoId && as<Constant>(*graph.node(producer).layer);
}

std::unique_ptr<BoundKernel> bind_linear(const NodeView& view) {
  const std::vector<ValueId>& inputs = view.node.inputs;
  const Shape& x = view.evaluation.shape(inputs[0]);
  if (!view.device.is_cpu() || view.graph.stale_value(inputs[0]).dtype != DType::kFloat32) return nullptr;
  if (!is_constant(view.graph, inputs[1]) || !x.is_known() || x.volume() == 0) return nullptr;
  const int64_t rows = x.volume() / x[x.rank() - 1];
  if (rows < kLeastRows || rows > kMostRows) return nullptr;
  return std::make_unique<BoundLinear>(*view.node.layer, view.evaluation.shape(view.node.outputs[0]), rows);
}

const bool registered =
    (register_binder(Linear::kKind, bind_linear), register_binder(FusedLinear::kKind, bind_linear), true);

}  // namespace
}  // namespace torchtrt::engine
