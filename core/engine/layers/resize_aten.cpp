// Resize: taps and weights per axis; at::upsample_* where it means the same.
#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

#include "core/engine/layers/kernel.h"
#include "core/engine/layers/move_aten.h"
#include "core/engine/layers/resize.h"

namespace torchtrt::engine {
namespace {

// One resized axis.
struct Axis {
  int64_t axis, input, output;
  std::optional<double> scale;  // where the user gave scales
  bool is_same() const { return input == output && scale.value_or(1) == 1; }
};

std::vector<Axis> axes_of(const Resize& op, const Call& call) {
  const bool by_scale = !op.scales.empty() && !op.output_dims && !call.value(1);
  std::vector<Axis> axes;
  for (int i = 0; i < call.out_shape(0).rank(); ++i) {
    const auto scale = by_scale ? std::optional(op.scales.at(static_cast<size_t>(i))) : std::nullopt;
    axes.push_back({i, call.in(0).size(i), call.out_shape(0)[i], scale});
  }
  return axes;
}

// Where each output position lies on the input's axis, as doubles.
at::Tensor coordinates(const Resize& op, const Axis& axis, at::Device device) {
  const at::Tensor o = positions(axis.output, at::kDouble, device);
  const bool align = op.coordinates == CoordinateTransformation::kAlignCorners;
  if (axis.output == 1 && (align || op.selector == ResizeSelector::kUpper)) return o.zero_();
  if (align) return o.mul_(axis.input - 1).div_(axis.output - 1);
  const double shift = op.coordinates == CoordinateTransformation::kHalfPixel ? 0.5 : 0;
  o.add_(shift);
  if (axis.scale) return o.div_(*axis.scale).sub_(shift);
  return o.mul_(axis.input).div_(axis.output).sub_(shift);
}

at::Tensor nearest_index(const Resize& op, const Axis& axis, const at::Tensor& at) {
  const auto rounded = [&] {
    switch (op.rounding) {
      case RoundMode::kHalfUp:
        return (at + 0.5).floor_();
      case RoundMode::kHalfDown:
        return (at - 0.5).ceil_();
      case RoundMode::kCeil:
        return at.ceil();
      case RoundMode::kFloor:
        break;
    }
    return at.floor();
  };
  return rounded().clamp_(0, axis.input - 1).to(at::kLong);
}

// ((A+2)|x| - (A+3)) |x|^2 + 1 near, ((A|x| - 5A)|x| + 8A)|x| - 4A up to distance 2.
at::Tensor cubic_weight(const at::Tensor& distance, double a) {
  const at::Tensor x = distance.abs();
  const at::Tensor inner = x.mul(a + 2).sub_(a + 3).mul_(x).mul_(x).add_(1);
  const at::Tensor outer = x.mul(a).sub_(5 * a).mul_(x).add_(8 * a).mul_(x).sub_(4 * a);
  return at::where(x <= 1, inner, outer);
}

// One neighbour of each output position: its index, not yet brought inside, and its weight.
struct Tap {
  at::Tensor index, weight;
};

std::vector<Tap> taps_of(const Resize& op, const Axis& axis, const at::Tensor& at) {
  const at::Tensor below = at.floor(), fraction = at - below;
  if (op.mode == InterpolationMode::kLinear) return {{below, 1 - fraction}, {below + 1, fraction}};
  std::vector<Tap> taps;
  for (int i = -1; i <= 2; ++i) taps.push_back({below + i, cubic_weight(fraction - i, op.cubic_coeff)});
  if (!op.exclude_outside) return taps;
  at::Tensor sum = at::zeros_like(at);
  for (Tap& tap : taps) {
    tap.weight.masked_fill_((tap.index < 0).logical_or_(tap.index >= axis.input), 0);
    sum.add_(tap.weight);
  }
  for (Tap& tap : taps) tap.weight.div_(sum);
  return taps;
}

at::Tensor interpolated(const Resize& op, const Axis& axis, const at::Tensor& x) {
  std::vector<int64_t> along(static_cast<size_t>(x.dim()), 1);
  along[static_cast<size_t>(axis.axis)] = axis.output;
  at::Tensor sum;
  for (const Tap& tap : taps_of(op, axis, coordinates(op, axis, x.device()))) {
    const at::Tensor index = tap.index.clamp(0, axis.input - 1).to(at::kLong);
    const at::Tensor part = x.index_select(axis.axis, index).mul_(tap.weight.to(x.scalar_type()).reshape(along));
    sum = sum.defined() ? sum.add_(part) : part;
  }
  return sum;
}

at::Tensor resize(const Resize& op, const at::Tensor& x, const std::vector<Axis>& axes) {
  const bool nearest = op.mode == InterpolationMode::kNearest;
  at::Tensor y = nearest ? x : x.to(at::kFloat);
  for (const Axis& axis : axes) {
    if (axis.is_same()) continue;
    y = nearest ? y.index_select(axis.axis, nearest_index(op, axis, coordinates(op, axis, x.device())))
                : interpolated(op, axis, y);
  }
  if (!nearest && x.scalar_type() == at::kChar) y = y.round_().clamp_(-128, 127);
  return y.to(x.scalar_type());
}

// Which of torch's interpolations means the same.
enum class Upsample { kNone, kNearest, kNearestExact, kLinear, kCubic };

Upsample twin_of(const Resize& op, const at::Tensor& x, const std::vector<Axis>& axes) {
  using enum CoordinateTransformation;
  const bool fits = x.is_floating_point() && x.dim() >= 3 && x.dim() <= 5 && axes[0].is_same() && axes[1].is_same();
  if (!fits || op.selector == ResizeSelector::kUpper) return Upsample::kNone;
  if (op.mode == InterpolationMode::kNearest) {
    if (op.coordinates == kAsymmetric && op.rounding == RoundMode::kFloor) return Upsample::kNearest;
    if (op.coordinates == kHalfPixel && op.rounding == RoundMode::kHalfUp) return Upsample::kNearestExact;
    return Upsample::kNone;
  }
  if (op.coordinates == kAsymmetric) return Upsample::kNone;
  if (op.mode == InterpolationMode::kLinear) return Upsample::kLinear;
  const bool same_cubic = x.dim() == 4 && op.cubic_coeff == -0.75f && !op.exclude_outside;
  return same_cubic ? Upsample::kCubic : Upsample::kNone;
}

at::Tensor upsample(Upsample twin, bool align, const at::Tensor& x, const std::vector<Axis>& axes) {
  std::vector<int64_t> size;
  std::vector<std::optional<double>> scale(3);
  for (size_t i = 2; i < axes.size(); ++i) {
    size.push_back(axes[i].output);
    scale[i - 2] = axes[i].scale;
  }
  const bool exact = twin == Upsample::kNearestExact, linear = twin == Upsample::kLinear;
  if (twin == Upsample::kCubic) return at::upsample_bicubic2d(x, size, align, scale[0], scale[1]);
  switch (size.size()) {
    case 1:
      if (linear) return at::upsample_linear1d(x, size, align, scale[0]);
      return exact ? at::_upsample_nearest_exact1d(x, size, scale[0]) : at::upsample_nearest1d(x, size, scale[0]);
    case 2:
      if (linear) return at::upsample_bilinear2d(x, size, align, scale[0], scale[1]);
      return exact ? at::_upsample_nearest_exact2d(x, size, scale[0], scale[1])
                   : at::upsample_nearest2d(x, size, scale[0], scale[1]);
    default:
      if (linear) return at::upsample_trilinear3d(x, size, align, scale[0], scale[1], scale[2]);
      return exact ? at::_upsample_nearest_exact3d(x, size, scale[0], scale[1], scale[2])
                   : at::upsample_nearest3d(x, size, scale[0], scale[1], scale[2]);
  }
}

}  // namespace

void run(const Resize& op, Call& call) {
  const at::Tensor& x = call.in(0);
  const std::vector<Axis> axes = axes_of(op, call);
  if (call.out_shape(0).volume() == 0) return call.set(0, at::empty(call.out_sizes(0), x.options()));
  const Upsample twin = twin_of(op, x, axes);
  if (twin == Upsample::kNone) return call.set(0, resize(op, x, axes));
  const bool align = op.coordinates == CoordinateTransformation::kAlignCorners;
  // Torch's interpolations of half types round in between.
  const bool weighted = op.mode != InterpolationMode::kNearest;
  call.set(0, upsample(twin, align, weighted ? x.to(at::kFloat) : x, axes).to(x.scalar_type()));
}
TORCHTRT_KERNEL(Resize)

}  // namespace torchtrt::engine
