// DistCollective: a tensor exchanged with other ranks.
#pragma once

#include "core/engine/layers/layer.h"

namespace torchtrt::engine {

// Values equal TensorRT's CollectiveOperation; those behind kReduceScatter are TensorRT 11's.
enum class CollectiveOp : int8_t {
  kAllReduce,
  kAllGather,
  kBroadcast,
  kReduce,
  kReduceScatter,
  kAllToAll,
  kGather,
  kScatter,
};
// Values equal TensorRT's ReduceOperation.
enum class CollectiveReduceOp : int8_t { kSum, kProd, kMax, kMin, kAvg, kNone };

struct DistCollective {
  static constexpr const char* kKind = "DistCollective";

  CollectiveOp op = CollectiveOp::kAllReduce;
  CollectiveReduceOp reduce_op = CollectiveReduceOp::kNone;
  int64_t root = -1;            // index of a rank in the group
  std::vector<int64_t> groups;  // participating ranks, in order; empty: all
  int64_t ranks = 1;            // with one rank every operation is the identity
  TORCHTRT_FIELDS(op, reduce_op, root, groups, ranks)

  bool reduces() const {
    return op == CollectiveOp::kAllReduce || op == CollectiveOp::kReduce || op == CollectiveOp::kReduceScatter;
  }
  bool has_root() const {
    return op == CollectiveOp::kBroadcast || op == CollectiveOp::kReduce || op == CollectiveOp::kGather ||
           op == CollectiveOp::kScatter;
  }
  // Other ranks wait for it, so it runs even if nobody uses its result, and what happens is told by no input alone.
  bool has_effect() const { return ranks > 1; }

  Types infer_types(const Types& in) const;
  Shapes infer_shapes(const ShapeArgs& in) const;
};

}  // namespace torchtrt::engine
