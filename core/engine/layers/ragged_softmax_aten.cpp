// RaggedSoftMax: a softmax in which what lies beyond the bound is minus infinity, and zero afterwards.
#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

#include <limits>

#include "core/engine/layers/kernel_result.h"
#include "core/engine/layers/move_aten.h"
#include "core/engine/layers/ragged_softmax.h"

namespace torchtrt::engine {

void run(const RaggedSoftMax&, Call& call) {
  const at::Tensor& x = call.in(0);
  const at::Tensor beyond = positions(x.size(-1), at::kInt, call.device()) >= call.in(1);
  const at::Tensor scores = widen(x).masked_fill(beyond, -std::numeric_limits<double>::infinity());
  deliver(call, at::softmax(scores, -1).masked_fill_(beyond, 0));  // a row without elements would be NaN
}
TORCHTRT_KERNEL(RaggedSoftMax)

}  // namespace torchtrt::engine
