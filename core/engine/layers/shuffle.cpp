// Shuffle: transpose, reshape, transpose.
//   c1  data of any type but uint8; reshape dims (input 1), where present, are int32 or int64
//   c2  each transpose is a permutation of the axes it is applied to
//   c3  reshape dims have one axis of known length, at most 8
//   c4  a reshape length is -1 (at most one of them), or not negative
//   c5  0 as placeholder stands at a position inside the rank of what is reshaped
//   c6  the lengths beside -1 have a product other than zero
//   c7  the number of elements stays
#include "core/engine/layers/shuffle.h"

#include <algorithm>

#include "core/engine/layers/args.h"
#include "core/engine/layers/host_move.h"

namespace torchtrt::engine {
namespace {

void check_permutation(const char* which, const std::vector<int64_t>& order, const Shape& shape) {
  std::vector<int64_t> sorted = order;
  std::sort(sorted.begin(), sorted.end());
  bool fits = order.empty() || static_cast<int>(order.size()) == shape.rank();
  for (size_t i = 0; i < sorted.size(); ++i) fits = fits && sorted[i] == static_cast<int64_t>(i);
  TORCHTRT_CHECK(fits, "", which, " transpose ", list_of(order), " is no permutation of the axes of ",
                 shape);  // c2
}

// A reshape on its way: `out` with what is known so far.
struct Reshape {
  const Shape& from;
  Shape out;
  int inferred = -1;         // position of -1
  std::vector<int> unknown;  // positions whose number only run time knows
  std::vector<int> copied;   // positions of placeholders
};

Reshape read_dims(const Shape& from, const HostList& dims, bool zero_is_placeholder) {
  TORCHTRT_CHECK(dims.size() <= kMaxRank, "at most ", kMaxRank, " reshape lengths, got ", dims.size());  // c3
  Reshape reshape{from, Shape::filled(static_cast<int>(dims.size()), kUnknown), -1, {}, {}};
  for (int i = 0; i < reshape.out.rank(); ++i) {
    if (!dims[i]) {
      reshape.unknown.push_back(i);
    } else if (*dims[i] == 0 && zero_is_placeholder) {
      TORCHTRT_CHECK(i < from.rank(), "placeholder 0 at position ", i, " lies beyond the rank of ", from);  // c5
      reshape.out[i] = from[i];
      reshape.copied.push_back(i);
    } else if (*dims[i] == -1) {
      TORCHTRT_CHECK(reshape.inferred < 0, "-1 may stand for one length only, seen at positions ", reshape.inferred,
                     " and ", i);  // c4
      reshape.inferred = i;
    } else {
      TORCHTRT_CHECK(*dims[i] >= 0, "reshape length ", *dims[i], " at position ", i, " is negative");  // c4
      reshape.out[i] = *dims[i];
    }
  }
  return reshape;
}

// The lengths of `shape` without those at `except`.
Shape without(const Shape& shape, const std::vector<int>& except) {
  Shape rest;
  for (int i = 0; i < shape.rank(); ++i)
    if (std::find(except.begin(), except.end(), i) == except.end()) rest.push_back(shape[i]);
  return rest;
}

bool has_zero(const Shape& shape) { return std::find(shape.begin(), shape.end(), 0) != shape.end(); }

// Finds the one open length from the number of elements. Lengths that placeholders copy stand on both sides and cancel.
void solve(Reshape& reshape, int open) {
  const bool named = open == reshape.inferred;
  const Shape others = without(reshape.out, {open});
  TORCHTRT_CHECK(!named || !has_zero(others), "-1 is undetermined beside a length 0, reshaping ", reshape.from, " to ",
                 reshape.out);  // c6
  if (has_zero(others)) return;
  std::vector<int> kept = reshape.copied;
  kept.push_back(open);
  const Shape from = without(reshape.from, reshape.copied);
  const Shape rest = without(reshape.out, kept);
  if (!from.is_known() || !rest.is_known()) return;
  const bool fits = from.volume() % rest.volume() == 0;
  TORCHTRT_CHECK(fits || (!named && !others.is_known()), "reshape changes volume: ", reshape.from, " to ",
                 reshape.out);  // c7
  if (fits) reshape.out[open] = from.volume() / rest.volume();
}

Shape resolve(const Shape& from, const HostList& dims, bool zero_is_placeholder) {
  Reshape reshape = read_dims(from, dims, zero_is_placeholder);
  if (reshape.inferred >= 0 && reshape.unknown.empty()) solve(reshape, reshape.inferred);
  if (reshape.inferred < 0 && reshape.unknown.size() == 1) solve(reshape, reshape.unknown[0]);
  const int64_t before = from.volume(), after = reshape.out.volume();
  TORCHTRT_CHECK(before == after || before == kUnknown || after == kUnknown, "reshape changes volume: ", from, " to ",
                 reshape.out);  // c7
  return reshape.out;
}

}  // namespace

Types Shuffle::infer_types(const Types& in) const {
  expect_inputs(in, 1, 2);
  check_movable(in[0]);                      // c1
  check_index_input("reshape dims", in, 1);  // c1
  return {in[0]};
}

Shape Shuffle::reshaped(const ShapeArgs& in) const {
  check_permutation("first", first_transpose, in[0]);
  const Shape from = transposed(in[0], first_transpose);
  if (in.has(1)) return resolve(from, list_of_input("reshape dims", in, 1), zero_is_placeholder);  // c3
  return reshape ? resolve(from, list_of_numbers(*reshape), zero_is_placeholder) : from;
}

Shapes Shuffle::infer_shapes(const ShapeArgs& in) const {
  const Shape middle = reshaped(in);
  check_permutation("second", second_transpose, middle);
  return {transposed(middle, second_transpose)};
}

std::optional<HostValues> Shuffle::fold(const HostArgs& in) const {
  if (!in.value(0)) return std::nullopt;
  const Shape middle = reshaped(in);
  if (!is_trackable(middle)) return std::nullopt;
  const HostValue first = transposed(*in.value(0), first_transpose);
  return HostValues{transposed(engine::reshaped(first, middle), second_transpose)};
}

TORCHTRT_LAYER(Shuffle)

}  // namespace torchtrt::engine
