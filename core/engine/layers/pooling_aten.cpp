// Pooling on tensors.
#include <ATen/Functions.h>

#include <algorithm>
#include <limits>

#include "core/engine/layers/kernel_result.h"
#include "core/engine/layers/pooling.h"

namespace torchtrt::engine {
namespace {

// One pooling, with the data as [batch..., space...] of rank axes + 1 or axes + 2.
struct Pool {
  const Pooling& op;
  std::vector<WindowResult> windows;
  std::vector<int64_t> strides;  // no longer than the padded data is: at:: takes 32 bits
  std::vector<int64_t> hangs;    // how far the last windows hang over the padding
  bool plain = true;             // at:: has this padding

  Pool(const Pooling& pooling, const at::Tensor& x) : op(pooling) {
    const int64_t axes = static_cast<int64_t>(op.window_size.size());
    for (int64_t i = 0; i < axes; ++i) {
      const int64_t length = x.size(x.dim() - axes + i);
      Window w = op.window(i);
      windows.push_back(slide(w, op.padding_mode, length));
      // A window that starts behind the data sees nothing, however far behind.
      w.stride = std::min(w.stride, std::max<int64_t>(length + windows.back().pre + windows.back().post, 1));
      strides.push_back(w.stride);
      hangs.push_back(overhang(w, windows.back(), length));
      const bool fits =
          windows.back().pre == windows.back().post && windows.back().pre <= w.size / 2 && hangs.back() == 0;
      const bool taken = axes == 2 || op.type == PoolingType::kMax || w.size <= length;  // by at::avg_pool3d
      plain = plain && fits && taken && length > 0;
    }
  }

  std::vector<int64_t> padding() const {
    std::vector<int64_t> result;
    for (const WindowResult& w : windows) result.push_back(w.pre);
    return result;
  }
  std::vector<int64_t> nothing() const { return std::vector<int64_t>(windows.size(), 0); }

  // With the padding filled with `inner`, and what hangs over it with `outer`.
  at::Tensor padded(at::Tensor x, double inner, double outer) const {
    std::vector<int64_t> pads, over;
    for (size_t i = windows.size(); i-- > 0;) {
      pads.insert(pads.end(), {windows[i].pre, windows[i].post});
      over.insert(over.end(), {0, hangs[i]});
    }
    return at::constant_pad_nd(at::constant_pad_nd(x, pads, inner), over, outer);
  }

  at::Tensor max(const at::Tensor& x) const {
    const bool flat = windows.size() == 2;
    const at::Tensor data =
        plain ? x : padded(x, -std::numeric_limits<double>::infinity(), -std::numeric_limits<double>::infinity());
    const auto pads = plain ? padding() : nothing();
    const std::vector<int64_t> ones(windows.size(), 1);
    return flat ? at::max_pool2d(data, op.window_size, strides, pads, ones)
                : at::max_pool3d(data, op.window_size, strides, pads, ones);
  }

  at::Tensor average(const at::Tensor& x) const {
    const bool exclude = op.average_count_excludes_padding;
    if (plain) return mean(narrow_works() ? x : widen(x), padding(), !exclude, std::nullopt);
    const at::Tensor sum = mean(padded(widen(x), 0, 0), nothing(), true, 1);
    // A one wherever a position counts; summed up it is the divisor.
    std::vector<int64_t> sizes(x.sizes().begin(), x.sizes().end());
    std::fill(sizes.begin(), sizes.end() - windows.size(), 1);
    const at::Tensor ones = padded(at::ones(sizes, sum.options()), exclude ? 0 : 1, 0);
    return sum / mean(ones, nothing(), true, 1).clamp_min_(1);
  }

 private:
  // at::avg_pool3d takes neither half nor bfloat16 on the CPU.
  bool narrow_works() const { return windows.size() == 2; }
  at::Tensor mean(const at::Tensor& x, c10::IntArrayRef pads, bool count_padding,
                  std::optional<int64_t> divisor) const {
    return windows.size() == 2
               ? at::avg_pool2d(x, op.window_size, strides, pads, /*ceil_mode=*/false, count_padding, divisor)
               : at::avg_pool3d(x, op.window_size, strides, pads, /*ceil_mode=*/false, count_padding, divisor);
  }
};

at::Tensor pooled(const Pooling& op, const at::Tensor& x) {
  const Pool pool(op, x);
  if (op.type == PoolingType::kMax) return pool.max(x);
  if (op.type == PoolingType::kAverage) return pool.average(x);
  const at::Tensor number = widen(x);
  return pool.max(number) * (1 - op.blend_factor) + pool.average(number) * op.blend_factor;
}

std::vector<int64_t> output_sizes(const Pooling& op, const at::Tensor& x) {
  std::vector<int64_t> sizes(x.sizes().begin(), x.sizes().end());
  const size_t axes = op.window_size.size(), first = sizes.size() - axes;
  for (size_t i = 0; i < axes; ++i) sizes[first + i] = slide(op.window(i), op.padding_mode, sizes[first + i]).output;
  return sizes;
}

}  // namespace

void run(const Pooling& op, Call& call) {
  at::Tensor x = call.in(0);
  const int64_t axes = static_cast<int64_t>(op.window_size.size());
  const std::vector<int64_t> sizes = output_sizes(op, x);
  const bool is_empty = c10::multiply_integers(sizes) == 0;
  if (is_empty) return call.set(0, at::empty(sizes, x.options()));
  const bool quantized = x.scalar_type() == at::kChar;
  if (quantized) x = x.to(at::kFloat);
  if (x.dim() > axes + 2) x = x.flatten(0, -axes - 1).unsqueeze(1);
  at::Tensor y = pooled(op, x);
  if (y.sizes() != at::IntArrayRef(sizes)) y = y.reshape(sizes);  // a view of the same lengths may lose the layout
  deliver(call, quantized ? convert(y.round(), at::kChar) : y);
}
TORCHTRT_KERNEL(Pooling);

}  // namespace torchtrt::engine
