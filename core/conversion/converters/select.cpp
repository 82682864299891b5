// Operators that pick elements: slices, indices, tables.
#include <ATen/Functions.h>

#include <algorithm>
#include <limits>

#include "core/conversion/converters/common.h"

namespace torchtrt::conversion {
namespace {

Sizes zeros(int rank) { return Sizes(rank, Dim{0, nullptr}); }
std::vector<int64_t> ones(int rank) { return std::vector<int64_t>(rank, 1); }

// Elements [start, start + length * step) along an axis.
Tensor part(Builder& b, Tensor x, int64_t axis, Dim start, Dim length, int64_t step = 1) {
  Sizes starts = zeros(x.rank()), sizes = b.shape(x);
  std::vector<int64_t> steps = ones(x.rank());
  starts[axis] = start;
  sizes[axis] = length;
  steps[axis] = step;
  return b.slice(x, starts, sizes, steps);
}

// Note [Clamped bounds]: a bound of slice is limited to the axis, as Python does; INT64_MAX means "to the end" and is
// never a number to narrow.
Dim clamped_bound(Builder& b, Dim bound, Dim length) {
  if (bound.is_known() && bound.known >= std::numeric_limits<int32_t>::max()) return length;
  if (bound.is_known() && bound.known <= std::numeric_limits<int32_t>::min()) return {0, nullptr};
  if (bound.is_known() && bound.known == 0) return bound;
  if (bound.is_known() && bound.known < 0) {
    const Dim from_end = b.combine(ElementWiseOperation::kSUM, length, bound);
    return b.combine(ElementWiseOperation::kMAX, from_end, {0, nullptr});
  }
  return b.combine(ElementWiseOperation::kMIN, bound, length);
}

Tensor convert_slice(Builder& b, const Call& call) {
  const Tensor x = call.tensor("self");
  const int64_t axis = call.axis("dim", x.rank()), step = call.integer("step");
  const Dim length = b.size(x, axis);
  const Dim start = call.given("start") ? clamped_bound(b, call.dim("start"), length) : Dim{0, nullptr};
  const Dim end = call.given("end") ? clamped_bound(b, call.dim("end"), length) : length;
  Dim count = b.combine(ElementWiseOperation::kSUB, end, start);
  count = b.combine(ElementWiseOperation::kSUM, count, {step - 1, nullptr});
  count = b.combine(ElementWiseOperation::kFLOOR_DIV, count, {step, nullptr});
  if (count.is_known()) count.known = std::max<int64_t>(count.known, 0);
  return part(b, x, axis, start, count, step);
}
const Registration slice({"aten::slice.Tensor"}, one(convert_slice));

Tensor convert_narrow(Builder& b, const Call& call) {
  const Tensor x = call.tensor("self");
  const int64_t axis = call.axis("dim", x.rank());
  return part(b, x, axis, clamped_bound(b, call.dim("start"), b.size(x, axis)), call.dim("length"));
}
const Registration narrow({"aten::narrow"}, one(convert_narrow));

Tensor convert_select(Builder& b, const Call& call) {
  const Tensor x = call.tensor("self");
  const int64_t axis = call.axis("dim", x.rank());
  Dim index = call.dim("index");
  if (index.is_known() && index.known < 0) index = b.combine(ElementWiseOperation::kSUM, b.size(x, axis), index);
  return b.squeeze(part(b, x, axis, index, {1, nullptr}), {axis});
}
const Registration select({"aten::select.int"}, one(convert_select));

Tensor convert_index_select(Builder& b, const Call& call) {
  const Tensor x = call.tensor("self");
  Tensor index = call.tensor("index");
  if (index.rank() == 0) index = b.reshape(index, std::vector<int64_t>{1});
  return b.gather(x, index, call.axis("dim", x.rank()));
}
const Registration index_select({"aten::index_select"}, one(convert_index_select));

Tensor convert_embedding(Builder& b, const Call& call) {
  return b.gather(call.tensor("weight"), call.tensor("indices"), 0);
}
const Registration embedding({"aten::embedding"}, one(convert_embedding));

Tensor convert_gather(Builder& b, const Call& call) {
  const Tensor x = call.tensor("self");
  return b.gather(x, call.tensor("index"), call.axis("dim", x.rank()), nvinfer1::GatherMode::kELEMENT);
}
const Registration gather({"aten::gather"}, one(convert_gather), [](const Query& query) {
  return std::string(query.rank("self") ? "" : "a scalar has no axis");
});

// Index tensors in int64, in one shape and rank.
std::vector<Tensor> broadcast_indices(Builder& b, const std::vector<const Operand*>& operands) {
  std::vector<Tensor> indices = b.promote(operands, at::kLong);
  Sizes sizes;
  for (int axis = 0; axis < indices[0].rank(); ++axis) {
    Dim size{1, nullptr};
    for (const Tensor& index : indices) {
      const Dim candidate = b.size(index, axis);
      if (!candidate.is_known() || candidate.known != 1) size = candidate;
    }
    sizes.push_back(size);
  }
  for (Tensor& index : indices) index = b.expand(index, sizes);
  return indices;
}

// x[..., i, j, ...]: the indexed axes go to the front, one gather of points takes their place, and the place is where
// the first of them was if they are neighbours, else the front.
Tensor gather_points(Builder& b, Tensor x, const std::vector<int64_t>& axes, std::vector<Tensor> indices) {
  std::vector<int64_t> order = axes;
  for (int64_t axis = 0; axis < x.rank(); ++axis)
    if (std::find(axes.begin(), axes.end(), axis) == axes.end()) order.push_back(axis);
  const int64_t width = indices[0].rank();
  for (Tensor& index : indices) index = b.unsqueeze(index, {width});
  const Tensor points = b.concat(indices, width);
  Tensor y = b.gather(b.permute(x, order), points, 0, nvinfer1::GatherMode::kND);
  const bool neighbours = axes.back() - axes.front() + 1 == static_cast<int64_t>(axes.size());
  if (!neighbours || axes.front() == 0) return y;
  std::vector<int64_t> back;
  for (int64_t i = 0; i < axes.front(); ++i) back.push_back(width + i);
  for (int64_t i = 0; i < width; ++i) back.push_back(i);
  for (int64_t i = width + axes.front(); i < y.rank(); ++i) back.push_back(i);
  return b.permute(y, back);
}

Tensor convert_index(Builder& b, const Call& call) {
  const Tensor x = call.tensor("self");
  std::vector<int64_t> axes;
  std::vector<const Operand*> indices;
  const auto& items = call["indices"].items;
  for (size_t axis = 0; axis < items.size(); ++axis) {
    if (items[axis].is_constant() && items[axis].constant.isNone()) continue;
    axes.push_back(static_cast<int64_t>(axis));
    indices.push_back(&items[axis]);
  }
  if (axes.empty()) return x;
  if (axes.size() == 1) return b.gather(x, b.tensor(*indices[0]), axes[0]);
  return gather_points(b, x, axes, broadcast_indices(b, indices));
}
std::string refuse_index(const Query& query) {
  const auto* list = query.input("indices")->node();
  if (list->kind() != c10::prim::ListConstruct) return "the indices are not a list of known length";
  for (const auto* item : list->inputs()) {
    if (item->mustBeNone()) continue;
    const ir::Fact fact = query.fact_of(item);
    if (!fact.is_tensor()) return "an index of unknown type";
    const auto dtype = fact.tensor().scalar_type();
    if (dtype != at::kLong && dtype != at::kInt) return "indexing with masks has a result of unknown size";
  }
  return "";
}
const Registration index({"aten::index.Tensor"}, one(convert_index), refuse_index);

Tensor convert_flip(Builder& b, const Call& call) {
  const Tensor x = call.tensor("self");
  Sizes start = zeros(x.rank());
  std::vector<int64_t> step = ones(x.rank());
  for (const int64_t axis : call.integers("dims")) {
    const int64_t place = axis < 0 ? axis + x.rank() : axis;
    start[place] = b.combine(ElementWiseOperation::kSUB, b.size(x, place), {1, nullptr});
    step[place] = -1;
  }
  return b.slice(x, start, b.shape(x), step);
}
const Registration flip({"aten::flip"}, one(convert_flip));

// The last `shift` elements of each axis come first.
Tensor convert_roll(Builder& b, const Call& call) {
  Tensor x = call.tensor("self");
  const auto shifts = call.integers("shifts");
  const auto axes = call.integers("dims");
  for (size_t i = 0; i < axes.size(); ++i) {
    const int64_t axis = axes[i] < 0 ? axes[i] + x.rank() : axes[i];
    const int64_t length = call["self"].like.size(axis);
    if (length == 0) continue;
    const int64_t cut = ((-shifts[i]) % length + length) % length;
    if (cut == 0) continue;
    x = b.concat(
        {part(b, x, axis, {cut, nullptr}, {length - cut, nullptr}), part(b, x, axis, {0, nullptr}, {cut, nullptr})},
        axis);
  }
  return x;
}
std::string refuse_roll(const Query& query) {
  if (!query.fact("self").is_static()) return "rolled axes have to be of known length";
  const auto axes = query.constant("dims");
  return axes && axes->isIntList() && !axes->toIntVector().empty() ? "" : "rolling all elements is not converted";
}
const Registration roll({"aten::roll"}, one(convert_roll), refuse_roll);

// Each index is compared with all classes.
Tensor convert_one_hot(Builder& b, const Call& call) {
  const Tensor x = call.tensor("self");
  const Tensor classes = b.constant(at::arange(call.integer("num_classes"), at::TensorOptions().dtype(x.dtype)));
  return b.cast(b.compare(ElementWiseOperation::kEQUAL, b.unsqueeze(x, {x.rank()}), classes), at::kLong);
}
const Registration one_hot({"aten::one_hot"}, one(convert_one_hot), [](const Query& query) {
  const auto classes = query.constant("num_classes");
  return std::string(classes && classes->toInt() > 0 ? "" : "num_classes has to be known");
});

Tensor triangle(Builder& b, const Call& call, bool upper) {
  const Tensor x = call.tensor("self");
  const at::Tensor all = at::ones({call["self"].like.size(-2), call["self"].like.size(-1)}, at::kBool);
  const at::Tensor kept = upper ? all.triu(call.integer("diagonal")) : all.tril(call.integer("diagonal"));
  return b.select(b.constant(kept), x, b.scalar(0, x.dtype));
}
Tensor convert_tril(Builder& b, const Call& call) { return triangle(b, call, false); }
Tensor convert_triu(Builder& b, const Call& call) { return triangle(b, call, true); }
std::string refuse_triangle(const Query& query) {
  const auto sizes = query.fact("self").sizes();
  return sizes[sizes.size() - 1] < 0 || sizes[sizes.size() - 2] < 0 ? "the matrix has to be of known size" : "";
}
const Registration tril({"aten::tril"}, one(convert_tril), refuse_triangle);
const Registration triu({"aten::triu"}, one(convert_triu), refuse_triangle);

}  // namespace
}  // namespace torchtrt::conversion
