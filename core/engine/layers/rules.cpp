// Rules that many layer kinds share: counts and types of inputs, broadcasting.
#include "core/engine/layers/rules.h"

namespace torchtrt::engine {

void expect_inputs(const Types& in, size_t count) { expect_inputs(in, count, count); }

void expect_inputs(const Types& in, size_t least, size_t most) {
  const char* separator = most > least ? " to " : "";
  const std::string upper = most > least ? join(most) : "";
  TORCHTRT_CHECK(in.size() >= least && in.size() <= most, least, separator, upper, most == 1 ? " input" : " inputs",
                 " expected, got ", in.size());
  for (size_t i = 0; i < least; ++i) TORCHTRT_CHECK(in[i] != DType::kNone, "input ", i, " is missing");
}

void expect_one_type(const Types& in) {
  DType first = DType::kNone;
  for (const DType type : in) {
    if (type == DType::kNone) continue;
    if (first == DType::kNone) first = type;
    if (type == first) continue;
    if (in.size() == 2) TORCHTRT_THROW(kInvalidConfig, "both operands need one type: ", in[0], " and ", in[1]);
    TORCHTRT_THROW(kInvalidConfig, "all operands need one type: ", list_of(in));
  }
}

void expect_type(bool accepted, std::string_view what, std::string_view wanted, DType type) {
  TORCHTRT_CHECK(accepted, what, " has to be ", wanted, ", not ", type);
}

Shape expect_broadcast(const Shape& a, const Shape& b) {
  TORCHTRT_CHECK(a.rank() == b.rank(), "operands need equal ranks: ", a, " and ", b);
  Shape result = a;
  for (int axis = 0; axis < a.rank(); ++axis) {
    const bool fits = may_equal(a[axis], b[axis]) || a[axis] == 1 || b[axis] == 1;
    TORCHTRT_CHECK(fits, "shapes ", a, " and ", b, " do not broadcast: axis ", axis, " has lengths ", a[axis], " and ",
                   b[axis]);
    result[axis] = broadcast(a[axis], b[axis]);
  }
  return result;
}

}  // namespace torchtrt::engine
