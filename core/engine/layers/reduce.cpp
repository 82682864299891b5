// Reduce: sum, product, maximum, minimum or average over axes. Sums and products of integers wrap around; their average
// is that of the sum in 64 bits, truncated. Empty reductions of int64 yield its own extremes, and the average 0.
//   c1  one input, floating, int8, int32 or int64
//   c2  at least one axis, none beyond the rank
#include "core/engine/layers/reduce.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/engine/layers/args.h"
#include "core/engine/layers/host_math.h"
#include "core/engine/layers/host_move.h"

namespace torchtrt::engine {
namespace {

int64_t lowest(DType dtype) {
  return dtype == DType::kInt64 ? std::numeric_limits<int64_t>::min() : std::numeric_limits<int32_t>::min();
}

int64_t highest(DType dtype) {
  return dtype == DType::kInt64 ? std::numeric_limits<int64_t>::max() : std::numeric_limits<int32_t>::max();
}

// What an empty maximum or minimum yields.
HostScalar extreme(DType dtype, bool upper) {
  const double infinity = std::numeric_limits<double>::infinity();
  if (is_floating(dtype)) return HostScalar::of(upper ? infinity : -infinity);
  return HostScalar::of(upper ? highest(dtype) : lowest(dtype));
}

HostScalar start_of(ReduceOp op, DType dtype) {
  switch (op) {
    case ReduceOp::kProd:
      return host_scalar(dtype, int64_t{1});
    case ReduceOp::kMax:
      return extreme(dtype, false);
    case ReduceOp::kMin:
      return extreme(dtype, true);
    case ReduceOp::kSum:
    case ReduceOp::kAvg:
      break;
  }
  // Sums of floats are rounded once, at the end; averages of integers divide the unwrapped sum.
  return is_floating(dtype) ? HostScalar::of(0.0) : HostScalar::of(int64_t{0});
}

HostScalar larger(const HostScalar& a, const HostScalar& b, bool want_larger) {
  if (!a.floating) return (a.i < b.i) == want_larger ? b : a;
  if (std::isnan(a.f) || std::isnan(b.f)) return HostScalar::of(std::numeric_limits<double>::quiet_NaN());
  return (a.f < b.f) == want_larger ? b : a;
}

HostScalar step(ReduceOp op, DType dtype, const HostScalar& sum, const HostScalar& next) {
  if (!sum.known || !next.known) return HostScalar::unknown();
  if (op == ReduceOp::kMax || op == ReduceOp::kMin) return larger(sum, next, op == ReduceOp::kMax);
  if (is_floating(dtype)) return HostScalar::of(op == ReduceOp::kProd ? sum.f * next.f : sum.f + next.f);
  return op == ReduceOp::kProd ? multiply(dtype, sum, next)
                               : add(op == ReduceOp::kAvg ? DType::kInt64 : dtype, sum, next);
}

HostScalar finish(ReduceOp op, DType dtype, const HostScalar& sum, int64_t count) {
  if (!sum.known) return sum;
  if (is_floating(dtype)) return host_scalar(dtype, op == ReduceOp::kAvg ? sum.f / static_cast<double>(count) : sum.f);
  if (op != ReduceOp::kAvg) return sum;
  return host_scalar(dtype, count == 0 ? int64_t{0} : sum.i / count);
}

}  // namespace

Types Reduce::infer_types(const Types& in) const {
  expect_inputs(in, 1, 1);
  TORCHTRT_CHECK(is_floating(in[0]) || is_index(in[0]) || in[0] == DType::kInt8,
                 "the input must be float32, float16, bfloat16, int8, int32 or int64, got ", in[0],
                 in[0] == DType::kBool ? "; cast to int32 and reduce with MAX or MIN" : "");  // c1
  return {in[0]};
}

Shapes Reduce::infer_shapes(const ShapeArgs& in) const {
  const int rank = in[0].rank();
  TORCHTRT_CHECK(axes != 0 && axes >> rank == 0, "axes mask ", axes, " names no axis, or one outside the rank of ",
                 in[0]);  // c2
  Shape out;
  for (int axis = 0; axis < rank; ++axis) {
    const bool gone = axes >> axis & 1;
    if (!gone || keep_dims) out.push_back(gone ? 1 : in[0][axis]);
  }
  return {out};
}

std::optional<HostValues> Reduce::fold(const HostArgs& in) const {
  const Shape out = infer_shapes(in)[0];
  if (!in.value(0) || !is_trackable(out)) return std::nullopt;
  const HostValue& x = *in.value(0);
  HostValue result = generate(x.dtype, out, [&](const Coordinates&) { return start_of(op, x.dtype); });
  size_t position = 0;
  for_each(x.shape, [&](const Coordinates& at) {
    Coordinates target{};
    int next = 0;
    for (int axis = 0; axis < x.shape.rank(); ++axis) {
      const bool gone = axes >> axis & 1;
      if (!gone || keep_dims) target[static_cast<size_t>(next++)] = gone ? 0 : at[axis];
    }
    HostScalar& sum = result.elements[static_cast<size_t>(position_of(out, target))];
    sum = step(op, x.dtype, sum, x.elements[position++]);
  });
  const int64_t count = out.volume() == 0 ? 0 : x.shape.volume() / out.volume();
  for (HostScalar& sum : result.elements) sum = finish(op, x.dtype, sum, count);
  return HostValues{std::move(result)};
}

TORCHTRT_LAYER(Reduce)

}  // namespace torchtrt::engine
