// Attention: softmax(scale q k^T + mask) v per head.
//   c1  query, key, value, and perhaps a mask
//   c2  query, key and value of one floating type
//   c3  the mask is boolean (false: not seen) or of that type (added)
//   c4  all of rank 4: batch, heads, sequence, features
//   c5  the batch lengths of query, key and value broadcast
//   c6  key and value have equally many heads, and the query a multiple of them
//   c7  query and key have equally many features, key and value equally long sequences
//   c8  the mask and the scores [B, Hq, Sq, Skv] broadcast, where the mask has no more heads and keys than the scores
//   c9  a mask and causal masking exclude each other
#include "core/engine/layers/attention.h"

#include "core/engine/layers/rules.h"

namespace torchtrt::engine {
namespace {

// Scores of key and query with the mask added.
Shape masked(Shape scores, const Shape& mask) {
  TORCHTRT_CHECK(mask.rank() == 4, "a mask of rank 4 expected, got ", mask);  // c4
  for (const int axis : {1, 3})
    TORCHTRT_CHECK(may_equal(mask[axis], scores[axis]) || mask[axis] == 1, "the mask ", mask,
                   " does not fit the scores ",
                   scores);                                                          // c8
  for (const int axis : {0, 2}) scores[axis] = broadcast(scores[axis], mask[axis]);  // c8
  return scores;
}

void check_heads(int64_t query, int64_t other) {
  TORCHTRT_CHECK(query == kUnknown || other == kUnknown || (other != 0 && query % other == 0) || query == other, "the ",
                 query, " heads of the query have to be a multiple of the ", other, " of key and value");  // c6
}

}  // namespace

Types Attention::infer_types(const Types& in) const {
  expect_inputs(in, 3, 4);                                                                           // c1
  expect_type(is_floating(in[0]), "the query of attention", "float32, float16 or bfloat16", in[0]);  // c2
  expect_one_type({in[0], in[1], in[2]});                                                            // c2
  if (in.size() > 3 && in[3] != DType::kNone) {
    expect_type(in[3] == DType::kBool || in[3] == in[0], "the mask of attention", "bool or the query's type",
                in[3]);                                                       // c3
    TORCHTRT_CHECK(!causal, "a mask and causal masking exclude each other");  // c9
  }
  return {in[0]};
}

Shapes Attention::infer_shapes(const ShapeArgs& in) const {
  const Shape &q = in[0], &k = in[1], &v = in[2];
  TORCHTRT_CHECK(q.rank() == 4 && k.rank() == 4 && v.rank() == 4,
                 "query, key and value [batch, heads, sequence, features] expected, got ", q, ", ", k, " and ",
                 v);                                                                                   // c4
  const int64_t batch = broadcast(broadcast(q[0], k[0]), v[0]);                                        // c5
  TORCHTRT_CHECK(may_equal(k[1], v[1]), "key ", k, " and value ", v, " need equally many heads");      // c6
  check_heads(q[1], unify(k[1], v[1]));                                                                // c6
  TORCHTRT_CHECK(may_equal(q[3], k[3]), "query ", q, " and key ", k, " need equally many features");   // c7
  TORCHTRT_CHECK(may_equal(k[2], v[2]), "key ", k, " and value ", v, " need equally long sequences");  // c7
  Shape scores{batch, q[1], q[2], k[2]};
  if (in.has(3)) scores = masked(scores, in[3]);  // c8
  return {Shape{scores[0], scores[1], scores[2], v[3]}};
}

TORCHTRT_LAYER(Attention);

}  // namespace torchtrt::engine
