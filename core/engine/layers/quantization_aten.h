// Codes of quantized types, and blocks that scales broadcast over.
#pragma once

#include "core/engine/layers/packed.h"

namespace torchtrt::engine {

// Nearest codes of float32 values, ties to even, saturated; a tensor of the type, or bytes of one code each where the
// type is packed. NaN becomes 0 where the type has none. `values` may be overwritten.
at::Tensor encode(at::Tensor values, DType dtype);
// float32 values of such codes.
at::Tensor decode(const at::Tensor& codes, DType dtype);
// The greatest finite value of a quantized type.
double greatest(DType dtype);

// Lengths of data whose axes are divided into blocks, and of the scales that broadcast over it. `grid` as in
// scale_grid.
struct Blocks {
  std::vector<int64_t> data, scale;
};
Blocks blocks_of(const Shape& data, const Shape& grid);

// Sets result i to codes of encode().
void deliver_codes(Call& call, const at::Tensor& codes, int i = 0);

}  // namespace torchtrt::engine
