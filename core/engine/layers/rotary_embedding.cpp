// RotaryEmbedding: the first R features of x [B, H, S, D] in pairs (a, b) -> (a cos - b sin, a sin + b cos); the rest
// stays. Pairs are (j, j + R/2), or (2j, 2j + 1) where interleaved. Cosines and sines are [B, S, R/2], or with
// positions [B, S] (input 3) a table [P, R/2] that those choose from; positions outside the table take its nearest row.
//   c1  x, cosines and sines of one floating type; positions int32 or int64
//   c2  x has four axes
//   c3  R is even and not negative
//   c4  R is not above D
//   c5  cosines and sines have one shape: [B, S, R/2], or with positions [P, R/2]
//   c6  positions are [B, S]
//   c7  the table has a row, unless there is nothing to rotate
#include "core/engine/layers/rotary_embedding.h"

#include "core/engine/layers/args.h"

namespace torchtrt::engine {
namespace {

bool may_equal(const Shape& a, const Shape& b) {
  bool equal = a.rank() == b.rank();
  for (int axis = 0; equal && axis < a.rank(); ++axis) equal = engine::may_equal(a[axis], b[axis]);
  return equal;
}

// R / 2 as far as known.
int64_t pairs_of(const RotaryEmbedding& op, const Shape& x) {
  const int64_t features = x[3], rotated = op.rotary_dim ? op.rotary_dim : features;
  RotaryEmbedding::check_rotary_dim(op.rotary_dim);
  TORCHTRT_CHECK(rotated == kUnknown || rotated % 2 == 0, "all ", features, " features of x ", x,
                 " cannot be rotated in pairs; an even rotary dimension is needed");  // c3
  TORCHTRT_CHECK(features == kUnknown || rotated <= features, "the rotary dimension ", rotated, " is above the ",
                 features, " features of x ", x);  // c4
  return rotated == kUnknown ? kUnknown : rotated / 2;
}

void check_positions(const ShapeArgs& in) {
  const Shape &x = in[0], &table = in[1];
  const Shape expected{x[0], x[2]};
  TORCHTRT_CHECK(may_equal(in[3], expected), "positions (input 3) have shape ", in[3], ", expected ", expected);  // c6
  const bool rotates = x.is_known() && x.volume() > 0;
  TORCHTRT_CHECK(!rotates || table[0] != 0, "the table of cosines ", table, " has no rows");  // c7
}

}  // namespace

void RotaryEmbedding::check_rotary_dim(int64_t dim) {
  TORCHTRT_REQUIRE(kInvalidArgument, dim >= 0 && dim % 2 == 0, "the rotary dimension ", dim,
                   " is not an even number of features");  // c3
}

Types RotaryEmbedding::infer_types(const Types& in) const {
  expect_inputs(in, 3, 4);
  expect_type(is_floating(in[0]), "x", "float32, float16 or bfloat16", in[0]);  // c1
  expect_one_type({in[0], in[1], in[2]});                                       // c1
  check_index_input("positions", in, 3);                                        // c1
  return {in[0]};
}

Shapes RotaryEmbedding::infer_shapes(const ShapeArgs& in) const {
  const Shape& x = in[0];
  TORCHTRT_CHECK(x.rank() == 4, "x must have four axes [B, H, S, D], got ", x);  // c2
  const int64_t pairs = pairs_of(*this, x);
  const Shape expected = in.has(3) ? Shape{kUnknown, pairs} : Shape{x[0], x[2], pairs};
  TORCHTRT_CHECK(may_equal(in[1], expected) && may_equal(in[2], expected) && may_equal(in[1], in[2]),
                 "cosines (input 1) and sines (input 2) have shapes ", in[1], " and ", in[2], ", expected ",
                 expected);  // c5
  if (in.has(3)) check_positions(in);
  return {x};
}

TORCHTRT_LAYER(RotaryEmbedding)

}  // namespace torchtrt::engine
