// Quantize, Dequantize and Reformat: rules that no network can break, as its functions add the inputs.
#include "core/engine/layers/quantize.h"

#include "core/engine/layers/dequantize.h"
#include "core/engine/layers/reformat.h"
#include "tests/core/engine/layers/layer_rules.h"

namespace torchtrt::engine::testing {
namespace {

TEST(Quantize, C1Inputs) {
  EXPECT_VIOLATION(types_of(Quantize{}, {kF32}), "2 to 3 inputs expected");
  EXPECT_VIOLATION(types_of(Quantize{}, {kF32, DType::kNone}), "input 1 is missing");
  EXPECT_VIOLATION(types_of(Quantize{}, {kF32, kF32, kI8, kF32}), "2 to 3 inputs expected");
}

TEST(Dequantize, C1Inputs) {
  EXPECT_VIOLATION(types_of(Dequantize{}, {kI8}), "2 to 3 inputs expected");
  EXPECT_VIOLATION(types_of(Dequantize{}, {DType::kNone, kF32}), "input 0 is missing");
  EXPECT_VIOLATION(types_of(Dequantize{}, {kI8, kF32, kI8, kF32}), "2 to 3 inputs expected");
}

TEST(Reformat, C1OneInput) {
  EXPECT_VIOLATION(types_of(Reformat{}, {}), "1 input expected");
  EXPECT_VIOLATION(types_of(Reformat{}, {DType::kNone}), "input 0 is missing");
}

}  // namespace
}  // namespace torchtrt::engine::testing
