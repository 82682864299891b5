// PointwiseLayout: order and merging of axes.
#include "core/engine/exec/pointwise_layout.h"

#include <ATen/ops/empty.h>

#include <algorithm>
#include <numeric>

namespace torchtrt::engine {
namespace {

std::vector<int64_t> plain_order(int64_t rank) {
  std::vector<int64_t> order(static_cast<size_t>(rank));
  std::iota(order.begin(), order.end(), 0);
  return order;
}

std::vector<int64_t> order_of(const Call& call) {
  std::vector<int64_t> order = plain_order(call.out_shape(0).rank());
  for (int i = 0; i < call.size(); ++i) {
    const at::Tensor& x = call.in(i);
    if (x.sizes() != call.out_sizes(0) || !x.is_non_overlapping_and_dense()) continue;
    if (!x.is_contiguous())
      std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) { return x.stride(a) > x.stride(b); });
    return order;
  }
  return order;
}

// Neighbouring axes go together where every input runs along both or along neither; axes of one element vanish.
PointwiseLayout merged(std::vector<int64_t> order, const Shape& result, std::span<const Shape> inputs) {
  PointwiseLayout layout;
  layout.plain = std::is_sorted(order.begin(), order.end());
  layout.runs.resize(inputs.size());
  std::vector<char> before;
  for (const int64_t axis : order) {
    const int64_t length = result[static_cast<int>(axis)];
    layout.volume *= length;
    if (length == 1) continue;
    std::vector<char> here;
    for (const Shape& input : inputs) here.push_back(input[static_cast<int>(axis)] != 1);
    if (here == before && !layout.lengths.empty()) {
      layout.lengths.back() *= length;
      continue;
    }
    layout.lengths.push_back(length);
    for (size_t i = 0; i < here.size(); ++i) layout.runs[i].push_back(here[i]);
    before = std::move(here);
  }
  if (layout.lengths.empty()) {
    layout.lengths.push_back(1);
    for (auto& runs : layout.runs) runs.push_back(0);
  }
  layout.order = std::move(order);
  return layout;
}

}  // namespace

std::vector<int64_t> PointwiseLayout::strides_of(size_t input) const {
  std::vector<int64_t> strides(lengths.size(), 0);
  int64_t step = 1;
  for (size_t axis = lengths.size(); axis-- > 0;)
    if (runs[input][axis]) {
      strides[axis] = step;
      step *= lengths[axis];
    }
  return strides;
}

bool PointwiseLayout::is_full(size_t input) const {
  return std::find(runs[input].begin(), runs[input].end(), 0) == runs[input].end();
}

bool PointwiseLayout::is_scalar(size_t input) const {
  return std::find(runs[input].begin(), runs[input].end(), 1) == runs[input].end();
}

PointwiseLayout layout_of(const Call& call) {
  Shapes inputs;
  for (int i = 0; i < call.size(); ++i) inputs.push_back(call.in_shape(i));
  return merged(order_of(call), call.out_shape(0), inputs);
}

PointwiseLayout layout_of(const Shape& result, std::span<const Shape> inputs) {
  return merged(plain_order(result.rank()), result, inputs);
}

at::Tensor operand_of(const Call& call, int i, const PointwiseLayout& layout) {
  return layout.plain ? call.in(i).contiguous() : call.in(i).permute(layout.order).contiguous();
}

PointwiseResult result_of(const Call& call, int i, const PointwiseLayout& layout) {
  const at::TensorOptions options = at::TensorOptions(scalar_type_of(call.out_type(i))).device(call.device());
  if (layout.plain) {
    const at::Tensor& dest = call.dest(i);
    const at::Tensor tensor = dest.defined() && dest.is_contiguous() ? dest : at::empty(call.out_sizes(i), options);
    return {tensor, tensor};
  }
  std::vector<int64_t> sizes, back(layout.order.size());
  for (size_t axis = 0; axis < layout.order.size(); ++axis) {
    sizes.push_back(call.out_sizes(i)[static_cast<size_t>(layout.order[axis])]);
    back[static_cast<size_t>(layout.order[axis])] = static_cast<int64_t>(axis);
  }
  const at::Tensor lines = at::empty(sizes, options);
  return {lines.permute(back), lines};
}

}  // namespace torchtrt::engine
