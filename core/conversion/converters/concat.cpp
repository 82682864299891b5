// Joining and splitting.
#include "core/conversion/converters/common.h"

namespace torchtrt::conversion {
namespace {

// All parts in the type of the result; empty 1-D tensors take no part, as torch has it.
Tensor convert_cat(Builder& b, const Call& call) {
  std::vector<Tensor> parts;
  for (const Tensor& part : call.tensors("tensors")) {
    const auto dims = part.itensor->getDimensions();
    if (dims.nbDims == 1 && dims.d[0] == 0 && call.result_sizes().size() != 1) continue;
    parts.push_back(b.cast(part, call.result()));
  }
  return b.concat(parts, call.axis("dim", parts[0].rank()));
}
const Registration cat({"aten::cat"}, one(convert_cat));

Tensor convert_stack(Builder& b, const Call& call) {
  std::vector<Tensor> parts = call.tensors("tensors");
  const int64_t axis = call.axis("dim", parts[0].rank() + 1);
  for (Tensor& part : parts) part = b.unsqueeze(b.cast(part, call.result()), {axis});
  return b.concat(parts, axis);
}
const Registration stack({"aten::stack"}, one(convert_stack));

// The lengths of the parts are those torch gave them; an axis of open length is refused by the predicate.
std::vector<Tensor> pieces(Builder& b, const Call& call, int64_t axis, const std::vector<int64_t>& lengths) {
  const Tensor x = call.tensor("self");
  std::vector<Tensor> parts;
  int64_t start = 0;
  for (const int64_t length : lengths) {
    Sizes starts(x.rank(), Dim{0, nullptr}), sizes = b.shape(x);
    starts[axis] = {start, nullptr};
    sizes[axis] = {length, nullptr};
    parts.push_back(b.slice(x, starts, sizes, std::vector<int64_t>(x.rank(), 1)));
    start += length;
  }
  return parts;
}

int64_t axis_of(const Call& call) { return call.axis("dim", call["self"].like.dim()); }

std::vector<Tensor> convert_chunk(Builder& b, const Call& call) {
  const int64_t axis = axis_of(call), length = call["self"].like.size(axis), chunks = call.integer("chunks");
  const int64_t each = (length + chunks - 1) / chunks;
  std::vector<int64_t> lengths;
  for (int64_t left = length; left > 0; left -= each) lengths.push_back(std::min(each, left));
  return pieces(b, call, axis, lengths);
}

std::vector<Tensor> convert_split(Builder& b, const Call& call) {
  const int64_t axis = axis_of(call), length = call["self"].like.size(axis);
  const char* name = call.has("split_size") ? "split_size" : "split_sizes";
  if (call.has("split_size") && call["split_size"].is_constant() && call["split_size"].constant.isInt()) {
    std::vector<int64_t> lengths;
    const int64_t each = call.integer("split_size");
    for (int64_t left = length; left > 0; left -= each) lengths.push_back(std::min(each, left));
    return pieces(b, call, axis, lengths);
  }
  return pieces(b, call, axis, call.integers(name));
}

std::vector<Tensor> convert_unbind(Builder& b, const Call& call) {
  const int64_t axis = axis_of(call);
  std::vector<Tensor> parts = pieces(b, call, axis, std::vector<int64_t>(call["self"].like.size(axis), 1));
  for (Tensor& part : parts) part = b.squeeze(part, {axis});
  return parts;
}

std::string known_axis(const Query& query) {
  const auto axis = query.constant("dim");
  const auto sizes = query.fact("self").sizes();
  const int64_t place = axis->toInt() < 0 ? axis->toInt() + static_cast<int64_t>(sizes.size()) : axis->toInt();
  return sizes.at(place) < 0 ? "the split axis has to be of known length" : "";
}

const Registration chunk({"aten::chunk", "aten::unsafe_chunk"}, convert_chunk, known_axis);
const Registration split({"aten::split.Tensor", "aten::split.sizes", "aten::split_with_sizes",
                          "aten::unsafe_split.Tensor", "aten::unsafe_split_with_sizes"},
                         convert_split, known_axis);
const Registration unbind({"aten::unbind.int"}, convert_unbind, known_axis);

}  // namespace
}  // namespace torchtrt::conversion
