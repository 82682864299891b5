// ParametricReLU: one product and one choice, so half types round once by themselves.
#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

#include "core/engine/layers/kernel_result.h"
#include "core/engine/layers/parametric_relu.h"

namespace torchtrt::engine {

void run(const ParametricReLU&, Call& call) {
  const at::Tensor& x = call.in(0);
  at::Tensor out = result_tensor(call);
  at::where_out(out, x < 0, x * call.in(1), x);
  call.set(0, std::move(out));
}
TORCHTRT_KERNEL(ParametricReLU)

}  // namespace torchtrt::engine
