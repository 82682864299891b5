// Products of rows with a weight matrix.
//
// Note [Epilogues]: a product on CUDA can end in relu or the tanh form of gelu at no cost, and does so before it
// rounds. Anything else runs in place over the product, which takes no second tensor.
#include <ATen/Functions.h>

#include "core/engine/layers/linear_product.h"

namespace torchtrt::engine {
namespace {

bool is_epilogue(LinearActivation activation) {
  return activation == LinearActivation::kRelu || activation == LinearActivation::kGeluTanh;
}

// The result as a matrix of `rows` rows, in the destination if there is one.
at::Tensor result_rows(const Call& call, int64_t rows) {
  const at::Tensor& weight = call.in(1);
  const at::Tensor& dest = call.dest(0);
  return dest.defined() ? dest.view({rows, weight.size(0)}) : at::empty({rows, weight.size(0)}, weight.options());
}

}  // namespace

at::Tensor rows_of(const at::Tensor& x) {
  if (x.dim() == 2) return x;
  int64_t rows = 1;
  for (int64_t axis = 0; axis < x.dim() - 1; ++axis) rows *= x.size(axis);
  return x.reshape({rows, x.size(-1)});
}

void activate(LinearActivation activation, at::Tensor& y) {
  switch (activation) {
    case LinearActivation::kRelu:
      at::relu_(y);
      return;
    case LinearActivation::kGeluErf:
      at::gelu_out(y, y, "none");
      return;
    case LinearActivation::kGeluTanh:
      at::gelu_out(y, y, "tanh");
      return;
    case LinearActivation::kSilu:
      at::silu_(y);
      return;
    case LinearActivation::kSigmoid:
      y.sigmoid_();
      return;
    case LinearActivation::kTanh:
      y.tanh_();
      return;
  }
  TORCHTRT_THROW(kInternal, "unknown activation ", static_cast<int>(activation));
}

void product(Call& call, std::optional<LinearActivation> activation) {
  const at::Tensor x = rows_of(call.in(0)), weight = call.in(1).t();
  at::Tensor y = result_rows(call, x.size(0));
  if (!call.has(2)) {
    at::mm_out(y, x, weight);
  } else if (activation && is_epilogue(*activation) && y.is_cuda()) {  // Note [Epilogues]
    at::_addmm_activation_out(y, call.in(2), x, weight, 1, 1, *activation == LinearActivation::kGeluTanh);
    activation.reset();
  } else {
    at::addmm_out(y, call.in(2), x, weight);
  }
  if (activation) activate(*activation, y);
  call.set(0, call.dest(0).defined() ? call.dest(0) : y.view(call.out_sizes(0)));
}

}  // namespace torchtrt::engine
