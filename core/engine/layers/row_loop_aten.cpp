// RowLoop on tensors: float32 on the CPU.
//
// On one core with AVX-512, in parts of the time of at::add and at::native_layer_norm: 0.5 to 0.8, root mean square 0.1
// to 0.3; several threads make up for that from kThreadedElements on.
#include "core/engine/layers/row_loop_aten.h"

#include <ATen/Parallel.h>

#include "core/engine/layers/move_aten.h"
#include "core/engine/layers/row_loop.h"

namespace torchtrt::engine {
namespace {

constexpr int64_t kThreadedElements = 32768;

bool fits(const at::Tensor& tensor, int64_t elements) {
  return !tensor.defined() || (tensor.scalar_type() == at::kFloat && tensor.is_cpu() && tensor.numel() == elements);
}

// In `kept`, whose address the loop has.
const float* address_of(const at::Tensor& tensor, at::Tensor& kept) {
  if (!tensor.defined()) return nullptr;
  kept = tensor.contiguous();
  return kept.const_data_ptr<float>();
}

}  // namespace

bool run_row_loop(Call& call, const RowOperands& operands) {
  const at::Tensor& x = operands.x;
  const int64_t count = x.numel();
  if (!fits(x, count) || !fits(operands.residual, count) || !fits(operands.scale, operands.length) ||
      !fits(operands.bias, operands.length) || call.out_type(0) != DType::kFloat32)
    return false;
  if (operands.residual.defined() && operands.residual.sizes() != x.sizes()) return false;
  if (count >= kThreadedElements && at::get_num_threads() > 1) return false;
  at::Tensor y = output_of(call, 0, at::kFloat), sum;
  if (operands.keep_sum) sum = output_of(call, 1, at::kFloat);
  if (!y.is_contiguous() || (sum.defined() && !sum.is_contiguous())) return false;
  at::Tensor kept[4];
  RowLoop loop;
  loop.x = address_of(x, kept[0]);
  loop.residual = address_of(operands.residual, kept[1]);
  loop.scale = address_of(operands.scale, kept[2]);
  loop.bias = address_of(operands.bias, kept[3]);
  loop.y = y.mutable_data_ptr<float>();
  loop.sum = sum.defined() ? sum.mutable_data_ptr<float>() : nullptr;
  loop.rows = operands.length == 0 ? 0 : count / operands.length;
  loop.length = operands.length;
  loop.epsilon = static_cast<float>(operands.epsilon);
  loop.center = operands.center;
  loop.run();
  call.set(0, std::move(y));
  if (sum.defined()) call.set(1, std::move(sum));
  return true;
}

}  // namespace torchtrt::engine
