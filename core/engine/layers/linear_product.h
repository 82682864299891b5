// What kernels of Linear and FusedLinear share.
#pragma once

#include <optional>

#include "core/engine/layers/fused_linear.h"
#include "core/engine/layers/kernel.h"

namespace torchtrt::engine {

// The activation of y, in place. Formulas of several steps are rounded once.
void activate(LinearActivation activation, at::Tensor& y);

// Sets the result: one product for all rows, with the bias, and with an activation if there is one.
void product(Call& call, std::optional<LinearActivation> activation);

// x as rows of a matrix: a view where its strides allow that.
at::Tensor rows_of(const at::Tensor& x);

}  // namespace torchtrt::engine
