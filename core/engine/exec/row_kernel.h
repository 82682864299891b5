// RowKernel: the CUDA code of a normalization of rows, perhaps of a sum of two tensors.
//
// Note [Row kernels]: one warp, or one block, takes a row. It loads the row once, in packs of up to 16 bytes, and keeps
// the values in registers as float32, scale and bias beside them; a residual is added there. The mean comes first and
// then the mean of squared deviations from it, both over registers, so the variance loses nothing to a large mean. The
// result is rounded once, and so is the sum, which is stored if somebody asks for it. Where there are few rows, each
// gets more threads. Two warps for rows of 768 or 1024 halves, instead of one, with scale and bias loaded early, take 4
// to 7 % less time on an H200 where the data come from memory, and up to 4 % more where 4096 rows are in the cache.
#pragma once

#include <cstdint>
#include <string>

#include "core/util/dtype.h"

namespace torchtrt::engine {

struct RowKernel {
  DType x = DType::kFloat32, y = DType::kFloat32;
  DType scale = DType::kNone, bias = DType::kNone;  // kNone: absent
  bool residual = false, keep_sum = false, center = true;
  int64_t length = 0;  // of a row

  int64_t threads = 0;  // for a row
  int64_t rows = 0;     // of a block
  int vector = 1;       // elements of a pack

  // Chooses the last three for `row_count` rows; false: the rows are too long.
  bool arrange(int64_t row_count, int multiprocessors);

  // Of a kernel `normalize_rows`. Its arguments: x, residual, scale, bias, y, sum (null where absent), number of rows
  // (int64_t), epsilon (float).
  std::string source() const;

  // Whether packs may be loaded from an address of elements of a type.
  bool is_aligned(const void* address, DType type) const {
    return reinterpret_cast<uintptr_t>(address) % static_cast<uintptr_t>(vector * bytes_of(type, 1)) == 0;
  }
};

}  // namespace torchtrt::engine
