// Attention: softmax(scale q k^T + mask) v per head. A query that sees no key has the result 0, as in PyTorch.
//   c1  query, key, value, and perhaps a mask, a scale of the quantized softmax, lengths of queries, of keys and values
//   c2  query, key and value of one floating type
//   c3  the mask is boolean (false: not seen) or of that type (added)
//   c4  all of rank 4: batch, heads, sequence, features; of rank 3 where packed: tokens, heads, features
//   c5  the batch lengths of query, key and value broadcast
//   c6  key and value have equally many heads, and the query a multiple of them
//   c7  query and key have equally many features, key and value equally long sequences
//   c8  the mask and the scores [B, Hq, Sq, Skv] broadcast, where the mask has no more heads and keys than the scores
//   c9  a mask excludes causal masking and packed forms
//   c10 the softmax is quantized to int8 or fp8, with a floating scale of one element; both or neither are given, and
//       there has to be a softmax
//   c11 packed tensors come with lengths; all lengths are int32 of rank 1
//   c12 lengths of packed tensors are [batch + 1], those of padded keys and values [batch]
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

// Lengths of a tensor in either form; the batch of a packed one is that of its lengths.
struct Extent {
  int64_t batch, heads, tokens, features;
};

void check_rank(const char* what, const Shape& shape, AttentionForm form) {
  const bool packed = form == AttentionForm::kPacked;
  TORCHTRT_CHECK(
      shape.rank() == (packed ? 3 : 4), what,
      packed ? " [tokens, heads, features] expected, got " : " [batch, heads, sequence, features] expected, got ",
      shape);  // c4
}

Extent extent_of(const char* what, const Shape& shape, AttentionForm form) {
  check_rank(what, shape, form);
  if (form == AttentionForm::kPacked) return {kUnknown, shape[1], shape[0], shape[2]};
  return {shape[0], shape[1], shape[2], shape[3]};
}

// The batch that lengths speak of; 1, which broadcasts, where there are none.
int64_t batch_of_lengths(const ShapeArgs& in, int i, AttentionForm form) {
  if (!in.has(i)) return 1;
  TORCHTRT_CHECK(in[i].rank() == 1, "lengths of rank 1 expected, got ", in[i]);  // c11
  const int64_t count = in[i][0];
  if (form == AttentionForm::kPadded || count == kUnknown) return count;
  TORCHTRT_CHECK(count >= 1, "lengths of packed tensors are [batch + 1], got ", in[i]);  // c12
  return count - 1;
}

void check_equal_batch(int64_t lengths, int64_t batch) {
  TORCHTRT_CHECK(may_equal(lengths, batch), "lengths are given for ", lengths, " sequences, there are ", batch);  // c12
}

bool given(const Types& in, int i) { return static_cast<int>(in.size()) > i && in[i] != DType::kNone; }

void check_quantization(const Attention& op, const Types& in) {
  const bool has_scale = given(in, Attention::kQuantizeScale), has_type = op.quantize_to.has_value();
  if (has_scale)
    expect_type(is_floating(in[Attention::kQuantizeScale]), "the scale of the quantized softmax",
                "float32, float16 or bfloat16", in[Attention::kQuantizeScale]);  // c10
  if (has_type)
    TORCHTRT_CHECK((*op.quantize_to == DType::kInt8 || *op.quantize_to == DType::kFloat8),
                   "the softmax is quantized to int8 or fp8, not ", *op.quantize_to);  // c10
}

void check_lengths(const Attention& op, const Types& in) {
  for (const int i : {Attention::kQueryLengths, Attention::kKeyValueLengths})
    if (given(in, i)) expect_type(in[i] == DType::kInt32, "lengths", "int32", in[i]);                 // c11
  TORCHTRT_CHECK(!op.is_packed() || !given(in, Attention::kMask), "packed attention takes no mask");  // c9
}

// What may be missing while the layer is being set up.
void check_complete(const Attention& op, const ShapeArgs& in) {
  TORCHTRT_CHECK(in.has(Attention::kQuantizeScale) == op.quantize_to.has_value(),
                 "a quantized softmax needs both a scale and a type to quantize to");              // c10
  TORCHTRT_CHECK(!op.quantize_to || op.normalize, "without a softmax there is none to quantize");  // c10
  TORCHTRT_CHECK(op.query_form == AttentionForm::kPadded || in.has(Attention::kQueryLengths),
                 "a packed query needs lengths");  // c11
  TORCHTRT_CHECK(op.key_value_form == AttentionForm::kPadded || in.has(Attention::kKeyValueLengths),
                 "packed keys and values need lengths");  // c11
  if (!in.has(Attention::kQuantizeScale)) return;
  const Shape& scale = in[Attention::kQuantizeScale];
  TORCHTRT_CHECK(scale.rank() == 0 || (scale.rank() == 1 && may_equal(scale[0], 1)),
                 "the scale of the quantized softmax has one element, got ", scale);  // c10
}

}  // namespace

Types Attention::infer_types(const Types& in) const {
  expect_inputs(in, 3, kMostInputs);                                                                 // c1
  expect_type(is_floating(in[0]), "the query of attention", "float32, float16 or bfloat16", in[0]);  // c2
  expect_one_type({in[0], in[1], in[2]});                                                            // c2
  if (given(in, kMask)) {
    expect_type(in[kMask] == DType::kBool || in[kMask] == in[0], "the mask of attention", "bool or the query's type",
                in[kMask]);                                                                       // c3
    TORCHTRT_CHECK(causal == CausalMask::kNone, "a mask and causal masking exclude each other");  // c9
  }
  check_quantization(*this, in);
  check_lengths(*this, in);
  return {in[0]};
}

Shapes Attention::infer_shapes(const ShapeArgs& in) const {
  check_complete(*this, in);
  const Extent q = extent_of("query", in[kQuery], query_form), k = extent_of("key", in[kKey], key_value_form),
               v = extent_of("value", in[kValue], key_value_form);
  const char* kUnequal = " need equally ";
  TORCHTRT_CHECK(may_equal(k.heads, v.heads), "key ", in[1], " and value ", in[2], kUnequal, "many heads");  // c6
  check_heads(q.heads, unify(k.heads, v.heads));                                                             // c6
  TORCHTRT_CHECK(may_equal(q.features, k.features), "query ", in[0], " and key ", in[1], kUnequal,
                 "many features");  // c7
  TORCHTRT_CHECK(may_equal(k.tokens, v.tokens), "key ", in[1], " and value ", in[2], kUnequal,
                 "long sequences");  // c7
  const int64_t key_lengths = batch_of_lengths(in, kKeyValueLengths, key_value_form);
  if (query_form == AttentionForm::kPacked) {
    const int64_t sequences = batch_of_lengths(in, kQueryLengths, query_form);
    if (in.has(kKeyValueLengths)) check_equal_batch(key_lengths, sequences);
    if (key_value_form == AttentionForm::kPadded) check_equal_batch(sequences, unify(k.batch, v.batch));
    return {Shape{q.tokens, q.heads, v.features}};
  }
  if (key_value_form == AttentionForm::kPacked) {
    check_equal_batch(key_lengths, q.batch);
    return {Shape{unify(q.batch, key_lengths), q.heads, q.tokens, v.features}};
  }
  const int64_t batch = broadcast(broadcast(broadcast(q.batch, k.batch), v.batch), key_lengths);  // c5
  if (in.has(kKeyValueLengths)) check_equal_batch(key_lengths, batch);
  Shape scores{batch, q.heads, q.tokens, k.tokens};
  if (in.has(kMask)) scores = masked(scores, in[kMask]);  // c8
  return {Shape{scores[0], scores[1], scores[2], v.features}};
}

TORCHTRT_LAYER(Attention);

}  // namespace torchtrt::engine
