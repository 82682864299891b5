// MatrixMultiply on tensors.
#include <ATen/Functions.h>

#include "core/engine/layers/kernel_result.h"
#include "core/engine/layers/matrix_multiply.h"

namespace torchtrt::engine {
namespace {

// As a matrix: vectors become a row (operand 0) or a column (operand 1).
at::Tensor matrix(const at::Tensor& x, MatrixOp op, int index) {
  if (op == MatrixOp::kTranspose) return x.transpose(-1, -2);
  return op == MatrixOp::kVector ? x.unsqueeze(index == 0 ? -2 : -1) : x;
}

// One matrix for the whole batch needs no batch axes: the product then is a single one.
at::Tensor without_unit_batch(const at::Tensor& x) {
  for (int64_t axis = 0; axis < x.dim() - 2; ++axis)
    if (x.size(axis) != 1) return x;
  return x[0].dim() == 2 ? x[0] : without_unit_batch(x[0]);
}

}  // namespace

void run(const MatrixMultiply& op, Call& call) {
  const at::Tensor a = matrix(call.in(0), op.op0, 0);
  at::Tensor b = matrix(call.in(1), op.op1, 1);
  if (b.dim() > 2) b = without_unit_batch(b);
  if (op.op0 != MatrixOp::kVector && op.op1 != MatrixOp::kVector) {
    at::Tensor out = result_tensor(call);
    at::matmul_out(out, a, b);
    return call.set(0, std::move(out));
  }
  at::Tensor product = at::matmul(a, b);
  if (op.op1 == MatrixOp::kVector) product = product.squeeze(-1);
  if (op.op0 == MatrixOp::kVector) product = product.squeeze(op.op1 == MatrixOp::kVector ? -1 : -2);
  call.set(0, std::move(product));
}
TORCHTRT_KERNEL(MatrixMultiply);

}  // namespace torchtrt::engine
