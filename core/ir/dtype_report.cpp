// The report as text.
#include "core/ir/dtype_report.h"

#include <algorithm>

#include "core/util/error.h"

namespace torchtrt::ir {
namespace {

std::string range_of(DType to) {
  return to == DType::kInt32 ? "[-2147483648, 2147483647]" : "the finite values of float32";
}

}  // namespace

std::string_view name_of(DtypeDecision decision) {
  switch (decision) {
    case DtypeDecision::kKeep:
      return "KEEP";
    case DtypeDecision::kNarrowProved:
      return "NARROW (proved)";
    case DtypeDecision::kNarrowUnproved:
      return "NARROW (unproved)";
    case DtypeDecision::kClamp:
      return "CLAMP";
    case DtypeDecision::kFallback:
      return "FALLBACK";
  }
  return "?";
}

size_t DtypeReport::count(DtypeDecision decision) const {
  return std::count_if(rows.begin(), rows.end(), [&](const DtypeRow& row) { return row.decision == decision; });
}

std::string DtypeReport::to_string() const {
  if (rows.empty()) return "";
  std::string text =
      join("int64 and float64 values: ", count(DtypeDecision::kKeep), " kept, ", count(DtypeDecision::kNarrowProved),
           " narrowed (proved), ", count(DtypeDecision::kNarrowUnproved), " narrowed (unproved), ",
           count(DtypeDecision::kFallback), " in PyTorch");
  for (const DtypeRow& row : rows) {
    text += join("\n  ", row.value, " | ", row.where, " | ", row.kind, " | ", row.from, " -> ", row.to, " | ",
                 name_of(row.decision), " | ", row.proof, " | ", row.cause);
  }
  return text;
}

std::string DtypeReport::warning() const {
  constexpr size_t kShown = 8;
  const size_t narrowed = count(DtypeDecision::kNarrowUnproved);
  if (narrowed == 0) return "";
  std::string values, types;
  size_t shown = 0;
  DType to = DType::kNone;
  for (const DtypeRow& row : rows) {
    if (row.decision != DtypeDecision::kNarrowUnproved) continue;
    to = row.to;
    types = join(row.from, " to ", row.to);
    if (++shown <= kShown) values += join(shown == 1 ? "" : ", ", row.value, " (", row.where, ", ", row.proof, ")");
  }
  if (shown > kShown) values += join(" and ", shown - kShown, " more");
  return join(narrowed, narrowed == 1 ? " value was" : " values were", " narrowed from ", types,
              " without proof because truncate_long_and_double=True: ", values, ". Results are wrong if they leave ",
              range_of(to), ".");
}

}  // namespace torchtrt::ir
