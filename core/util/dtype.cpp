// The rows of dtype.def as data.
#include "core/util/dtype.h"

#include <array>

#include "core/util/error.h"

namespace torchtrt {
namespace {

// Tells NONE from any enumerator without naming torch or TensorRT here.
constexpr bool is_none(std::string_view enumerator) { return enumerator == "NONE"; }

constexpr DTypeKind kind_of(std::string_view kind) {
  if (kind == "FLOATING") return DTypeKind::kFloating;
  if (kind == "INTEGER") return DTypeKind::kInteger;
  if (kind == "BOOLEAN") return DTypeKind::kBoolean;
  if (kind == "COMPLEX") return DTypeKind::kComplex;
  return DTypeKind::kQuantized;
}

namespace narrowing {
constexpr DType NONE = DType::kNone;
using enum DType;
}  // namespace narrowing

constexpr std::array<DTypeRow, kDTypeCount> kRows = {{
#define TORCHTRT_DTYPE(enumerator, name, torch, tensorrt, bits, kind, narrow) \
  {DType::enumerator, name, bits, kind_of(#kind), narrowing::narrow, !is_none(#torch), !is_none(#tensorrt)},
#include "core/util/dtype.def"
#undef TORCHTRT_DTYPE
}};

}  // namespace

const DTypeRow& dtype_row(DType dtype) {
  const auto index = static_cast<int>(dtype);
  TORCHTRT_CHECK(index >= 0 && index < kDTypeCount, "no such data type: number ", index);
  return kRows[index];
}

std::optional<DType> dtype_of_name(std::string_view name) {
  for (const DTypeRow& row : kRows)
    if (row.name == name) return row.dtype;
  return std::nullopt;
}

std::string_view name_of(DType dtype) { return dtype == DType::kNone ? "none" : dtype_row(dtype).name; }

int bits_of(DType dtype) { return dtype_row(dtype).bits; }

int64_t bytes_of(DType dtype, int64_t count) { return (count * bits_of(dtype) + 7) / 8; }

std::ostream& operator<<(std::ostream& out, DType dtype) { return out << name_of(dtype); }

}  // namespace torchtrt
