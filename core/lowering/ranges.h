// Ranges: the interval of every integer value of a typed graph, from constants, shapes and the meaning of operators.
#pragma once

#include <unordered_map>

#include "core/ir/typed_graph.h"
#include "core/lowering/interval.h"

namespace torchtrt::lowering {

class Ranges {
 public:
  explicit Ranges(const ir::TypedGraph& graph);
  // What is not known is everything the type can hold.
  Interval of(const torch::jit::Value* value) const;

 private:
  Interval compute(const torch::jit::Node& node, size_t output) const;

  const ir::TypedGraph& graph_;
  std::unordered_map<const torch::jit::Value*, Interval> ranges_;
};

// Smallest and largest element of an integer tensor; everything for an empty one.
Interval scan(const at::Tensor& tensor);

}  // namespace torchtrt::lowering
