// KVCacheUpdate: writes only the rows of the update. Rows that have to be dropped are led back to the start of the
// cache, to rows that nothing else is written to, and write what stands there: no row depends on a test on the host.
#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

#include <algorithm>

#include "core/engine/layers/kernel.h"
#include "core/engine/layers/kv_cache_update.h"

namespace torchtrt::engine {
namespace {

void write(const at::Tensor& cache, const at::Tensor& update, const at::Tensor& indices) {
  const int64_t rows = cache.size(2), count = std::min(update.size(2), rows);  // what is longer would be dropped
  if (cache.numel() == 0 || count == 0) return;
  const at::TensorOptions integers(at::TensorOptions(at::kLong).device(cache.device()));
  const at::Tensor first = indices.to(at::kLong).unsqueeze(1), wanted = first + at::arange(count, integers);
  const at::Tensor fits = first.ge(0).logical_and(wanted.lt(rows)), row = wanted.remainder(rows);
  const at::Tensor item = at::arange(cache.size(0), integers).unsqueeze(1);
  const c10::List<std::optional<at::Tensor>> place({item, row});
  at::Tensor by_row = cache.transpose(1, 2);  // [batch, rows, heads, features]
  const at::Tensor fresh = update.narrow(2, 0, count).transpose(1, 2);
  by_row.index_put_(place, at::where(fits.unsqueeze(-1).unsqueeze(-1), fresh, by_row.index(place)));
}

// Every row of the cache looks whether the update has one for it: how long each part of it is, only the device knows.
void write_packed(const at::Tensor& cache, const at::Tensor& update, const at::Tensor& indices,
                  const at::Tensor& lengths) {
  const int64_t batch = cache.size(0), rows = cache.size(2), tokens = update.size(0);
  if (cache.numel() == 0 || tokens == 0) return;
  const auto column = [](const at::Tensor& x) { return x.to(at::kLong).unsqueeze(1); };
  const at::Tensor first = column(indices), row = at::arange(rows, first.options());
  const at::Tensor token = column(lengths.narrow(0, 0, batch)) + row - first;
  const at::Tensor fits =
      first.ge(0).logical_and(row.ge(first)).logical_and(token.lt(column(lengths.narrow(0, 1, batch))));
  const at::Tensor fresh = update.index_select(0, token.clamp(0, tokens - 1).reshape({-1}));
  at::Tensor by_row = cache.transpose(1, 2);  // [batch, rows, heads, features]
  by_row.copy_(at::where(fits.unsqueeze(-1).unsqueeze(-1), fresh.view(by_row.sizes()), by_row));
}

}  // namespace

void run(const KVCacheUpdate& op, Call& call) {
  const at::Tensor &cache = call.in(0), &dest = call.dest(0);
  at::Tensor result = dest.defined() ? dest : at::empty(cache.sizes(), cache.options());
  if (!dest.defined() || dest.const_data_ptr() != cache.const_data_ptr()) result.copy_(cache, /*non_blocking=*/true);
  if (op.is_packed()) {
    write_packed(result, call.in(1), call.in(2), call.in(KVCacheUpdate::kLengths));
  } else {
    write(result, call.in(1), call.in(2));
  }
  call.set(0, std::move(result));
}
TORCHTRT_KERNEL(KVCacheUpdate)

}  // namespace torchtrt::engine
