// Scatter: a table tells the last update of each place, and all updates of a place write that one's value.
//
// So the result does not depend on the order of writes, on no device. Updates that lie outside write to place 0 what
// place 0 gets anyway.
#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>
#include <c10/util/accumulate.h>

#include <algorithm>

#include "core/engine/layers/kernel.h"
#include "core/engine/layers/move_aten.h"
#include "core/engine/layers/scatter.h"

namespace torchtrt::engine {
namespace {

// Rows of `length` elements: updates [n, length] to places of data [count, length].
struct Rows {
  at::Tensor places;   // [n] int64, inside [0, count) where not outside
  at::Tensor outside;  // [n]
  int64_t count = 1;
  int64_t length = 1;
};

at::Tensor from_the_end(const at::Tensor& indices, int64_t length) {
  const at::Tensor index = indices.to(at::kLong);
  return at::where(index < 0, index + length, index);
}

at::Tensor is_outside(const at::Tensor& index, int64_t length) { return (index < 0).logical_or_(index >= length); }

// Places are single elements in row major order: those of the indices' own coordinates, with the axis replaced.
Rows element_rows(int64_t axis, const at::Tensor& data, const at::Tensor& indices) {
  const at::Tensor index = from_the_end(indices, data.size(axis));
  at::Tensor places = at::zeros_like(index);
  int64_t stride = 1;
  for (int64_t i = data.dim(); i-- > 0; stride *= data.size(i)) {
    std::vector<int64_t> sizes(static_cast<size_t>(data.dim()), 1);
    sizes[static_cast<size_t>(i)] = -1;
    places.add_(i == axis ? index : positions(indices.size(i), at::kLong, data.device()).view(sizes), stride);
  }
  return {places.reshape(-1), is_outside(index, data.size(axis)).reshape(-1), data.numel(), 1};
}

// Places are the entries that m numbers name.
Rows nd_rows(const at::Tensor& data, const at::Tensor& indices) {
  const int64_t m = indices.size(-1);
  const at::Tensor list = indices.reshape({indices.numel() / std::max<int64_t>(m, 1), m});
  std::vector<int64_t> outer = indices.sizes().vec();
  outer.pop_back();
  const int64_t n = c10::multiply_integers(outer);
  Rows rows{at::zeros({n}, list.options().dtype(at::kLong)), at::zeros({n}, list.options().dtype(at::kBool))};
  for (int64_t i = 0; i < m; ++i) {
    const at::Tensor index = from_the_end(list.select(1, i), data.size(i));
    rows.outside.logical_or_(is_outside(index, data.size(i)));
    rows.places.mul_(data.size(i)).add_(index);
    rows.count *= data.size(i);
  }
  for (int64_t i = m; i < data.dim(); ++i) rows.length *= data.size(i);
  return rows;
}

// The number of the last update of each place, -1 where there is none.
at::Tensor last_updates(const Rows& rows) {
  const int64_t n = rows.places.numel();
  at::Tensor last = at::full({rows.count + 1}, -1, rows.places.options());
  const at::Tensor targets = rows.places.masked_fill(rows.outside, rows.count);
  last.scatter_reduce_(0, targets, positions(n, at::kLong, rows.places.device()), "amax");
  return last;
}

void write(const Rows& rows, const at::Tensor& data, const at::Tensor& updates, const at::Tensor& out) {
  const at::Tensor places = rows.places.masked_fill(rows.outside, 0);
  const at::Tensor last = last_updates(rows).index_select(0, places);
  const at::Tensor values =
      at::where((last < 0).unsqueeze(1), data.reshape({rows.count, rows.length}).index_select(0, places),
                updates.reshape({rows.places.numel(), rows.length}).index_select(0, last.clamp_min(0)));
  out.view({rows.count, rows.length}).index_copy_(0, places, values);
}

}  // namespace

void run(const Scatter& op, Call& call) {
  const at::Tensor &data = call.in(0), &indices = call.in(1), &updates = call.in(2);
  const bool place = call.dest(0).defined() && call.dest(0).is_contiguous();
  const at::Tensor out = place ? call.dest(0) : at::empty(data.sizes(), data.options());
  if (data.numel() > 0 && updates.numel() > 0) {
    const Rows rows = op.mode == ScatterMode::kElement ? element_rows(op.axis, data, indices) : nd_rows(data, indices);
    out.copy_(data);
    write(rows, data, updates, out);
  } else {
    out.copy_(data);
  }
  call.set(0, out);
}
TORCHTRT_KERNEL(Scatter)

}  // namespace torchtrt::engine
