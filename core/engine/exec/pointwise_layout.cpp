// PointwiseLayout: order and merging of axes.
#include "core/engine/exec/pointwise_layout.h"

#include <ATen/ops/empty.h>

#include <algorithm>
#include <numeric>
#include <optional>

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

using Strides = std::vector<int64_t>;  // by axis of the tensors

// Of a tensor whose elements follow each other in an order of axes.
Strides dense(const std::vector<int64_t>& order, const Shape& shape) {
  Strides strides(order.size(), 0);
  int64_t step = 1;
  for (size_t i = order.size(); i-- > 0;) {
    const int64_t length = shape[static_cast<int>(order[i])];
    if (length != 1) strides[static_cast<size_t>(order[i])] = step;
    step *= length;
  }
  return strides;
}

// A tensor's own, if lines of elements can be read where they are: it has neighbours along the result's innermost axis.
std::optional<Strides> own(const std::vector<int64_t>& order, const at::Tensor& x, const Shape& result) {
  Strides strides(order.size(), 0);
  for (size_t axis = 0; axis < strides.size(); ++axis)
    if (x.size(static_cast<int64_t>(axis)) != 1) strides[axis] = x.stride(static_cast<int64_t>(axis));
  for (size_t i = order.size(); i-- > 0;) {
    const auto axis = static_cast<size_t>(order[i]);
    if (result[static_cast<int>(axis)] == 1) continue;
    if (x.size(static_cast<int64_t>(axis)) != 1 && strides[axis] != 1) return std::nullopt;
    break;
  }
  return strides;
}

// Neighbouring axes go together where every input runs along both in one stride, or along neither; axes of one element
// vanish.
void merge_axes(PointwiseLayout& layout, const Shape& result, std::span<const Shape> inputs,
                const std::vector<Strides>& strides) {
  const size_t count = inputs.size();
  layout.runs.resize(count);
  layout.strides.resize(count);
  for (const int64_t axis : layout.order) {
    const int64_t length = result[static_cast<int>(axis)];
    layout.volume *= length;
    if (length == 1) continue;
    bool together = !layout.lengths.empty();
    for (size_t i = 0; i < count && together; ++i) {
      const bool here = inputs[i][static_cast<int>(axis)] != 1;
      together = here == (layout.runs[i].back() != 0) &&
                 layout.strides[i].back() == strides[i][static_cast<size_t>(axis)] * length;
    }
    if (!together) layout.lengths.push_back(1);
    layout.lengths.back() *= length;
    for (size_t i = 0; i < count; ++i) {
      if (!together) layout.runs[i].push_back(inputs[i][static_cast<int>(axis)] != 1);
      if (!together) layout.strides[i].push_back(0);
      layout.strides[i].back() = strides[i][static_cast<size_t>(axis)];
    }
  }
  if (!layout.lengths.empty()) return;
  layout.lengths.push_back(1);
  for (size_t i = 0; i < count; ++i) {
    layout.runs[i].push_back(0);
    layout.strides[i].push_back(0);
  }
}

void measure_reach(PointwiseLayout& layout) {
  layout.reach = layout.volume;
  for (const std::vector<int64_t>& strides : layout.strides) {
    int64_t last = 0;
    for (size_t axis = 0; axis < strides.size(); ++axis) last += (layout.lengths[axis] - 1) * strides[axis];
    layout.reach = std::max(layout.reach, last + 1);
  }
}

}  // namespace

std::vector<int64_t> PointwiseLayout::dense_strides() const {
  std::vector<int64_t> result(lengths.size(), 1);
  for (size_t axis = lengths.size(); axis-- > 1;) result[axis - 1] = result[axis] * lengths[axis];
  return result;
}

bool PointwiseLayout::is_dense(size_t input) const {
  int64_t step = 1;
  for (size_t axis = lengths.size(); axis-- > 0;) {
    if (!runs[input][axis]) continue;
    if (strides[input][axis] != step) return false;
    step *= lengths[axis];
  }
  return true;
}

PointwiseLayout layout_of(const Call& call) {
  PointwiseLayout layout;
  layout.order = order_of(call);
  layout.plain = std::is_sorted(layout.order.begin(), layout.order.end());
  Shapes inputs;
  std::vector<Strides> strides;
  for (int i = 0; i < call.size(); ++i) {
    inputs.push_back(call.in_shape(i));
    const auto found = own(layout.order, call.in(i), call.out_shape(0));
    layout.as_is.push_back(found.has_value());
    strides.push_back(found ? *found : dense(layout.order, inputs.back()));
  }
  merge_axes(layout, call.out_shape(0), inputs, strides);
  measure_reach(layout);
  return layout;
}

PointwiseLayout layout_of(const Shape& result, std::span<const Shape> inputs) {
  PointwiseLayout layout;
  layout.order = plain_order(result.rank());
  layout.as_is.assign(inputs.size(), 1);
  std::vector<Strides> strides;
  for (const Shape& input : inputs) strides.push_back(dense(layout.order, input));
  merge_axes(layout, result, inputs, strides);
  measure_reach(layout);
  return layout;
}

at::Tensor operand_of(const Call& call, int i, const PointwiseLayout& layout) {
  if (layout.as_is[static_cast<size_t>(i)]) return call.in(i);
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
