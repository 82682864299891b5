// Changes of type, and tensors made from others.
#include <ATen/Functions.h>

#include "core/conversion/converters/common.h"

namespace torchtrt::conversion {
namespace {

// Every overload of `to` ends in the type torch gave the result; devices and layouts do not matter inside an engine.
// From floating to uint8 values are truncated, then wrapped.
Tensor convert_to(Builder& b, const Call& call) { return b.cast(call.tensor("self"), call.result()); }
const Registration to({"aten::to.dtype", "aten::to.device", "aten::to.other", "aten::to.prim_Device",
                       "aten::to.prim_dtype", "aten::to.dtype_layout", "aten::to.prim_other", "aten::type_as",
                       "aten::_to_copy", "aten::float", "aten::cpu", "aten::cuda"},
                      one(convert_to));

Tensor filled(Builder& b, const Call& call, const at::Scalar& value, const Sizes& sizes) {
  const Tensor one = b.scalar(value, call.result(), static_cast<int>(sizes.size()));
  return sizes.empty() ? one : b.expand(one, sizes);
}
Tensor convert_zeros_like(Builder& b, const Call& call) { return filled(b, call, 0, b.shape(call.tensor("self"))); }
Tensor convert_ones_like(Builder& b, const Call& call) { return filled(b, call, 1, b.shape(call.tensor("self"))); }
Tensor convert_full_like(Builder& b, const Call& call) {
  return filled(b, call, call.scalar("fill_value"), b.shape(call.tensor("self")));
}
const Registration zeros_like({"aten::zeros_like"}, one(convert_zeros_like));
const Registration ones_like({"aten::ones_like"}, one(convert_ones_like));
const Registration full_like({"aten::full_like"}, one(convert_full_like));

Tensor convert_zeros(Builder& b, const Call& call) { return filled(b, call, 0, call.sizes("size")); }
Tensor convert_ones(Builder& b, const Call& call) { return filled(b, call, 1, call.sizes("size")); }
Tensor convert_full(Builder& b, const Call& call) {
  return filled(b, call, call.scalar("fill_value"), call.sizes("size"));
}
std::string known_fill(const Query& query) { return query.constant("fill_value") ? "" : "the value has to be known"; }
const Registration zeros({"aten::zeros", "aten::new_zeros"}, one(convert_zeros));
const Registration ones({"aten::ones", "aten::new_ones"}, one(convert_ones));
const Registration full({"aten::full", "aten::new_full"}, one(convert_full), known_fill);

// arange(n) where n is an open size: a linear fill of that length.
Tensor convert_arange(Builder& b, const Call& call) {
  const Dim start = call.has("start") ? call.dim("start") : Dim{0, nullptr};
  const Dim length = b.combine(ElementWiseOperation::kSUB, call.dim("end"), start);
  nvinfer1::Dims dims{};
  dims.nbDims = 1;
  auto& layer =
      b.added(b.network().addFill(dims, nvinfer1::FillOperation::kLINSPACE, nvinfer1::DataType::kINT64), "arange");
  layer.setInput(0, *b.shape_tensor({length}));
  layer.setInput(1, *b.reshape({b.shape_tensor({start}), at::kLong}, std::vector<int64_t>{}).itensor);
  layer.setInput(2, *b.index_list({1}));
  return b.cast(b.out(layer, at::kLong), call.result());
}
std::string refuse_arange(const Query& query) {
  return c10::isIntegralType(query.result(), false) ? "" : "ranges of open length are of integers only";
}
const Registration arange({"aten::arange", "aten::arange.start"}, one(convert_arange), refuse_arange);

}  // namespace
}  // namespace torchtrt::conversion
