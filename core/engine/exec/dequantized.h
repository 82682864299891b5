// compute_dequantized: weights that a plan keeps quantized, in the type that layers compute with.
#pragma once

#include <ATen/core/Tensor.h>

#include "core/engine/plan/plan.h"

namespace torchtrt::engine {

// Note [Dequantized weights]: a plan keeps quantized weights as they are, in the file too. When it is loaded, Quantize
// and Dequantize layers whose inputs are constants, and layers behind them that only move or convert such values, are
// run once on the device; no run repeats that, and products and convolutions find their operand ready. The price is
// device memory for the operand in its full type; codes that nothing else needs are given back. Plans that
// stream their weights compute at every run: their weights are to leave device memory.
//
// `constants`, by ValueId, holds the constants on the device; results are added. `spent`, by ValueId, are constants
// that only such layers needed: they are removed from `constants`.
void compute_dequantized(const Plan& plan, at::Device device, std::vector<at::Tensor>& constants,
                         std::vector<char>& spent);

}  // namespace torchtrt::engine
