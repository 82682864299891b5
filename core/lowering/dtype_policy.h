// The one policy for int64 and float64: declared types are a contract, int64 stays int64, narrowing is local, proved or
// permitted, and always reported.
//
//   c1  only live values count
//   c2  a constant that does not fit the narrower type is an error, permitted or not
//   c3  without permission nothing is narrowed that is not proved to fit
//   c4  0-dim values are weak (Note [Weak scalars]) and need no permission
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "core/ir/dtype_report.h"
#include "core/ir/typed_graph.h"

namespace torchtrt::lowering {

// An operator whose layer takes int32 where torch takes int64.
struct Int32Rule {
  std::string op;      // "aten::one_hot"
  size_t argument;     // place in the schema
  std::string cause;   // the layer's rule, for the report
  int bound_argument;  // values are below this constant integer argument and not negative; -1: no bound
};
const std::vector<Int32Rule>& int32_rules();

struct DtypePermissions {
  bool narrow = false;     // truncate_long_and_double
  bool fall_back = false;  // operators may run in PyTorch
};

struct DtypePlan {
  ir::DtypeReport report;
  // Operators that have to run in PyTorch, with the reason.
  std::unordered_map<const torch::jit::Node*, std::string> in_pytorch;
};

// Throws kInt64Range or kDtypeContract where neither narrowing nor falling back is possible.
DtypePlan plan_dtypes(const ir::TypedGraph& graph, const DtypePermissions& permissions,
                      const std::vector<Int32Rule>& rules = int32_rules());

}  // namespace torchtrt::lowering
