// Slice: views inside the bounds; gathers along an axis, or copies into a filled tensor, where something lies outside.
#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

#include <algorithm>

#include "core/engine/layers/kernel.h"
#include "core/engine/layers/move_aten.h"
#include "core/engine/layers/slice.h"
#include "core/engine/layers/slice_parameters.h"

namespace torchtrt::engine {
namespace {

std::vector<Run> runs_of(const Slice& op, const Call& call) {
  const CallArgs args(call);
  const auto slices = slice_parameters(op, args.args());
  std::vector<Run> runs;
  for (const AxisSlice& slice : slices.value())
    runs.push_back({slice.start.value(), slice.size.value(), slice.stride.value()});
  return runs;
}

bool is_inside(const Run& run, int64_t length) {
  const int64_t last = run.start + (run.size - 1) * run.stride;
  return run.size == 0 || (std::min(run.start, last) >= 0 && std::max(run.start, last) < length);
}

// The indices that WRAP, CLAMP or REFLECT make of a run.
at::Tensor sampled(SampleMode mode, const Run& run, int64_t length, at::Device device) {
  at::Tensor index = positions(run.size, at::kLong, device).mul_(run.stride).add_(run.start);
  if (mode == SampleMode::kWrap) return index.remainder_(length);
  if (mode == SampleMode::kClamp) return index.clamp_(0, length - 1);
  const int64_t period = std::max<int64_t>(2 * length - 2, 1);
  index.abs_().remainder_(period);
  return at::minimum(index, period - index);
}

at::Tensor filled(const Call& call, const at::Tensor& x, const std::vector<Run>& runs) {
  const at::Tensor out = movable(output_of(call, 0, call.in(0).scalar_type()));
  if (call.has(4))
    out.copy_(movable(call.in(4)).expand(out.sizes()));
  else
    out.zero_();
  take_inside(out, x, runs);
  return out;
}

}  // namespace

void run(const Slice& op, Call& call) {
  at::Tensor x = movable(call.in(0));
  const std::vector<Run> runs = runs_of(op, call);
  bool all_inside = true;
  for (size_t axis = 0; axis < runs.size(); ++axis)
    all_inside = all_inside && is_inside(runs[axis], x.size(static_cast<int64_t>(axis)));
  if (op.mode == SampleMode::kFill && !all_inside) {
    call.set(0, typed(filled(call, x, runs), call.in(0).scalar_type()));
    return;
  }
  for (size_t i = 0; i < runs.size(); ++i) {
    const auto axis = static_cast<int64_t>(i);
    const Run& run = runs[i];
    x = is_inside(run, x.size(axis)) ? take(x, axis, run.start, run.size, run.stride)
                                     : x.index_select(axis, sampled(op.mode, run, x.size(axis), call.device()));
  }
  call.set(0, typed(x, call.in(0).scalar_type()));
}
TORCHTRT_KERNEL(Slice)

}  // namespace torchtrt::engine
