// Specialisation: the lowered graph for the shapes and types of one compile request.
//
// The result is a straight line of operators on flat tensors: branches that the shapes decide are taken, loops of known
// length are unrolled, containers are taken apart, everything that follows from constants is a constant. Each value has
// the type and sizes that torch gives it.
#pragma once

#include <vector>

#include "core/ir/input.h"
#include "core/ir/typed_graph.h"
#include "core/lowering/lowering.h"

namespace torchtrt::lowering {

struct Request {
  std::vector<ir::Input> inputs;     // flat
  std::vector<size_t> list_lengths;  // elements of each list argument, where the signature tells
  c10::Device device = at::kCPU;     // what prim::device answers
};

ir::TypedGraph specialize(const Lowered& lowered, const Request& request);

}  // namespace torchtrt::lowering
