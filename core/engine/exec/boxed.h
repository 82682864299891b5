// Operators of PyTorch found by name, so that a PyTorch without them is no error.
#pragma once

#include <ATen/core/dispatch/Dispatcher.h>

#include <optional>
#include <vector>

namespace torchtrt::engine {

inline std::optional<c10::OperatorHandle> operator_of(const char* name, const char* overload) {
  return c10::Dispatcher::singleton().findSchema({name, overload});
}

// The result of an operator that answers one tensor.
template <class... Args>
at::Tensor call_boxed(const c10::OperatorHandle& op, Args&&... args) {
  std::vector<c10::IValue> stack{c10::IValue(std::forward<Args>(args))...};
  op.callBoxed(&stack);
  return stack.at(0).toTensor();
}

}  // namespace torchtrt::engine
