// How many inputs each kind takes: a plan from anywhere may give any number, and rules read what they counted.
#include <gtest/gtest.h>

#include "tests/core/engine/layers/layer_rules.h"

namespace torchtrt::engine::testing {
namespace {

struct Row {
  const char* kind;
  size_t least, most;
};

constexpr Row kRows[] = {
    {"Activation", 1, 1},
    {"Assertion", 1, 1},
    {"Attention", 3, 7},
    {"Cast", 1, 1},
    {"Condition", 1, 1},
    {"ConditionalInput", 1, 1},
    {"ConditionalOutput", 2, 3},
    {"Constant", 0, 0},
    {"Convolution", 1, 3},
    {"Cumulative", 2, 2},
    {"Deconvolution", 1, 3},
    {"Dequantize", 2, 3},
    {"DistCollective", 1, 1},
    {"DynamicQuantize", 1, 2},
    {"ElementWise", 2, 2},
    {"Fill", 0, 3},
    {"FusedConvolution", 2, 4},
    {"Gather", 2, 2},
    {"GridSample", 2, 2},
    {"Identity", 1, 1},
    {"Iterator", 1, 1},
    {"KVCacheUpdate", 3, 4},
    {"LRN", 1, 1},
    {"Linear", 2, 3},
    {"LoopOutput", 1, 2},
    {"MatrixMultiply", 2, 2},
    {"MoE", 3, 10},
    {"NMS", 3, 5},
    {"NonZero", 1, 1},
    {"Normalization", 3, 3},
    {"OneHot", 3, 3},
    {"Padding", 1, 1},
    {"ParametricReLU", 2, 2},
    {"Pooling", 1, 1},
    {"Quantize", 2, 3},
    {"RaggedSoftMax", 2, 2},
    {"Recurrence", 1, 2},
    {"Reduce", 1, 1},
    {"Reformat", 1, 1},
    {"Resize", 1, 2},
    {"ReverseSequence", 2, 2},
    {"RotaryEmbedding", 3, 4},
    {"RowNormalization", 1, 4},
    {"Scale", 1, 4},
    {"Scatter", 3, 3},
    {"Select", 3, 3},
    {"ShapeOf", 1, 1},
    {"Shuffle", 1, 2},
    {"Slice", 1, 6},
    {"Softmax", 1, 1},
    {"Squeeze", 1, 2},
    {"TopK", 1, 2},
    {"TripLimit", 1, 1},
    {"Unary", 1, 1},
    {"Unsqueeze", 2, 2},
};

std::string refusal_of(const Row& row, size_t count) {
  const std::unique_ptr<Layer> layer = make_layer(row.kind);
  return violation([&] { layer->infer_types(Types(count, kF32)); });
}

TEST(Inputs, TooFewAndTooManyAreRefused) {
  for (const Row& row : kRows) {
    ASSERT_NE(make_layer(row.kind), nullptr) << row.kind;
    if (row.least > 0) {
      EXPECT_NE(refusal_of(row, row.least - 1).find("expected, got"), std::string::npos) << row.kind;
    }
    EXPECT_NE(refusal_of(row, row.most + 1).find("expected, got"), std::string::npos) << row.kind;
    for (const size_t right : {row.least, row.most})
      EXPECT_EQ(refusal_of(row, right).find("expected, got " + std::to_string(right)), std::string::npos) << row.kind;
  }
}

TEST(Inputs, NoneOfThoseNeededMayBeAbsent) {
  for (const Row& row : kRows)
    for (size_t absent = 0; absent < row.least; ++absent) {
      Types types(row.least, kF32);
      types[absent] = DType::kNone;
      const std::unique_ptr<Layer> layer = make_layer(row.kind);
      EXPECT_NE(violation([&] { layer->infer_types(types); }).find("is missing"), std::string::npos)
          << row.kind << " without input " << absent;
    }
}

// Kinds that take any number, or whose fields tell the number: whatever they are given, they read no more than that.
TEST(Inputs, OtherKindsReadWhatThereIs) {
  for (const char* kind : {"Concatenation", "Einsum", "FusedLinear", "IfConditional", "Loop", "PluginV2", "PluginV3"})
    for (const size_t count : {0, 1, 2, 40}) {
      const std::unique_ptr<Layer> layer = make_layer(kind);
      ASSERT_NE(layer, nullptr) << kind;
      violation([&] { layer->infer_types(Types(count, kF32)); });
      violation([&] { layer->infer_types(Types(count, DType::kNone)); });
    }
}

}  // namespace
}  // namespace torchtrt::engine::testing
