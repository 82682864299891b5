// KVCacheUpdate: row s of update i is written to row w_i + s of cache i, everything else stays as it is. Rows behind
// the end of the cache are dropped; so is the whole update where w_i is negative.
//   c1  cache, update and write indices; lengths of the updates where these are packed, and only there
//   c2  cache and update of one floating type
//   c3  write indices int32 or int64, lengths int32
//   c4  cache [batch, heads, rows, features] and write indices [batch]; update of rank 4, or packed [tokens, heads,
//       features]
//   c5  batch, heads and features of cache and update are equal, indices are one per batch item, lengths [batch + 1]
#include "core/engine/layers/kv_cache_update.h"

#include "core/engine/layers/args.h"

namespace torchtrt::engine {

Types KVCacheUpdate::infer_types(const Types& in) const {
  expect_inputs(in, 3, kInputCount);                                                    // c1
  expect_type(is_floating(in[0]), "the cache", "float32, float16 or bfloat16", in[0]);  // c2
  expect_type(in[1] == in[0], "the update", join(in[0], " like the cache"), in[1]);     // c2
  check_index_input("the write indices", in, kWriteIndices);                            // c3
  const DType lengths = type_at(in, kLengths);
  expect_type(lengths == DType::kNone || lengths == DType::kInt32, "the lengths of updates", "int32", lengths);  // c3
  return {in[0]};
}

Shapes KVCacheUpdate::infer_shapes(const ShapeArgs& in) const {
  const Shape &cache = in[kCache], &update = in[kUpdate], &indices = in[kWriteIndices];
  TORCHTRT_CHECK(in.has(kLengths) == is_packed(),
                 is_packed() ? "packed updates need their lengths" : "lengths are those of packed updates");  // c1
  TORCHTRT_CHECK(cache.rank() == 4 && update.rank() == (is_packed() ? 3 : 4) && indices.rank() == 1,
                 "cache [batch, heads, rows, features], update of rank ", is_packed() ? 3 : 4,
                 " and write indices [batch] expected, got ", cache, ", ", update, " and ", indices);  // c4
  Shape out = cache;
  const auto unite = [&](int axis, int64_t length) {
    TORCHTRT_CHECK(may_equal(cache[axis], length), "cache ", cache, " and update ", update, " differ at axis ",
                   axis);  // c5
    out[axis] = unify(cache[axis], length);
  };
  if (!is_packed()) unite(0, update[0]);
  unite(1, update[update.rank() - (is_packed() ? 2 : 3)]);
  unite(3, update[update.rank() - 1]);
  TORCHTRT_CHECK(may_equal(indices[0], out[0]), "write indices ", indices, " are not one per batch item of cache ",
                 cache);  // c5
  out[0] = unify(out[0], indices[0]);
  if (is_packed())
    TORCHTRT_CHECK(in[kLengths].rank() == 1 && (out[0] == kUnknown || may_equal(in[kLengths][0], out[0] + 1)),
                   "lengths ", in[kLengths], " of packed updates are not [batch + 1] for cache ", cache);  // c5
  return {out};
}

TORCHTRT_LAYER(KVCacheUpdate)

}  // namespace torchtrt::engine
