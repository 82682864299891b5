// KVCacheUpdate: row s of update i is written to row w_i + s of cache i, everything else stays as it is. Rows behind
// the end of the cache are dropped; so is the whole update where w_i is negative.
//   c1  cache, update and write indices
//   c2  cache and update of one floating type
//   c3  write indices int32 or int64
//   c4  cache [batch, heads, rows, features] and update of rank 4, write indices [batch]
//   c5  batch, heads and features of cache and update are equal, and the indices are one per batch item
#include "core/engine/layers/kv_cache_update.h"

#include "core/engine/layers/args.h"

namespace torchtrt::engine {

Types KVCacheUpdate::infer_types(const Types& in) const {
  expect_inputs(in, 3);                                                                 // c1
  expect_type(is_floating(in[0]), "the cache", "float32, float16 or bfloat16", in[0]);  // c2
  expect_type(in[1] == in[0], "the update", join(in[0], " like the cache"), in[1]);     // c2
  check_index_input("the write indices", in, 2);                                        // c3
  return {in[0]};
}

Shapes KVCacheUpdate::infer_shapes(const ShapeArgs& in) const {
  const Shape &cache = in[0], &update = in[1], &indices = in[2];
  TORCHTRT_CHECK(cache.rank() == 4 && update.rank() == 4 && indices.rank() == 1,
                 "cache [batch, heads, rows, features], update of rank 4 and write indices [batch] expected, got ",
                 cache, ", ", update, " and ", indices);  // c4
  for (const int axis : {0, 1, 3})
    TORCHTRT_CHECK(may_equal(cache[axis], update[axis]), "cache ", cache, " and update ", update, " differ at axis ",
                   axis);  // c5
  TORCHTRT_CHECK(may_equal(indices[0], cache[0]) && may_equal(indices[0], update[0]), "write indices ", indices,
                 " are not one per batch item of cache ", cache);  // c5
  Shape out = cache;
  for (const int axis : {0, 1, 3}) out[axis] = unify(cache[axis], update[axis]);
  out[0] = unify(out[0], indices[0]);
  return {out};
}

TORCHTRT_LAYER(KVCacheUpdate)

}  // namespace torchtrt::engine
