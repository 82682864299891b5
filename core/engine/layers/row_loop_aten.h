// RowLoop on tensors.
#pragma once

#include "core/engine/layers/kernel.h"

namespace torchtrt::engine {

struct RowOperands {
  at::Tensor x, residual, scale, bias;  // all but x may be undefined
  int64_t length = 0;                   // of a row
  double epsilon = 0;
  bool center = true;
  bool keep_sum = false;
};

// Computes result 0, and 1 where the sum is kept, by a RowLoop. False, with nothing done, where that does not apply, or
// where PyTorch's operators are faster since they run on several threads.
bool run_row_loop(Call& call, const RowOperands& operands);

}  // namespace torchtrt::engine
