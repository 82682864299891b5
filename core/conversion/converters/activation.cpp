// Activations: those the engine has, and those made of others.
#include "core/conversion/converters/common.h"

namespace torchtrt::conversion {
namespace {

using nvinfer1::ActivationType;

std::string floats(const Query& query) { return floating_only(query, "self"); }

// clamp(x, low, high) of floating tensors in one layer.
Tensor clip(Builder& b, Tensor x, double low, double high) { return b.activation(ActivationType::kCLIP, x, low, high); }

Tensor convert_relu6(Builder& b, const Call& call) { return clip(b, call.tensor("self"), 0, 6); }
const Registration relu6({"aten::relu6"}, one(convert_relu6), floats);

Tensor convert_hardtanh(Builder& b, const Call& call) {
  return clip(b, call.tensor("self"), call.number("min_val"), call.number("max_val"));
}
const Registration hardtanh({"aten::hardtanh"}, one(convert_hardtanh), floats);

Tensor convert_leaky_relu(Builder& b, const Call& call) {
  return b.activation(ActivationType::kLEAKY_RELU, call.tensor("self"), call.number("negative_slope"));
}
const Registration leaky_relu({"aten::leaky_relu"}, one(convert_leaky_relu), floats);

// elu(x) = scale * (x > 0 ? x : alpha * (exp(x * input_scale) - 1))
Tensor convert_elu(Builder& b, const Call& call) {
  const double alpha = call.number("alpha"), scale = call.number("scale");
  return b.in_float(call.tensor("self"), [&](Tensor x) {
    const Tensor y = b.activation(ActivationType::kELU, x, alpha);
    return scale == 1 ? y : b.mul(y, scale);
  });
}
std::string refuse_elu(const Query& query) {
  const auto input_scale = query.constant("input_scale");
  if (!input_scale || input_scale->toScalar().toDouble() != 1) return "input_scale has to be 1";
  return floats(query);
}
const Registration elu({"aten::elu"}, one(convert_elu), refuse_elu);

Tensor convert_celu(Builder& b, const Call& call) {
  const double alpha = call.number("alpha");  // max(0, x) + min(0, alpha * (exp(x / alpha) - 1))
  return b.in_float(call.tensor("self"), [&](Tensor x) {
    const Tensor scaled = b.mul(x, 1 / alpha);
    return b.mul(b.activation(ActivationType::kELU, scaled, 1), alpha);
  });
}
const Registration celu({"aten::celu"}, one(convert_celu), floats);

Tensor convert_selu(Builder& b, const Call& call) {
  return b.activation(ActivationType::kSELU, call.tensor("self"), 1.6732632423543772848170429916717,
                      1.0507009873554804934193349852946);
}
const Registration selu({"aten::selu"}, one(convert_selu), floats);

Tensor convert_gelu(Builder& b, const Call& call) {
  const bool tanh = call.text("approximate") == "tanh";
  return b.activation(tanh ? ActivationType::kGELU_TANH : ActivationType::kGELU_ERF, call.tensor("self"));
}
const Registration gelu({"aten::gelu"}, one(convert_gelu), floats);

Tensor convert_silu(Builder& b, const Call& call) {
  return b.in_float(call.tensor("self"), [&](Tensor x) { return b.mul(x, b.activation(ActivationType::kSIGMOID, x)); });
}
const Registration silu({"aten::silu"}, one(convert_silu), floats);

Tensor convert_mish(Builder& b, const Call& call) {
  return b.in_float(call.tensor("self"), [&](Tensor x) {
    return b.mul(x, b.activation(ActivationType::kTANH, b.activation(ActivationType::kSOFTPLUS, x, 1, 1)));
  });
}
const Registration mish({"aten::mish"}, one(convert_mish), floats);

Tensor convert_hardsigmoid(Builder& b, const Call& call) {
  return b.activation(ActivationType::kHARD_SIGMOID, call.tensor("self"), 1.0 / 6, 0.5);
}
const Registration hardsigmoid({"aten::hardsigmoid"}, one(convert_hardsigmoid), floats);

Tensor convert_hardswish(Builder& b, const Call& call) {
  return b.in_float(call.tensor("self"),
                    [&](Tensor x) { return b.mul(b.mul(x, clip(b, b.add(x, 3), 0, 6)), 1.0 / 6); });
}
const Registration hardswish({"aten::hardswish"}, one(convert_hardswish), floats);

// softplus(x) = log(1 + exp(beta x)) / beta, and x itself where beta x > threshold: equal there in these types.
Tensor convert_softplus(Builder& b, const Call& call) {
  const double beta = call.number("beta");
  return b.activation(ActivationType::kSOFTPLUS, call.tensor("self"), 1 / beta, beta);
}
const Registration softplus({"aten::softplus"}, one(convert_softplus), floats);

Tensor convert_log_sigmoid(Builder& b, const Call& call) {
  return b.in_float(call.tensor("self"), [&](Tensor x) {  // -softplus(-x)
    const Tensor soft = b.activation(ActivationType::kSOFTPLUS, b.unary(UnaryOperation::kNEG, x), 1, 1);
    return b.unary(UnaryOperation::kNEG, soft);
  });
}
const Registration log_sigmoid({"aten::log_sigmoid"}, one(convert_log_sigmoid), floats);

// x where it is positive, slope * x where not; one slope per channel lies along axis 1.
Tensor convert_prelu(Builder& b, const Call& call) {
  const Tensor x = call.tensor("self");
  Tensor slope = b.cast(call.tensor("weight"), x.dtype);
  std::vector<int64_t> sizes(x.rank(), 1);
  if (x.rank() > 1) sizes[1] = slope.itensor->getDimensions().d[0];
  slope = b.reshape(slope, sizes);
  const Tensor zero = b.scalar(0, x.dtype);
  const Tensor below = b.mul(slope, b.elementwise(ElementWiseOperation::kMIN, x, zero));
  return b.add(b.elementwise(ElementWiseOperation::kMAX, x, zero), below);
}
const Registration prelu({"aten::prelu"}, one(convert_prelu), floats);

Tensor convert_glu(Builder& b, const Call& call) {
  const Tensor x = call.tensor("self");
  const int64_t axis = call.axis("dim", x.rank());
  const int64_t half = call.result_sizes()[axis];
  const auto part = [&](int64_t from) {
    Sizes start(x.rank(), Dim{0, nullptr}), size = b.shape(x);
    start[axis] = {from, nullptr};
    size[axis] = {half, nullptr};
    return b.slice(x, start, size, std::vector<int64_t>(x.rank(), 1));
  };
  return b.mul(part(0), b.activation(ActivationType::kSIGMOID, part(half)));
}
std::string refuse_glu(const Query& query) {
  const auto axis = query.constant("dim");
  const auto sizes = query.result_fact().sizes();
  const int64_t place = axis->toInt() < 0 ? axis->toInt() + static_cast<int64_t>(sizes.size()) : axis->toInt();
  return sizes[place] < 0 ? "the halved axis has to be of known length" : floats(query);
}
const Registration glu({"aten::glu"}, one(convert_glu), refuse_glu);

}  // namespace
}  // namespace torchtrt::conversion
