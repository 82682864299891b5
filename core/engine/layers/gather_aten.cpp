// Gather: indices are brought inside and what they chose is zeroed afterwards, so that nobody has to look at them.
#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

#include "core/engine/layers/gather.h"
#include "core/engine/layers/kernel.h"
#include "core/engine/layers/move_aten.h"

namespace torchtrt::engine {
namespace {

// Indices inside [0, length), and where they were outside.
struct Indices {
  at::Tensor inside;
  at::Tensor outside;
};

Indices normalised(const at::Tensor& indices, int64_t length) {
  at::Tensor index = indices.to(at::kLong);
  index = at::where(index < 0, index + length, index);
  const at::Tensor outside = (index < 0).logical_or_(index >= length);
  return {index.clamp(0, length - 1), outside};
}

// `mask` with axes of length 1 behind it.
at::Tensor widened(const at::Tensor& mask, int64_t rank) {
  std::vector<int64_t> sizes = mask.sizes().vec();
  sizes.resize(static_cast<size_t>(rank), 1);
  return mask.reshape(sizes);
}

at::Tensor gather_default(const Gather& op, const at::Tensor& x, const at::Tensor& indices, const Call& call) {
  const auto [index, outside] = normalised(indices.reshape(-1), x.size(op.axis));
  std::vector<int64_t> sizes = x.sizes().vec();  // of the result with one axis of indices
  sizes[static_cast<size_t>(op.axis)] = index.numel();
  const at::Tensor mask = widened(outside, x.dim() - op.axis);
  if (!call.dest(0).defined() || !call.dest(0).is_contiguous())
    return at::index_select(x, op.axis, index).masked_fill_(mask, 0).view(call.out_sizes(0));
  at::Tensor out = movable(call.dest(0)).view(sizes);
  at::index_select_out(out, x, op.axis, index).masked_fill_(mask, 0);
  return call.dest(0);
}

// Data [B, a.., L, c..] and indices [B, i..] give [B, a.., i.., c..].
at::Tensor gather_batched(const Gather& op, at::Tensor x, const at::Tensor& indices, const Call& call) {
  const int64_t batch = call.out_shape(0)[0];
  std::vector<int64_t> data_sizes = x.sizes().vec(), index_sizes = indices.sizes().vec();
  data_sizes[0] = index_sizes[0] = batch;
  x = x.expand(data_sizes).movedim(op.axis, 1);  // [B, L, a.., c..]
  const auto [index, outside] = normalised(indices.expand(index_sizes).reshape({batch, -1}), x.size(1));
  const at::Tensor rows = positions(batch, at::kLong, call.device()).unsqueeze(1);
  at::Tensor out = at::index(x, {rows, index});  // [B, n, a.., c..]
  out.masked_fill_(widened(outside, out.dim()), 0);
  return out.movedim(1, op.axis).reshape(call.out_sizes(0));
}

at::Tensor gather_nd(const Gather& op, const at::Tensor& x, const at::Tensor& indices, const Call& call) {
  const int64_t e = op.elementwise_dims, rank = indices.dim() - 1, m = indices.size(rank);
  c10::List<std::optional<at::Tensor>> chosen;
  for (int64_t axis = 0; axis < e; ++axis) {
    std::vector<int64_t> sizes(static_cast<size_t>(rank), 1);
    sizes[static_cast<size_t>(axis)] = x.size(axis);
    chosen.push_back(positions(x.size(axis), at::kLong, call.device()).reshape(sizes));
  }
  at::Tensor outside =
      at::zeros(indices.sizes().slice(0, static_cast<size_t>(rank)), indices.options().dtype(at::kBool));
  for (int64_t i = 0; i < m; ++i) {
    const Indices one = normalised(indices.select(rank, i), x.size(e + i));
    chosen.push_back(one.inside);
    outside.logical_or_(one.outside);
  }
  if (m == 0) {  // whole entries: the indices only repeat them
    std::vector<int64_t> sizes = x.sizes().vec();
    sizes.insert(sizes.begin() + e, static_cast<size_t>(rank - e), 1);
    return x.reshape(sizes).expand(call.out_sizes(0));
  }
  at::Tensor out = at::index(x, chosen);
  return out.masked_fill_(widened(outside, out.dim()), 0);
}

at::Tensor gather_element(const Gather& op, const at::Tensor& x, const at::Tensor& indices) {
  const auto [index, outside] = normalised(indices, x.size(op.axis));
  return at::gather(x, op.axis, index).masked_fill_(outside, 0);
}

at::Tensor gathered(const Gather& op, const at::Tensor& x, const at::Tensor& indices, const Call& call) {
  const bool empty = x.numel() == 0 || call.out_shape(0).volume() == 0;
  if (empty) return at::zeros(call.out_sizes(0), x.options());  // nothing to choose from: all indices lie outside
  if (op.mode == GatherMode::kElement) return gather_element(op, x, indices);
  if (op.mode == GatherMode::kND) return gather_nd(op, x, indices, call);
  return op.elementwise_dims == 1 ? gather_batched(op, x, indices, call) : gather_default(op, x, indices, call);
}

}  // namespace

void run(const Gather& op, Call& call) {
  call.set(0, typed(gathered(op, movable(call.in(0)), call.in(1), call), call.in(0).scalar_type()));
}
TORCHTRT_KERNEL(Gather)

}  // namespace torchtrt::engine
