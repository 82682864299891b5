// Reformat on tensors: the engine's side is a row-major tensor, the caller's is memory that is read by its format. See
// Note [Formats]. Vector-minor formats are read in place, as a strided view.
#include <ATen/Functions.h>

#include "core/engine/layers/kernel.h"
#include "core/engine/layers/reformat.h"

namespace torchtrt::engine {
namespace {

// The memory of `tensor`, which is wrapped with the row-major shape, as it is stored.
at::Tensor stored(const at::Tensor& tensor, Format format, const Shape& shape) {
  const Shape lengths = storage_shape(format, shape);
  return at::from_blob(tensor.data_ptr(), c10::IntArrayRef(lengths.begin(), lengths.end()), tensor.options());
}

at::Tensor read(const at::Tensor& memory, const FormatRow& row, int c, int64_t channels) {
  if (!row.is_major) return memory.movedim(-1, c).narrow(c, 0, channels);
  return memory.movedim(-1, c + 1).flatten(c, c + 1).narrow(c, 0, channels);
}

void write(const at::Tensor& x, const at::Tensor& memory, const FormatRow& row, int c) {
  const int64_t channels = x.size(c), padding = (channels + row.vector - 1) / row.vector * row.vector - channels;
  if (!row.is_major) {
    memory.narrow(-1, 0, channels).copy_(x.movedim(c, -1), /*non_blocking=*/true);
    if (padding > 0) memory.narrow(-1, channels, padding).zero_();
    return;
  }
  std::vector<int64_t> rest(x.sizes().begin(), x.sizes().end());
  rest[c] = padding;
  const at::Tensor whole = padding > 0 ? at::cat({x, at::zeros(rest, x.options())}, c) : x;
  memory.copy_(whole.unflatten(c, {memory.size(c), row.vector}).movedim(c + 1, -1), /*non_blocking=*/true);
}

}  // namespace

void run(const Reformat& op, Call& call) {
  const at::Tensor& x = call.in(0);
  const Shape& shape = call.out_shape(0);
  if (x.numel() == 0) return call.set(0, x);
  const int c = channel_axis(op.format, static_cast<int>(x.dim()));
  if (!op.to_format) return call.set(0, read(stored(x, op.format, shape), row_of(op.format), c, x.size(c)));
  at::Tensor dest = call.dest(0);
  // Its lengths are those of its input, so even where only the run knows them they are known when it runs.
  TORCHTRT_REQUIRE(kInternal, dest.defined(), "there is no output of format ", row_of(op.format).name);
  write(x, stored(dest, op.format, shape), row_of(op.format), c);
  call.set(0, std::move(dest));
}
TORCHTRT_KERNEL(Reformat);

}  // namespace torchtrt::engine
