// Types of operands: torch's rules, one cast layer per change.
#include <ATen/Functions.h>
#include <ATen/native/TypeProperties.h>

#include <algorithm>

#include "core/conversion/builder.h"
#include "core/ir/torch_dtype.h"
#include "core/util/error.h"

namespace torchtrt::conversion {

Tensor Builder::cast(Tensor x, at::ScalarType dtype) {
  if (carrier_of(x.dtype) == carrier_of(dtype)) {
    const bool narrower = (dtype == at::kByte || dtype == at::kChar) && x.dtype != dtype;
    x.dtype = dtype;
    return narrower ? wrapped(x) : x;
  }
  auto& layer = added(network_.addCast(*x.itensor, carrier_of(dtype)), "cast");
  Tensor result = out(layer, dtype);
  return dtype == at::kByte || dtype == at::kChar ? wrapped(result) : result;
}

at::ScalarType Builder::result_type(const std::vector<const Operand*>& operands) {
  at::native::ResultTypeState state;
  for (const Operand* operand : operands) {
    if (operand->like.defined()) {
      state = at::native::update_result_type_state(operand->like, state);
    } else if (operand->dim) {
      state = at::native::update_result_type_state(at::Scalar(int64_t{0}), state);
    } else if (operand->constant.isScalar()) {
      state = at::native::update_result_type_state(operand->constant.toScalar(), state);
    }
  }
  return at::native::result_type(state);
}

std::vector<Tensor> Builder::promote(const std::vector<const Operand*>& operands, at::ScalarType dtype) {
  std::vector<Tensor> tensors;
  for (const Operand* operand : operands) {
    const bool number = operand->is_constant() && operand->constant.isScalar();
    const bool literal = operand->is_constant() && operand->constant.isTensor() &&
                         operand->constant.toTensor().dim() == 0 && operand->constant.toTensor().numel() == 1;
    if (number) {
      tensors.push_back(scalar(operand->constant.toScalar(), dtype));
    } else if (literal) {
      tensors.push_back(scalar(operand->constant.toTensor().item(), dtype));
    } else {
      tensors.push_back(cast(tensor(*operand), dtype));
    }
  }
  match_ranks(tensors);
  return tensors;
}

void Builder::match_ranks(std::vector<Tensor>& tensors) {
  int rank = 0;
  for (const Tensor& tensor : tensors) rank = std::max(rank, tensor.rank());
  for (Tensor& tensor : tensors) {
    std::vector<int64_t> axes;
    for (int axis = 0; axis < rank - tensor.rank(); ++axis) axes.push_back(axis);
    if (!axes.empty()) tensor = unsqueeze(tensor, axes);
  }
}

Tensor Builder::in_float(Tensor x, const std::function<Tensor(Tensor)>& compute) {
  const at::ScalarType dtype = x.dtype;
  return cast(compute(dtype == at::kHalf || dtype == at::kBFloat16 ? cast(x, at::kFloat) : x), dtype);
}

}  // namespace torchtrt::conversion
