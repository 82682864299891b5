// Normalization on tensors: layer and group norms of at:: where they fit, the formula elsewhere.
#include <ATen/Functions.h>

#include "core/engine/layers/kernel_result.h"
#include "core/engine/layers/normalization.h"
#include "core/engine/layers/row_loop_aten.h"

namespace torchtrt::engine {
namespace {

std::vector<int64_t> masked_axes(uint32_t mask) {
  std::vector<int64_t> axes;
  for (int64_t axis = 0; mask >> axis != 0; ++axis)
    if (mask >> axis & 1) axes.push_back(axis);
  return axes;
}

// Parameters with x's own lengths along the axes of the mask, and 1 along the others.
bool runs_over(const at::Tensor& parameter, const at::Tensor& x, uint32_t mask) {
  for (int64_t axis = 0; axis < x.dim(); ++axis)
    if (parameter.size(axis) != (mask >> axis & 1 ? x.size(axis) : 1)) return false;
  return true;
}

// The first axis of a mask of all axes from there on; -1 for another mask.
int64_t first_of_trailing(uint32_t mask, int64_t rank) {
  for (int64_t axis = 0; axis < rank; ++axis)
    if (mask == (((1u << rank) - 1) & ~((1u << axis) - 1))) return axis;
  return -1;
}

at::Tensor layer_norm(const at::Tensor& x, const at::Tensor& scale, const at::Tensor& bias, int64_t first,
                      double epsilon) {
  const auto sizes = x.sizes().slice(first);
  return std::get<0>(at::native_layer_norm(x, sizes, scale.reshape(sizes), bias.reshape(sizes), epsilon));
}

// With the axes of the mask moved behind all others, where channels-last memory has its channels anyway.
at::Tensor moved_layer_norm(const at::Tensor& x, const at::Tensor& scale, const at::Tensor& bias, uint32_t mask,
                            double epsilon) {
  std::vector<int64_t> order, places(static_cast<size_t>(x.dim()));
  for (const bool masked : {false, true})
    for (int64_t axis = 0; axis < x.dim(); ++axis)
      if ((mask >> axis & 1) == masked) order.push_back(axis);
  for (size_t i = 0; i < order.size(); ++i) places[static_cast<size_t>(order[i])] = static_cast<int64_t>(i);
  const auto first = static_cast<int64_t>(order.size() - masked_axes(mask).size());
  return layer_norm(x.permute(order).contiguous(), scale, bias, first, epsilon).permute(places);
}

at::Tensor group_norm(const at::Tensor& x, const at::Tensor& scale, const at::Tensor& bias, int64_t groups,
                      double epsilon) {
  // On the CPU torch takes E[x^2] - E[x]^2 for the variance of channels-last tensors, which cancels.
  return at::group_norm(x.is_cpu() ? x.contiguous() : x, groups, scale.flatten(), bias.flatten(), epsilon);
}

// One value per group as one per channel.
at::Tensor per_channel(const at::Tensor& parameter, const at::Tensor& x) {
  const int64_t length = parameter.size(1);
  return length == 1 || length == x.size(1) ? parameter : parameter.repeat_interleave(x.size(1) / length, 1);
}

at::Tensor standardized(const at::Tensor& x, c10::IntArrayRef axes, double epsilon) {
  const at::Tensor centered = x - x.mean(axes, /*keepdim=*/true);
  const at::Tensor variance = centered.square().mean(axes, /*keepdim=*/true);
  return centered * at::rsqrt(variance + epsilon);
}

at::Tensor by_formula(const Normalization& op, const at::Tensor& x, const at::Tensor& scale, const at::Tensor& bias) {
  const at::Tensor wide = widen(x);
  at::Tensor y;
  if (op.groups == 1) {
    y = standardized(wide, masked_axes(op.axes), op.epsilon);
  } else {
    std::vector<int64_t> axes;
    for (int64_t axis = 2; axis <= x.dim(); ++axis) axes.push_back(axis);
    const at::Tensor split = wide.reshape([&] {
      std::vector<int64_t> sizes(x.sizes().begin(), x.sizes().end());
      sizes[1] /= op.groups;
      sizes.insert(sizes.begin() + 1, op.groups);
      return sizes;
    }());
    y = standardized(split, axes, op.epsilon).reshape(x.sizes());
  }
  return y * widen(scale) + widen(bias);
}

}  // namespace

void run(const Normalization& op, Call& call) {
  const at::Tensor& x = call.in(0);
  const int64_t rank = x.dim(), first = first_of_trailing(op.axes, rank);
  const bool grouped = op.groups > 1;
  const at::Tensor scale = grouped ? per_channel(call.in(1), x) : call.in(1);
  const at::Tensor bias = grouped ? per_channel(call.in(2), x) : call.in(2);
  const auto both_run_over = [&](uint32_t mask) { return runs_over(scale, x, mask) && runs_over(bias, x, mask); };
  if (x.numel() > 0 && !grouped && both_run_over(op.axes)) {
    if (first < 0) return deliver(call, moved_layer_norm(x, scale, bias, op.axes, op.epsilon));
    if (run_row_loop(call, {x, {}, scale, bias, scale.numel(), op.epsilon})) return;
    return call.set(0, layer_norm(x, scale, bias, first, op.epsilon));
  }
  if (x.numel() > 0 && first == 2 && both_run_over(1u << 1))
    return call.set(0, group_norm(x, scale, bias, grouped ? op.groups : x.size(1), op.epsilon));
  deliver(call, by_formula(op, x, scale, bias));
}
TORCHTRT_KERNEL(Normalization);

}  // namespace torchtrt::engine
