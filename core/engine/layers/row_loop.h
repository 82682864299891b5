// The normalization of rows of float32 on the CPU, one pass over each row while it is in the cache.
#pragma once

#include <cstdint>

namespace torchtrt::engine {

// Null where absent: residual, scale, bias, sum. Every row has `length` elements; `y` and `sum` may not overlap inputs.
struct RowLoop {
  const float* x = nullptr;
  const float* residual = nullptr;
  const float* scale = nullptr;
  const float* bias = nullptr;
  float* y = nullptr;
  float* sum = nullptr;
  int64_t rows = 0, length = 0;
  float epsilon = 0;
  bool center = true;

  // With the widest vectors that the processor has.
  void run() const;
};

}  // namespace torchtrt::engine
