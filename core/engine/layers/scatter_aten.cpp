// Scatter: a table tells the last update of each place, and all updates of a place write that one's value.
//
// So the result does not depend on the order of writes. Updates that lie outside write to place 0 what place 0 gets
// anyway.
#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>
#include <c10/util/accumulate.h>

#include "core/engine/layers/kernel.h"
#include "core/engine/layers/move_aten.h"
#include "core/engine/layers/scatter.h"

namespace torchtrt::engine {
namespace {

// Places of updates along an axis of `length`; what is there does not matter where it lies outside.
struct Places {
  at::Tensor index;    // int64
  at::Tensor outside;  // of the same shape
};

Places places_of(const at::Tensor& indices, int64_t length) {
  at::Tensor index = indices.to(at::kLong);
  index = at::where(index < 0, index + length, index);
  const at::Tensor outside = (index < 0).logical_or_(index >= length);
  return {index, outside};
}

// By update: the last one of its place along the axis, -1 where there is none. Those outside ask for place 0.
at::Tensor last_updates(const Places& places, const at::Tensor& inside, int64_t axis, int64_t length) {
  std::vector<int64_t> table_sizes = places.index.sizes().vec(), row(table_sizes.size(), 1);
  table_sizes[static_cast<size_t>(axis)] = length + 1;
  row[static_cast<size_t>(axis)] = -1;
  at::Tensor last = at::full(table_sizes, -1, places.index.options());
  const at::Tensor number = positions(places.index.size(axis), at::kLong, places.index.device()).view(row);
  last.scatter_reduce_(axis, places.index.masked_fill(places.outside, length), number.expand_as(places.index), "amax");
  return last.gather(axis, inside);
}

// Torch writes along an axis in order on the CPU, so the last update stays by itself: 22 ms instead of the 68 that the
// table takes for 1024 x 1024 updates. Those outside go to a place behind the end.
void write_in_order(int64_t axis, const Places& places, const at::Tensor& updates, const at::Tensor& data,
                    const at::Tensor& out) {
  const int64_t length = data.size(axis);
  std::vector<int64_t> sizes = data.sizes().vec();
  ++sizes[static_cast<size_t>(axis)];
  at::Tensor longer = at::empty(sizes, data.options());
  longer.narrow(axis, 0, length).copy_(data);
  longer.scatter_(axis, places.index.masked_fill(places.outside, length), updates);
  out.copy_(longer.narrow(axis, 0, length));
}

void write_elements(int64_t axis, const Places& places, const at::Tensor& updates, const at::Tensor& data,
                    const at::Tensor& out) {
  if (data.is_cpu()) return write_in_order(axis, places, updates, data, out);
  const at::Tensor inside = places.index.masked_fill(places.outside, 0);
  const at::Tensor last = last_updates(places, inside, axis, data.size(axis));
  const at::Tensor values = at::where(last < 0, data.gather(axis, inside), updates.gather(axis, last.clamp_min(0)));
  out.copy_(data).scatter_(axis, inside, values);
}

// Updates and data in rows: [n, length] and [count, length].
void write_rows(const Places& places, const at::Tensor& updates, const at::Tensor& data, const at::Tensor& out) {
  const at::Tensor inside = places.index.masked_fill(places.outside, 0);
  const at::Tensor last = last_updates(places, inside, 0, data.size(0));
  const at::Tensor values =
      at::where((last < 0).unsqueeze(1), data.index_select(0, inside), updates.index_select(0, last.clamp_min(0)));
  out.copy_(data).index_copy_(0, inside, values);
}

// The m numbers of each tuple as one place in row major order.
Places entries_of(const at::Tensor& indices, const at::Tensor& data) {
  const int64_t m = indices.size(-1);
  const int64_t n = c10::multiply_integers(indices.sizes().slice(0, static_cast<size_t>(indices.dim()) - 1));
  const at::TensorOptions options(indices.device());
  Places all{at::zeros({n}, options.dtype(at::kLong)), at::zeros({n}, options.dtype(at::kBool))};
  if (m == 0) return all;
  const at::Tensor tuples = indices.reshape({n, m});
  for (int64_t i = 0; i < m; ++i) {
    const Places one = places_of(tuples.select(1, i), data.size(i));
    all.index.mul_(data.size(i)).add_(one.index);
    all.outside.logical_or_(one.outside);
  }
  return all;
}

void write_entries(const at::Tensor& indices, const at::Tensor& updates, const at::Tensor& data,
                   const at::Tensor& out) {
  const Places places = entries_of(indices, data);
  const int64_t length = c10::multiply_integers(data.sizes().slice(static_cast<size_t>(indices.size(-1))));
  if (length == 1) return write_elements(0, places, updates.reshape(-1), data.reshape(-1), out.view(-1));
  write_rows(places, updates.reshape({-1, length}), data.reshape({-1, length}), out.view({-1, length}));
}

}  // namespace

void run(const Scatter& op, Call& call) {
  const at::Tensor &data = call.in(0), &indices = call.in(1), &updates = call.in(2);
  const bool in_place = call.dest(0).defined() && call.dest(0).is_contiguous();
  const at::Tensor out = in_place ? call.dest(0) : at::empty(data.sizes(), data.options());
  call.set(0, out);
  if (data.numel() == 0 || updates.numel() == 0) {
    out.copy_(data);
    return;
  }
  if (op.mode == ScatterMode::kND) return write_entries(indices, updates, data, out);
  write_elements(op.axis, places_of(indices, data.size(op.axis)), updates, data, out);
}
TORCHTRT_KERNEL(Scatter)

}  // namespace torchtrt::engine
