// Operators that change sizes only.
#include <algorithm>
#include <numeric>

#include "core/conversion/converters/common.h"

namespace torchtrt::conversion {
namespace {

int64_t wrap(int64_t axis, int64_t rank) { return axis < 0 ? axis + std::max<int64_t>(rank, 1) : axis; }

// One length may be -1: what is left of the volume.
Tensor view(Builder& b, Tensor x, Sizes sizes) {
  const auto open =
      std::find_if(sizes.begin(), sizes.end(), [](const Dim& d) { return d.is_known() && d.known == -1; });
  if (open != sizes.end()) {
    Sizes others = sizes;
    others.erase(others.begin() + (open - sizes.begin()));
    *open = b.combine(ElementWiseOperation::kFLOOR_DIV, b.product(b.shape(x)), b.product(others));
  }
  return b.reshape(x, sizes);
}

Tensor convert_view(Builder& b, const Call& call) {
  return view(b, call.tensor("self"), call.sizes(call.has("shape") ? "shape" : "size"));
}
const Registration reshapes({"aten::view", "aten::reshape", "aten::_unsafe_view"}, one(convert_view));

Tensor convert_view_as(Builder& b, const Call& call) {
  return b.reshape(call.tensor("self"), b.shape(call.tensor("other")));
}
const Registration view_as({"aten::view_as", "aten::reshape_as"}, one(convert_view_as));

Tensor convert_flatten(Builder& b, const Call& call) {
  const Tensor x = call.tensor("self");
  if (x.rank() == 0) return b.reshape(x, std::vector<int64_t>{1});
  const int64_t start = call.axis("start_dim", x.rank()), end = call.axis("end_dim", x.rank());
  const Sizes sizes = b.shape(x);
  Sizes result(sizes.begin(), sizes.begin() + start);
  result.push_back(b.product({sizes.begin() + start, sizes.begin() + end + 1}));
  result.insert(result.end(), sizes.begin() + end + 1, sizes.end());
  return b.reshape(x, result);
}
const Registration flatten({"aten::flatten.using_ints"}, one(convert_flatten));

Tensor convert_unflatten(Builder& b, const Call& call) {
  const Tensor x = call.tensor("self");
  const int64_t axis = call.axis("dim", x.rank());
  Sizes parts = call.sizes("sizes"), sizes = b.shape(x);
  for (Dim& part : parts) {
    if (!part.is_known() || part.known != -1) continue;
    Sizes others;
    for (const Dim& other : parts)
      if (!other.is_known() || other.known != -1) others.push_back(other);
    part = b.combine(ElementWiseOperation::kFLOOR_DIV, sizes[axis], b.product(others));
    break;
  }
  sizes.erase(sizes.begin() + axis);
  sizes.insert(sizes.begin() + axis, parts.begin(), parts.end());
  return b.reshape(x, sizes);
}
const Registration unflatten({"aten::unflatten.int"}, one(convert_unflatten));

Tensor convert_unsqueeze(Builder& b, const Call& call) {
  const Tensor x = call.tensor("self");
  return b.unsqueeze(x, {wrap(call.integer("dim"), x.rank() + 1)});
}
const Registration unsqueeze({"aten::unsqueeze"}, one(convert_unsqueeze));

// Only axes of length 1 go; an axis of open length stays, as the declared shapes decide once for all.
Tensor convert_squeeze(Builder& b, const Call& call) {
  const Tensor x = call.tensor("self");
  const auto sizes = to_vector(x.itensor->getDimensions());
  std::vector<int64_t> axes;
  for (const int64_t axis : call.axes("dim", x.rank()))
    if (axis < x.rank() && sizes[axis] == 1) axes.push_back(axis);
  return b.squeeze(x, axes);
}
const Registration squeeze({"aten::squeeze", "aten::squeeze.dim", "aten::squeeze.dims"}, one(convert_squeeze));

Tensor convert_permute(Builder& b, const Call& call) {
  const Tensor x = call.tensor("self");
  return b.permute(x, call.axes("dims", x.rank()));
}
const Registration permute({"aten::permute"}, one(convert_permute));

Tensor swapped(Builder& b, Tensor x, int64_t first, int64_t second) {
  std::vector<int64_t> order(x.rank());
  std::iota(order.begin(), order.end(), 0);
  if (x.rank() > 0) std::swap(order[first], order[second]);
  return x.rank() > 1 ? b.permute(x, order) : x;
}
Tensor convert_transpose(Builder& b, const Call& call) {
  const Tensor x = call.tensor("self");
  return swapped(b, x, call.axis("dim0", x.rank()), call.axis("dim1", x.rank()));
}
const Registration transpose({"aten::transpose.int"}, one(convert_transpose));

Tensor convert_t(Builder& b, const Call& call) {
  const Tensor x = call.tensor("self");
  return x.rank() < 2 ? x : swapped(b, x, 0, 1);
}
const Registration t({"aten::t"}, one(convert_t));

Tensor convert_movedim(Builder& b, const Call& call) {
  const Tensor x = call.tensor("self");
  const auto from = call.axes("source", x.rank()), to = call.axes("destination", x.rank());
  std::vector<int64_t> order(x.rank(), -1);
  for (size_t i = 0; i < from.size(); ++i) order[to[i]] = from[i];
  int64_t next = 0;
  for (int64_t& place : order) {
    if (place >= 0) continue;
    while (std::find(from.begin(), from.end(), next) != from.end()) ++next;
    place = next++;
  }
  return b.permute(x, order);
}
const Registration movedim({"aten::movedim.int", "aten::movedim.intlist"}, one(convert_movedim));

// -1 keeps the length.
Tensor convert_expand(Builder& b, const Call& call) {
  const Tensor x = call.tensor("self");
  Sizes sizes = call.sizes("size");
  const int64_t added = static_cast<int64_t>(sizes.size()) - x.rank();
  for (size_t axis = 0; axis < sizes.size(); ++axis)
    if (sizes[axis].is_known() && sizes[axis].known == -1) sizes[axis] = b.size(x, axis - added);
  return b.expand(x, sizes);
}
const Registration expand({"aten::expand"}, one(convert_expand));

Tensor convert_expand_as(Builder& b, const Call& call) {
  return b.expand(call.tensor("self"), b.shape(call.tensor("other")));
}
const Registration expand_as({"aten::expand_as"}, one(convert_expand_as));

// Each axis becomes [times, length]: expanded, then merged.
Tensor convert_repeat(Builder& b, const Call& call) {
  Tensor x = call.tensor("self");
  const Sizes times = call.sizes(call.has("repeats") ? "repeats" : "dims");
  std::vector<int64_t> axes(std::max<int64_t>(0, static_cast<int64_t>(times.size()) - x.rank()));
  std::iota(axes.begin(), axes.end(), 0);
  if (!axes.empty()) x = b.unsqueeze(x, axes);
  const size_t ahead = x.rank() - times.size();  // tile may name fewer axes than there are
  for (size_t axis = 0; axis < times.size(); ++axis) {
    if (times[axis].is_known() && times[axis].known == 1) continue;
    const size_t place = ahead + axis;
    Sizes merged = b.shape(x), spread = merged;
    spread.insert(spread.begin() + place, times[axis]);
    merged[place] = b.combine(ElementWiseOperation::kPROD, times[axis], merged[place]);
    x = b.reshape(b.expand(b.unsqueeze(x, {static_cast<int64_t>(place)}), spread), merged);
  }
  return x;
}
const Registration repeat({"aten::repeat", "aten::tile"}, one(convert_repeat));

// Every element `repeats` times in a row.
Tensor convert_repeat_interleave(Builder& b, const Call& call) {
  const Tensor x = call.tensor("self");
  const int64_t axis = call.axis("dim", x.rank());
  const Dim times = call.dim("repeats");
  Sizes merged = b.shape(x), spread = merged;
  spread.insert(spread.begin() + axis + 1, times);
  merged[axis] = b.combine(ElementWiseOperation::kPROD, merged[axis], times);
  return b.reshape(b.expand(b.unsqueeze(x, {axis + 1}), spread), merged);
}
const Registration repeat_interleave({"aten::repeat_interleave.self_int"}, one(convert_repeat_interleave),
                                     [](const Query& query) {
                                       return std::string(query.is_none("dim") ? "an axis has to be given" : "");
                                     });

Tensor convert_pixel_shuffle(Builder& b, const Call& call) {
  const Tensor x = call.tensor("self");
  const int64_t r = call.integer("upscale_factor"), channels = call["self"].like.size(1);
  const Sizes s = b.shape(x);
  const Tensor split = b.reshape(x, Sizes{s[0], {channels / (r * r), nullptr}, {r, nullptr}, {r, nullptr}, s[2], s[3]});
  const Tensor mixed = b.permute(split, {0, 1, 4, 2, 5, 3});
  return b.reshape(mixed, Sizes{s[0],
                                {channels / (r * r), nullptr},
                                b.combine(ElementWiseOperation::kPROD, s[2], {r, nullptr}),
                                b.combine(ElementWiseOperation::kPROD, s[3], {r, nullptr})});
}
const Registration pixel_shuffle({"aten::pixel_shuffle"}, one(convert_pixel_shuffle), [](const Query& query) {
  return query.rank("self") == 4 ? "" : std::string("a rank of 4 is expected");
});

// A copy, or something that only matters in memory.
Tensor convert_identity(Builder&, const Call& call) { return call.tensor("self"); }
const Registration identity({"aten::clone", "aten::contiguous", "aten::detach", "aten::alias", "aten::lift_fresh"},
                            one(convert_identity));

}  // namespace
}  // namespace torchtrt::conversion
