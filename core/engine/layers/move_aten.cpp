// What kernels that move, choose or generate elements share.
#include "core/engine/layers/move_aten.h"

#include <ATen/Functions.h>

#include <algorithm>

namespace torchtrt::engine {
namespace {

bool is_small_float(at::ScalarType type) {
  return type == at::kFloat8_e4m3fn || type == at::kFloat8_e5m2 || type == at::kFloat8_e8m0fnu ||
         type == at::ScalarType::Float4_e2m1fn_x2;
}

int64_t floor_divide(int64_t a, int64_t b) { return a / b - (a % b != 0 && (a < 0) != (b < 0)); }

// Output positions [first, last) that read inside an axis of `length`.
struct Range {
  int64_t first, last;
};

Range inside(const Run& run, int64_t length) {
  int64_t first = 0, last = run.size;
  if (run.size == 0) return {0, 0};
  if (run.stride == 0) {
    if (run.start < 0 || run.start >= length) last = 0;
  } else {
    // start + i * stride lies in [0, length); counted from the other end where the stride is negative.
    const int64_t step = std::abs(run.stride), from = run.stride > 0 ? run.start : length - 1 - run.start;
    first = std::max<int64_t>(0, -floor_divide(from, step));
    last = std::min(run.size, floor_divide(length - 1 - from, step) + 1);
  }
  return {first, std::max(first, last)};
}

}  // namespace

CallArgs::CallArgs(const Call& call) {
  for (int i = 0; i < call.size(); ++i) {
    const HostValue* value = call.value(i);
    values_.push_back(value);
    types_.push_back(value ? value->dtype : call.has(i) ? dtype_of(call.in(i).scalar_type()) : DType::kNone);
    shapes_.push_back(call.has(i)
                          ? Shape(std::span<const int64_t>(call.in(i).sizes().begin(), call.in(i).sizes().end()))
                      : value ? value->shape
                              : Shape::invalid());
  }
}

at::Tensor output_of(const Call& call, int i, at::ScalarType type) {
  if (call.dest(i).defined()) return call.dest(i);
  return at::empty(call.out_sizes(i), at::TensorOptions(type).device(call.device()));
}

at::Tensor movable(const at::Tensor& x) { return is_small_float(x.scalar_type()) ? x.view(at::kByte) : x; }

at::Tensor positions(int64_t length, at::ScalarType type, at::Device device) {
  return at::arange(length, at::TensorOptions(type).device(device));
}

at::Tensor take(const at::Tensor& x, int64_t axis, int64_t start, int64_t size, int64_t stride) {
  if (size == 0) return x.narrow(axis, 0, 0);
  if (stride == 0) {
    std::vector<int64_t> sizes = x.sizes().vec();
    sizes[static_cast<size_t>(axis)] = size;
    return x.narrow(axis, start, 1).expand(sizes);
  }
  const int64_t last = start + (size - 1) * stride;
  if (stride > 0) return at::slice(x, axis, start, last + 1, stride);
  return at::slice(x, axis, last, start + 1, -stride).flip(axis);
}

void take_inside(const at::Tensor& out, at::Tensor x, const std::vector<Run>& runs) {
  at::Tensor target = out;
  for (size_t axis = 0; axis < runs.size(); ++axis) {
    const Run& run = runs[axis];
    const auto dim = static_cast<int64_t>(axis);
    const Range range = inside(run, x.size(dim));
    const int64_t count = range.last - range.first;
    target = target.narrow(dim, std::min(range.first, run.size), count);
    x = take(x, dim, run.start + range.first * run.stride, count, run.stride);
  }
  target.copy_(x);
}

}  // namespace torchtrt::engine
