// PointwiseLayout: how the operands of a Pointwise layer lie in memory, with axes put together as far as they go.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "core/engine/layers/kernel.h"

namespace torchtrt::engine {

struct PointwiseLayout {
  std::vector<int64_t> order;    // axes of the tensors, the outermost in memory first
  bool plain = true;             // they are in their own order
  std::vector<int64_t> lengths;  // of the axes that are left, at least one
  std::vector<std::vector<char>>
      runs;  // by input, by axis that is left: along it; else the input has one element there
  std::vector<std::vector<int64_t>> strides;  // alike: elements between neighbours; 0: does not run along the axis
  std::vector<char> as_is;                    // by input: read where it is, else from a contiguous copy
  int64_t volume = 1;
  int64_t reach = 1;  // the result's elements, or those that an input spreads over if they are more

  // Of results.
  std::vector<int64_t> dense_strides() const;
  // Whether an input's elements follow each other.
  bool is_dense(size_t input) const;
};

// In the order of the first input that has all elements of the result.
PointwiseLayout layout_of(const Call& call);
// Of inputs with these shapes, all contiguous.
PointwiseLayout layout_of(const Shape& result, std::span<const Shape> inputs);

// Input i with the strides of the layout.
at::Tensor operand_of(const Call& call, int i, const PointwiseLayout& layout);

// Memory for output i, in the order of the layout; `lines`: the same, with axes in that order.
struct PointwiseResult {
  at::Tensor tensor, lines;
};
PointwiseResult result_of(const Call& call, int i, const PointwiseLayout& layout);

}  // namespace torchtrt::engine
