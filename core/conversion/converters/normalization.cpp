// Batch, layer, group and instance normalisation.
#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

#include "core/conversion/converters/common.h"

namespace torchtrt::conversion {
namespace {

// The statistics folded to y = x * scale + shift: in float32 (float64 for float64 statistics), rounded once to x's
// type.
struct Affine {
  at::Tensor scale, shift;
};

Affine fold(const Call& call) {
  const at::Tensor mean = *call.constant("running_mean"), variance = *call.constant("running_var");
  const auto wide = mean.scalar_type() == at::kDouble ? at::kDouble : at::kFloat;
  at::Tensor scale = at::rsqrt(variance.to(wide) + call.number("eps"));
  if (call.given("weight")) scale = scale * call.constant("weight")->to(wide);
  at::Tensor shift = -mean.to(wide) * scale;
  if (call.given("bias")) shift = shift + call.constant("bias")->to(wide);
  return {scale.cpu(), shift.cpu()};
}

// One number per channel (axis 1) of a tensor of this rank.
Tensor per_channel(Builder& b, const at::Tensor& values, at::ScalarType dtype, int rank) {
  std::vector<int64_t> sizes(rank, 1);
  sizes[1] = values.numel();
  return b.constant(values.to(dtype).reshape(sizes));
}

Tensor normalized(Builder& b, Tensor x, Tensor scale, Tensor shift, uint32_t axes, double eps, int64_t groups = 1) {
  auto& network = b.network();
  auto* layer = groups == 1 ? network.addNormalization(*x.itensor, *scale.itensor, *shift.itensor, axes)
                            : network.addNormalizationV2(*x.itensor, *scale.itensor, *shift.itensor, axes);
  auto& added = b.added(layer, "normalization");
  added.setEpsilon(static_cast<float>(eps));
  if (groups != 1) added.setNbGroups(groups);
  return b.out(added, x.dtype);
}

at::ScalarType constant_type(at::ScalarType dtype) { return dtype == at::kDouble ? at::kFloat : dtype; }

// Statistics of the batch itself (track_running_stats=False), per channel over all other axes.
Tensor batch_statistics(Builder& b, const Call& call, Tensor x) {
  std::vector<int64_t> axes;
  for (int axis = 0; axis < x.rank(); ++axis)
    if (axis != 1) axes.push_back(axis);
  return b.in_float(x, [&](Tensor y) {
    const uint32_t mask = mask_of(axes);
    const Tensor centred = b.sub(y, b.reduce(nvinfer1::ReduceOperation::kAVG, y, mask, true));
    const Tensor variance = b.reduce(nvinfer1::ReduceOperation::kAVG, b.mul(centred, centred), mask, true);
    Tensor z = b.div(centred, b.unary(UnaryOperation::kSQRT, b.add(variance, call.number("eps"))));
    if (call.given("weight")) z = b.mul(z, per_channel(b, *call.constant("weight"), at::kFloat, y.rank()));
    return call.given("bias") ? b.add(z, per_channel(b, *call.constant("bias"), at::kFloat, y.rank())) : z;
  });
}

Tensor convert_batch_norm(Builder& b, const Call& call) {
  Tensor x = call.tensor("input");
  if (!call.given("running_mean")) return batch_statistics(b, call, x);
  const Affine affine = fold(call);
  const int rank = x.rank();
  const at::ScalarType type = constant_type(x.dtype);
  if (rank == 4 || rank == 5) {  // the form that engines fuse into a convolution
    auto& layer = b.added(
        b.network().addScaleNd(*x.itensor, nvinfer1::ScaleMode::kCHANNEL, b.weights(affine.shift.to(type)),
                               b.weights(affine.scale.to(type)), nvinfer1::Weights{carrier_of(x.dtype), nullptr, 0}, 1),
        "batch_norm");
    return b.out(layer, x.dtype);
  }
  return b.add(b.mul(x, per_channel(b, affine.scale, type, rank)), per_channel(b, affine.shift, type, rank));
}

std::string refuse_batch_norm(const Query& query) {
  for (const char* name : {"weight", "bias", "running_mean", "running_var"})
    if (!query.constant(name)) return std::string(name) + " has to be a constant";
  const auto training = query.constant("training");
  if (!query.is_none("running_mean") && (!training || training->toBool())) return "it is in training mode";
  return floating_only(query, "input");
}
const Registration batch_norm({"aten::batch_norm"}, one(convert_batch_norm), refuse_batch_norm);

// Weight and bias of a normalisation, lifted to the rank of the input from the back.
Tensor lifted(Builder& b, const Call& call, const char* name, Tensor x, const std::vector<int64_t>& sizes,
              double other) {
  const Tensor values = call.given(name)
                            ? b.cast(call.tensor(name), x.dtype)
                            : b.constant(at::full(sizes, other, at::TensorOptions().dtype(constant_type(x.dtype))));
  std::vector<int64_t> full(x.rank() - sizes.size(), 1);
  full.insert(full.end(), sizes.begin(), sizes.end());
  Tensor result = b.reshape(values, full);
  result.dtype = x.dtype;
  return result;
}

Tensor convert_layer_norm(Builder& b, const Call& call) {
  const Tensor x = call.tensor("input");
  const auto sizes = call.integers("normalized_shape");
  uint32_t axes = 0;
  for (size_t i = 0; i < sizes.size(); ++i) axes |= 1u << (x.rank() - 1 - i);
  return normalized(b, x, lifted(b, call, "weight", x, sizes, 1), lifted(b, call, "bias", x, sizes, 0), axes,
                    call.number("eps"));
}
const Registration layer_norm({"aten::layer_norm"}, one(convert_layer_norm),
                              [](const Query& query) { return floating_only(query, "input"); });

// Per channel values as [1, C, 1, ...].
Tensor channels(Builder& b, const Call& call, const char* name, Tensor x, int64_t count, double other) {
  std::vector<int64_t> sizes(x.rank(), 1);
  sizes[1] = count;
  const Tensor values = call.given(name)
                            ? b.cast(call.tensor(name), x.dtype)
                            : b.constant(at::full({count}, other, at::TensorOptions().dtype(constant_type(x.dtype))));
  Tensor result = b.reshape(values, sizes);
  result.dtype = x.dtype;
  return result;
}

uint32_t spatial_axes(Tensor x) {
  uint32_t axes = 0;
  for (int axis = 2; axis < x.rank(); ++axis) axes |= 1u << axis;
  return axes;
}

// Over groups of channels, which are made an axis of their own: works for every rank and every version of the layer.
Tensor convert_group_norm(Builder& b, const Call& call) {
  const Tensor x = call.tensor("input");
  const int64_t groups = call.integer("num_groups"), count = call["input"].like.size(1);
  Sizes grouped = {b.size(x, 0), {groups, nullptr}, {-1, nullptr}};
  Sizes rest = {{count / groups, nullptr}};
  for (int axis = 2; axis < x.rank(); ++axis) rest.push_back(b.size(x, axis));
  grouped[2] = b.product(rest);
  const Tensor split = b.reshape(x, grouped);
  const at::ScalarType type = constant_type(x.dtype);
  Tensor one = b.constant(at::ones({1, groups, 1}, at::TensorOptions().dtype(type)));
  Tensor zero = b.constant(at::zeros({1, groups, 1}, at::TensorOptions().dtype(type)));
  const Tensor y = b.reshape(normalized(b, split, one, zero, 1u << 2, call.number("eps")), b.shape(x));
  return b.add(b.mul(y, channels(b, call, "weight", x, count, 1)), channels(b, call, "bias", x, count, 0));
}
const Registration group_norm({"aten::group_norm"}, one(convert_group_norm),
                              [](const Query& query) { return floating_only(query, "input"); });

Tensor convert_instance_norm(Builder& b, const Call& call) {
  const Tensor x = call.tensor("input");
  const int64_t count = call["input"].like.size(1);
  return normalized(b, x, channels(b, call, "weight", x, count, 1), channels(b, call, "bias", x, count, 0),
                    spatial_axes(x), call.number("eps"));
}
std::string refuse_instance_norm(const Query& query) {
  const auto own = query.constant("use_input_stats");
  if (!own || !own->toBool()) return "running statistics are not converted";
  return floating_only(query, "input");
}
const Registration instance_norm({"aten::instance_norm"}, one(convert_instance_norm), refuse_instance_norm);

}  // namespace
}  // namespace torchtrt::conversion
