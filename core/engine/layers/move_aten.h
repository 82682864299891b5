// What kernels that move, choose or generate elements share.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "core/engine/layers/kernel.h"

namespace torchtrt::engine {

// The shape rule's view of a call, for rules that a kernel asks again.
class CallArgs {
 public:
  explicit CallArgs(const Call& call);
  ShapeArgs args() const { return {shapes_, values_, types_}; }

 private:
  Shapes shapes_;
  std::vector<const HostValue*> values_;
  Types types_;
};

// Memory for output i: the destination, or a new tensor of the type.
at::Tensor output_of(const Call& call, int i, at::ScalarType type);

// The same memory as a type that every operator of torch moves: 8-bit floats as bytes, everything else as it is.
at::Tensor movable(const at::Tensor& x);
// Undoes movable().
inline at::Tensor typed(const at::Tensor& x, at::ScalarType type) { return x.scalar_type() == type ? x : x.view(type); }

// [0, 1, .., length) on the call's device.
at::Tensor positions(int64_t length, at::ScalarType type, at::Device device);

// `size` elements of an axis from `start` on, `stride` apart, all inside. A view unless the stride is negative.
at::Tensor take(const at::Tensor& x, int64_t axis, int64_t start, int64_t size, int64_t stride);

// What a slice reads along one axis.
struct Run {
  int64_t start, size, stride;
};
// Writes to `out`, which holds the fill value everywhere, the elements that the runs (one per axis) read inside x.
void take_inside(const at::Tensor& out, at::Tensor x, const std::vector<Run>& runs);

}  // namespace torchtrt::engine
