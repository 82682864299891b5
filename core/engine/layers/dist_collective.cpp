// DistCollective: all-reduce, all-gather, broadcast, reduce, reduce-scatter, all-to-all, gather, scatter along axis 0.
// What only the root receives is zero on other ranks.
//   c1  one input: float32, float16, bfloat16, int8, int32, int64 or float8
//   c2  operations that reduce have a reduce operation, and no float8; others have none
//   c3  operations with a root name a rank of the group, others none (-1)
//   c4  the number of ranks is positive, and that of the group where there is one, which names no rank twice
//   c5  what is gathered, scattered or exchanged has an axis
//   c6  what is scattered or exchanged has a first length that the number of ranks divides
//   c7  what is gathered has a first length that fits into 64 bits
#include "core/engine/layers/dist_collective.h"

#include <algorithm>
#include <set>

#include "core/engine/layers/rules.h"
#include "core/util/span.h"

namespace torchtrt::engine {
namespace {

void check_group(const DistCollective& op) {
  TORCHTRT_CHECK(op.ranks >= 1, op.ranks, " ranks; at least one expected");  // c4
  if (op.groups.empty()) return;
  const std::set<int64_t> different(op.groups.begin(), op.groups.end());
  TORCHTRT_CHECK(different.size() == op.groups.size() && *different.begin() >= 0, "the ranks of a group are different ",
                 "and not negative, unlike ", list_of(op.groups));  // c4
  TORCHTRT_CHECK(op.ranks == 1 || op.ranks == static_cast<int64_t>(op.groups.size()), "the group ", list_of(op.groups),
                 " has not ", op.ranks, " ranks");  // c4
}

int64_t size_of(const DistCollective& op) { return std::max(op.ranks, static_cast<int64_t>(op.groups.size())); }

}  // namespace

Types DistCollective::infer_types(const Types& in) const {
  expect_inputs(in, 1);  // c1
  const bool number = is_floating(in[0]) || is_index(in[0]) || in[0] == DType::kInt8;
  expect_type(number || in[0] == DType::kFloat8, "the input of a collective operation",
              "float32, float16, bfloat16, int8, int32, int64 or float8", in[0]);  // c1
  TORCHTRT_CHECK(reduces() != (reduce_op == CollectiveReduceOp::kNone),
                 reduces() ? "this collective operation needs a reduce operation"
                           : "this collective operation reduces nothing; its reduce operation has to be kNONE");  // c2
  expect_type(!reduces() || number, "what a collective operation reduces",
              "float32, float16, bfloat16, int8, int32 or int64", in[0]);  // c2
  // The number of ranks is set after the layer was added.
  const bool known = ranks > 1 || !groups.empty();
  TORCHTRT_CHECK(has_root() ? root >= 0 && (!known || root < size_of(*this)) : root == -1, "root ", root,
                 has_root() ? join(" is no rank of the group of ", size_of(*this))
                            : ", but this collective operation has no root; -1 expected");  // c3
  check_group(*this);                                                                       // c4
  return {in[0]};
}

Shapes DistCollective::infer_shapes(const ShapeArgs& in) const {
  const bool grows = op == CollectiveOp::kAllGather || op == CollectiveOp::kGather;
  const bool divides = op == CollectiveOp::kReduceScatter || op == CollectiveOp::kScatter;
  const bool moves = grows || divides || op == CollectiveOp::kAllToAll;
  Shape out = in[0];
  if (!moves) return {out};
  TORCHTRT_CHECK(out.rank() >= 1, "a scalar can neither be gathered nor scattered");  // c5
  if (out[0] == kUnknown) return {out};
  TORCHTRT_CHECK(grows || out[0] % ranks == 0, "the first length of ", out, " is no multiple of the ", ranks,
                 " ranks");  // c6
  if (grows)
    TORCHTRT_CHECK(!__builtin_mul_overflow(out[0], ranks, &out[0]), "the first length of ", in[0], " times ", ranks,
                   " ranks does not fit into 64 bits");  // c7
  if (divides) out[0] /= ranks;
  return {out};
}

TORCHTRT_LAYER(DistCollective)

}  // namespace torchtrt::engine
