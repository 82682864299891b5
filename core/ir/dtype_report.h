// DtypeReport: what became of every int64 and float64 value of a model, and why.
#pragma once

#include <string>
#include <vector>

#include "core/util/dtype.h"

namespace torchtrt::ir {

enum class DtypeDecision {
  kKeep,            // every layer that uses the value takes its type
  kNarrowProved,    // narrowed where a layer needs it; all values are known to fit
  kNarrowUnproved,  // narrowed because the user permits it; results are wrong if values leave the range
  kClamp,           // a bound such as "to the end": limited to the length of its axis
  kFallback,        // its operators run in PyTorch
};

std::string_view name_of(DtypeDecision decision);

struct DtypeRow {
  std::string value;  // "input 'ids'", "'encoder.offsets'", "%12"
  std::string where;  // module and source line
  std::string kind;   // "input", "constant", "computed", "bound"
  DType from = DType::kNone;
  DType to = DType::kNone;
  DtypeDecision decision = DtypeDecision::kKeep;
  std::string proof;  // "values in [0, 63]", "range unknown"
  std::string cause;  // operator and the rule of its layer
};

struct DtypeReport {
  std::vector<DtypeRow> rows;

  size_t count(DtypeDecision decision) const;
  // One line per row under a headline of counts; empty where nothing is to report.
  std::string to_string() const;
  // The one sentence of the warning; empty where nothing was narrowed without proof.
  std::string warning() const;
};

}  // namespace torchtrt::ir
