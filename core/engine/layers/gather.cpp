// Gather: elements of data at indices, in three modes. Negative indices count from the end; one outside gives 0.
//   c1  data of any type but uint8; indices are int32 or int64
//   c2  the data has at least one axis
//   c3  DEFAULT, ELEMENT: the axis lies in [0, rank)
//   c4  DEFAULT: 0 or 1 elementwise dimensions, fewer than the axis + 1, and not more than the indices' rank
//   c5  DEFAULT with an elementwise dimension: first lengths are equal or 1
//   c6  ELEMENT: the ranks are equal, and there are no elementwise dimensions
//   c7  ELEMENT: no length of the indices off the axis is larger than the data's
//   c8  ND: elementwise dimensions e lie in [0, rank - 1), and fewer than the indices' rank
//   c9  ND: the last length of the indices is known and not above rank - e
//   c10 ND: the first e lengths of data and indices are equal
//   c11 the result has at most 8 axes
#include "core/engine/layers/gather.h"

#include "core/engine/layers/args.h"
#include "core/engine/layers/host_move.h"

namespace torchtrt::engine {
namespace {

void append(Shape& out, const Shape& from, int64_t begin, int64_t end) {
  for (int64_t i = begin; i < end; ++i) {
    TORCHTRT_CHECK(out.rank() < kMaxRank, "the result has more than ", kMaxRank, " axes");  // c11
    out.push_back(from[static_cast<int>(i)]);
  }
}

void check_data_axis(const Gather& op, const Shape& data) {
  TORCHTRT_CHECK(data.has_axis(op.axis), "axis ", op.axis, " lies outside the rank of ", data);  // c3
}

Shape default_shape(const Gather& op, const Shape& data, const Shape& indices) {
  check_data_axis(op, data);
  const int64_t e = op.elementwise_dims;
  TORCHTRT_CHECK(e >= 0 && e <= 1 && op.axis >= e && indices.rank() >= e, "DEFAULT takes 0 or 1 elementwise ",
                 "dimensions, before the axis and inside the indices' rank; got ", e, " with axis ", op.axis,
                 " and indices ", indices);  // c4
  Shape out;
  if (e == 1) out.push_back(broadcast(data[0], indices[0]));  // c5
  append(out, data, e, op.axis);
  append(out, indices, e, indices.rank());
  append(out, data, op.axis + 1, data.rank());
  return out;
}

Shape element_shape(const Gather& op, const Shape& data, const Shape& indices) {
  check_data_axis(op, data);
  TORCHTRT_CHECK(indices.rank() == data.rank() && op.elementwise_dims == 0, "ELEMENT takes indices of the ",
                 "data's rank and no elementwise dimensions; got data ", data, ", indices ", indices, ", ",
                 op.elementwise_dims, " elementwise dimensions");  // c6
  for (int i = 0; i < data.rank(); ++i) {
    const bool larger = indices[i] != kUnknown && data[i] != kUnknown && indices[i] > data[i];
    TORCHTRT_CHECK(i == op.axis || !larger, "ELEMENT, but axis ", i, " of indices ", indices,
                   " is longer than that of data ", data);  // c7
  }
  return indices;
}

Shape nd_shape(const Gather& op, const Shape& data, const Shape& indices) {
  const int64_t e = op.elementwise_dims;
  const bool fits = e == 0 || (e > 0 && e < data.rank() - 1 && e < indices.rank());
  TORCHTRT_CHECK(fits && indices.rank() >= 1, "ND with ", e, " elementwise dimensions does not fit data ", data,
                 " and indices ", indices);  // c8
  const int64_t m = indices[indices.rank() - 1];
  TORCHTRT_CHECK(m != kUnknown && m <= data.rank() - e, "ND needs a last length of the indices that is known ",
                 "and at most ", data.rank() - e, "; got indices ", indices);  // c9
  Shape out;
  for (int i = 0; i < e; ++i) {
    const bool same = data[i] == indices[i] || data[i] == kUnknown || indices[i] == kUnknown;
    TORCHTRT_CHECK(same, "ND needs equal elementwise lengths, got data ", data, " and indices ", indices);  // c10
    out.push_back(unify(data[i], indices[i]));
  }
  append(out, indices, e, indices.rank() - 1);
  append(out, data, e + m, data.rank());
  return out;
}

// Replaces at[axis] by an index. False: it is unknown or lies outside.
bool place(const HostScalar& index, const Shape& data, int axis, Coordinates& at) {
  if (!index.known) return false;
  at[axis] = index.as_int() < 0 ? index.as_int() + data[axis] : index.as_int();
  return at[axis] >= 0 && at[axis] < data[axis];
}

// Where an output element comes from, and which indices chose it.
struct Source {
  Coordinates data{};
  Coordinates indices{};
  int first_axis = 0;  // data axes that indices replace
  int count = 1;
};

Source default_source(const Gather& op, const Shape& data, const Shape& indices, const Coordinates& at) {
  Source source{{}, {}, static_cast<int>(op.axis), 1};
  const int e = static_cast<int>(op.elementwise_dims), axis = static_cast<int>(op.axis);
  for (int i = 0; i < axis; ++i) source.data[i] = at[i];
  for (int i = e; i < indices.rank(); ++i) source.indices[i] = at[axis + i - e];
  for (int i = axis + 1; i < data.rank(); ++i) source.data[i] = at[i + indices.rank() - 1 - e];
  if (e == 1) {
    source.data[0] = data[0] == 1 ? 0 : at[0];
    source.indices[0] = indices[0] == 1 ? 0 : at[0];
  }
  return source;
}

Source nd_source(const Gather& op, const Shape& data, const Shape& indices, const Coordinates& at) {
  const int e = static_cast<int>(op.elementwise_dims), last = indices.rank() - 1;
  Source source{{}, {}, e, static_cast<int>(indices[last])};
  for (int i = 0; i < e; ++i) source.data[i] = at[i];
  for (int i = 0; i < last; ++i) source.indices[i] = at[i];
  for (int i = e + source.count; i < data.rank(); ++i) source.data[i] = at[i - e - source.count + last];
  return source;
}

Source source_of(const Gather& op, const Shape& data, const Shape& indices, const Coordinates& at) {
  if (op.mode == GatherMode::kElement) return {at, at, static_cast<int>(op.axis), 1};
  if (op.mode == GatherMode::kND) return nd_source(op, data, indices, at);
  return default_source(op, data, indices, at);
}

HostScalar gathered(const Gather& op, const HostValue& data, const HostValue& indices, const Coordinates& at) {
  Source source = source_of(op, data.shape, indices.shape, at);
  for (int i = 0; i < source.count; ++i) {
    if (op.mode == GatherMode::kND) source.indices[indices.shape.rank() - 1] = i;
    const HostScalar& index = indices.elements[static_cast<size_t>(position_of(indices.shape, source.indices))];
    if (!place(index, data.shape, source.first_axis + i, source.data))
      return index.known ? zero_of(data.dtype) : HostScalar::unknown();
  }
  return data.elements[static_cast<size_t>(position_of(data.shape, source.data))];
}

}  // namespace

Types Gather::infer_types(const Types& in) const {
  expect_inputs(in, 2, 2);
  check_movable(in[0]);                 // c1
  check_index_input("indices", in, 1);  // c1
  return {in[0]};
}

Shapes Gather::infer_shapes(const ShapeArgs& in) const {
  TORCHTRT_CHECK(in[0].rank() >= 1, "the data must have at least one axis, got a scalar");  // c2
  switch (mode) {
    case GatherMode::kElement:
      return {element_shape(*this, in[0], in[1])};
    case GatherMode::kND:
      return {nd_shape(*this, in[0], in[1])};
    case GatherMode::kDefault:
      break;
  }
  return {default_shape(*this, in[0], in[1])};
}

std::optional<HostValues> Gather::fold(const HostArgs& in) const {
  const Shape out = infer_shapes(in)[0];
  const auto data = operand(in, 0), indices = operand(in, 1);
  if (!in.value(0) || !data || !indices || !is_trackable(out)) return std::nullopt;
  return HostValues{
      generate(data->dtype, out, [&](const Coordinates& at) { return gathered(*this, *data, *indices, at); })};
}

TORCHTRT_LAYER(Gather)

}  // namespace torchtrt::engine
