// DType: the project's data types, read off dtype.def.
#pragma once

#include <cstdint>
#include <optional>
#include <ostream>
#include <string_view>

namespace torchtrt {

enum class DType : int8_t {
  kNone = -1,
#define TORCHTRT_DTYPE(enumerator, name, torch, tensorrt, bits, kind, narrow) enumerator,
#include "core/util/dtype.def"
#undef TORCHTRT_DTYPE
};

enum class DTypeKind : int8_t { kFloating, kInteger, kBoolean, kQuantized, kComplex };

// The facts of one row. `narrow` is DType::kNone where the type narrows to nothing.
struct DTypeRow {
  DType dtype;
  std::string_view name;
  int bits;
  DTypeKind kind;
  DType narrow;
  bool in_torch;
  bool in_tensorrt;
};

inline constexpr int kDTypeCount = 0
#define TORCHTRT_DTYPE(...) +1
#include "core/util/dtype.def"
#undef TORCHTRT_DTYPE
    ;

// Row of a type; throws Error for DType::kNone.
const DTypeRow& dtype_row(DType dtype);
std::optional<DType> dtype_of_name(std::string_view name);

// "none" for DType::kNone, so that it can be printed in messages.
std::string_view name_of(DType dtype);
int bits_of(DType dtype);

// Bytes that `count` packed elements take; sub-byte types round up.
int64_t bytes_of(DType dtype, int64_t count);

// TensorRT's group F: float32, float16, bfloat16.
constexpr bool is_floating(DType t) { return t == DType::kFloat32 || t == DType::kFloat16 || t == DType::kBFloat16; }
// TensorRT's group I: int32, int64.
constexpr bool is_index(DType t) { return t == DType::kInt32 || t == DType::kInt64; }
// TensorRT's group Q: int8, fp8, int4, fp4.
constexpr bool is_quantized(DType t) {
  return t == DType::kInt8 || t == DType::kFloat8 || t == DType::kInt4 || t == DType::kFloat4;
}

std::ostream& operator<<(std::ostream& out, DType dtype);

}  // namespace torchtrt
