// Rows of dtype.def as pairs of enumerators.
#include "core/ir/torch_dtype.h"

#include "core/util/error.h"

namespace torchtrt::ir {
namespace {

struct Pair {
  DType ours;
  c10::ScalarType torch;
};

constexpr c10::ScalarType NONE = c10::ScalarType::Undefined;
using enum c10::ScalarType;

constexpr Pair kPairs[] = {
#define TORCHTRT_DTYPE(enumerator, name, torch, tensorrt, bits, kind, narrow) {DType::enumerator, torch},
#include "core/util/dtype.def"
#undef TORCHTRT_DTYPE
};

}  // namespace

c10::ScalarType scalar_type_of(DType dtype) {
  for (const Pair& pair : kPairs)
    if (pair.ours == dtype && pair.torch != c10::ScalarType::Undefined) return pair.torch;
  TORCHTRT_THROW(kUnsupportedDtype, "torch has no type ", dtype);
}

DType dtype_of(c10::ScalarType type) {
  for (const Pair& pair : kPairs)
    if (pair.torch == type) return pair.ours;
  return DType::kNone;
}

std::string name_of(c10::ScalarType type) {
  const DType dtype = dtype_of(type);
  return dtype == DType::kNone ? c10::toString(type) : std::string(torchtrt::name_of(dtype));
}

}  // namespace torchtrt::ir
