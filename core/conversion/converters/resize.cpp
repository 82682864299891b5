// Upsampling and padding.
#include <ATen/Functions.h>

#include "core/conversion/converters/common.h"

namespace torchtrt::conversion {
namespace {

// The declared result says how large; scales only matter where the caller gave them (recompute_scale_factor=False).
Tensor resized(Builder& b, const Call& call, nvinfer1::InterpolationMode mode) {
  const char* name = call.has("self") ? "self" : "input";
  const Tensor x = call.tensor(name);
  auto& layer = b.added(b.network().addResize(*x.itensor), "resize");
  layer.setResizeMode(mode);
  Sizes sizes = b.shape(x);
  const auto wanted = call.result_sizes();
  for (int axis = 2; axis < x.rank(); ++axis) sizes[axis] = {wanted[axis], nullptr};
  bool known = true;
  for (const Dim& size : sizes) known &= size.is_known();
  if (known) {
    std::vector<int64_t> dims;
    for (const Dim& size : sizes) dims.push_back(size.known);
    layer.setOutputDimensions(to_dims(dims));
  } else {
    layer.setInput(1, *b.shape_tensor(sizes));
  }
  const bool aligned = call.has("align_corners") && call.flag("align_corners");
  using nvinfer1::ResizeCoordinateTransformation;
  layer.setCoordinateTransformation(aligned ? ResizeCoordinateTransformation::kALIGN_CORNERS
                                    : mode == nvinfer1::InterpolationMode::kNEAREST
                                        ? ResizeCoordinateTransformation::kASYMMETRIC
                                        : ResizeCoordinateTransformation::kHALF_PIXEL);
  if (mode == nvinfer1::InterpolationMode::kNEAREST) layer.setNearestRounding(nvinfer1::ResizeRoundMode::kFLOOR);
  return b.out(layer, x.dtype);
}

// A scale that is not out / in moves the sampled points, which the layer cannot follow.
std::string refuse_resize(const Query& query) {
  const bool vec = query.node().schema().overload_name() == "vec";
  const ir::Fact in = query.fact(vec ? "input" : "self"), out = query.result_fact();
  const auto in_sizes = in.sizes(), out_sizes = out.sizes();
  std::vector<double> scales;
  if (vec) {
    const auto given = query.constant("scale_factors");
    if (given && given->isDoubleList()) scales = given->toDoubleVector();
  }
  for (size_t axis = 2; axis < in_sizes.size(); ++axis) {
    if (in_sizes[axis] < 0 || out_sizes[axis] < 0) return "resized axes have to be of known length";
    if (axis - 2 < scales.size() &&
        static_cast<double>(in_sizes[axis]) * scales[axis - 2] != static_cast<double>(out_sizes[axis]))
      return "a scale that does not give whole sizes is not converted";
  }
  return floating_only(query, vec ? "input" : "self");
}

Tensor convert_nearest(Builder& b, const Call& call) { return resized(b, call, nvinfer1::InterpolationMode::kNEAREST); }
Tensor convert_linear(Builder& b, const Call& call) { return resized(b, call, nvinfer1::InterpolationMode::kLINEAR); }
const Registration nearest({"aten::upsample_nearest1d", "aten::upsample_nearest1d.vec", "aten::upsample_nearest2d",
                            "aten::upsample_nearest2d.vec", "aten::upsample_nearest3d", "aten::upsample_nearest3d.vec"},
                           one(convert_nearest), refuse_resize);
const Registration linear({"aten::upsample_linear1d", "aten::upsample_linear1d.vec", "aten::upsample_bilinear2d",
                           "aten::upsample_bilinear2d.vec", "aten::upsample_trilinear3d",
                           "aten::upsample_trilinear3d.vec"},
                          one(convert_linear), refuse_resize);

// torch names pairs from the last axis on: [left, right, top, bottom, ...].
Tensor padded(Builder& b, const Call& call, nvinfer1::SampleMode mode, const at::Scalar& value) {
  const Tensor x = call.tensor("self");
  const auto pad = call.integers(call.has("pad") ? "pad" : "padding");
  std::vector<int64_t> before(x.rank(), 0), after(x.rank(), 0);
  for (size_t i = 0; i + 1 < pad.size(); i += 2) {
    before[x.rank() - 1 - i / 2] = pad[i];
    after[x.rank() - 1 - i / 2] = pad[i + 1];
  }
  return b.pad(x, before, after, mode, value);
}

Tensor convert_constant_pad(Builder& b, const Call& call) {
  return padded(b, call, nvinfer1::SampleMode::kFILL, call.scalar("value"));
}
Tensor convert_reflect(Builder& b, const Call& call) { return padded(b, call, nvinfer1::SampleMode::kREFLECT, 0); }
Tensor convert_replicate(Builder& b, const Call& call) { return padded(b, call, nvinfer1::SampleMode::kCLAMP, 0); }
Tensor convert_pad(Builder& b, const Call& call) {
  const std::string mode = call.text("mode");
  if (mode == "reflect") return convert_reflect(b, call);
  if (mode == "replicate") return convert_replicate(b, call);
  const at::Scalar value = call.given("value") ? call.scalar("value") : at::Scalar(0);
  return padded(b, call, nvinfer1::SampleMode::kFILL, value);
}
std::string refuse_pad(const Query& query) {
  const auto mode = query.constant("mode");
  if (!mode || mode->toStringRef() == "circular") return "circular padding is not converted";
  return query.known("pad") ? "" : "the padding has to be known at compile time";
}
const Registration constant_pad({"aten::constant_pad_nd"}, one(convert_constant_pad), [](const Query& query) {
  return std::string(query.known("pad") ? "" : "the padding has to be known");
});
const Registration pad({"aten::pad"}, one(convert_pad), refuse_pad);
const Registration reflect({"aten::reflection_pad1d", "aten::reflection_pad2d", "aten::reflection_pad3d"},
                           one(convert_reflect));
const Registration replicate({"aten::replication_pad1d", "aten::replication_pad2d", "aten::replication_pad3d"},
                             one(convert_replicate));

}  // namespace
}  // namespace torchtrt::conversion
