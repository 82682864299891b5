// Reduce: half types accumulate in float32 and round once; integers stay in their type, averages go through int64.
#include <ATen/Functions.h>

#include <limits>

#include "core/engine/layers/kernel.h"
#include "core/engine/layers/move_aten.h"
#include "core/engine/layers/reduce.h"

namespace torchtrt::engine {
namespace {

template <class T>
at::Scalar integer_start(ReduceOp op) {
  if (op == ReduceOp::kMax) return static_cast<int64_t>(std::numeric_limits<T>::lowest());
  if (op == ReduceOp::kMin) return static_cast<int64_t>(std::numeric_limits<T>::max());
  if (op == ReduceOp::kProd) return int64_t{1};
  return op == ReduceOp::kAvg && sizeof(T) == 1 ? int64_t{-128} : int64_t{0};
}

// What an empty reduction yields.
at::Scalar start_of(ReduceOp op, DType type) {
  if (type == DType::kInt8) return integer_start<int8_t>(op);
  if (type == DType::kInt32) return integer_start<int32_t>(op);
  if (type == DType::kInt64) return integer_start<int64_t>(op);
  const double infinity = std::numeric_limits<double>::infinity();
  switch (op) {
    case ReduceOp::kMax:
      return -infinity;
    case ReduceOp::kMin:
      return infinity;
    case ReduceOp::kProd:
      return 1.0;
    case ReduceOp::kAvg:
      return std::numeric_limits<double>::quiet_NaN();
    case ReduceOp::kSum:
      break;
  }
  return 0.0;
}

std::vector<int64_t> axes_of(const Reduce& op, int64_t rank) {
  std::vector<int64_t> axes;
  for (int64_t axis = 0; axis < rank; ++axis)
    if (op.axes >> axis & 1) axes.push_back(axis);
  return axes;
}

at::Tensor product(const Reduce& op, at::Tensor x, const std::vector<int64_t>& axes) {
  const at::ScalarType type = x.scalar_type();
  if (x.is_floating_point()) x = x.to(at::kFloat);
  for (auto axis = axes.rbegin(); axis != axes.rend(); ++axis) x = at::prod(x, *axis, op.keep_dims, x.scalar_type());
  return x.to(type);
}

at::Tensor integer_average(const Reduce& op, const at::Tensor& x, const std::vector<int64_t>& axes) {
  int64_t count = 1;
  for (const int64_t axis : axes) count *= x.size(axis);
  return at::sum(x, axes, op.keep_dims, at::kLong).div_(count, "trunc").to(x.scalar_type());
}

at::Tensor average(const Reduce& op, const at::Tensor& x, const std::vector<int64_t>& axes) {
  if (!x.is_floating_point()) return integer_average(op, x, axes);
  return at::mean(x, axes, op.keep_dims, at::kFloat).to(x.scalar_type());  // a sum in half could overflow
}

}  // namespace

void run(const Reduce& op, Call& call) {
  const at::Tensor& x = call.in(0);
  const std::vector<int64_t> axes = axes_of(op, x.dim());
  if (x.numel() != 0 && op.op == ReduceOp::kProd) return call.set(0, product(op, x, axes));
  if (x.numel() != 0 && op.op == ReduceOp::kAvg) return call.set(0, average(op, x, axes));
  at::Tensor out = output_of(call, 0, x.scalar_type());
  if (x.numel() == 0)
    out.fill_(start_of(op.op, call.out_type(0)));
  else if (op.op == ReduceOp::kMax)
    at::amax_out(out, x, axes, op.keep_dims);
  else if (op.op == ReduceOp::kMin)
    at::amin_out(out, x, axes, op.keep_dims);
  else
    at::sum_out(out, x, axes, op.keep_dims, x.scalar_type());
  call.set(0, out);
}
TORCHTRT_KERNEL(Reduce)

}  // namespace torchtrt::engine
