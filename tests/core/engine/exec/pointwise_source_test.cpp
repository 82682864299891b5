// Generated CUDA code of pointwise chains: its text, for the types and the ways in which inputs are read.
#include "core/engine/exec/pointwise_source.h"

#include <gtest/gtest.h>

#include <limits>

#include "core/engine/layers/activation.h"
#include "core/engine/layers/cast.h"
#include "core/engine/layers/constant.h"
#include "core/engine/layers/elementwise.h"
#include "core/engine/layers/unary.h"

namespace torchtrt::engine {
namespace {

class Body {
 public:
  ValueId input(DType type) { return graph.add_input(join("x", graph.inputs().size()), type, {4, 8}); }
  template <class Op>
  ValueId add(Op op, std::vector<ValueId> inputs) {
    return graph.node(graph.add(std::move(op), std::move(inputs))).outputs[0];
  }
  std::string source(ValueId output, const PointwiseForm& form) {
    graph.mark_output(output);
    return pointwise_source(graph, form);
  }
  Graph graph;
};

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

// relu(x * y) of one axis, or of rows and columns with y along `y_runs`.
std::string product(DType type, PointwiseForm form) {
  Body body;
  const ValueId x = body.input(type), y = body.input(type);
  const ValueId value = body.add(ElementWise{ElementWiseOp::kProd}, {x, y});
  return body.source(body.add(Activation{ActivationType::kRelu, 0, 0}, {value}), form);
}

TEST(PointwiseSource, ReadsPacksOfEachType) {
  const PointwiseForm form{{{1}, {1}}, {0, 0}, 1, 8, false};
  const std::string half = product(DType::kFloat16, form), bfloat = product(DType::kBFloat16, form);
  EXPECT_TRUE(has(half, "pointwise(const Half* in0, const Half* in1, Half* out0, i64 count)"));
  EXPECT_TRUE(has(half, "const Pack<Half, 8> p0 = *(const Pack<Half, 8>*)(in0 + (i));"));
  EXPECT_TRUE(has(half, "q0.at[j] = of_float<Half>(r0);"));
  EXPECT_TRUE(has(bfloat, "const Pack<BFloat, 8> p1"));
  EXPECT_TRUE(has(product(DType::kInt64, form), "const i64 v2 = multiply(v0, v1);"));
}

TEST(PointwiseSource, ComputesWhatIsBehindTheLastPackAlone) {
  const std::string tail = "i = n / 4 * 4 + first";
  EXPECT_TRUE(has(product(DType::kFloat32, {{{1}, {1}}, {0, 0}, 1, 4, false}), tail));
  EXPECT_FALSE(has(product(DType::kFloat32, {{{1}, {1}}, {0, 0}, 1, 1, false}), "+ first; i < n"));
}

TEST(PointwiseSource, BroadcastsByCoordinates) {
  const std::string row = product(DType::kFloat32, {{{1, 1}, {0, 1}}, {0, 0}, 2, 4, false});
  EXPECT_TRUE(has(row, "i64 count, i64 length1)"));
  EXPECT_TRUE(has(row, "const Pack<float, 4> p1 = *(const Pack<float, 4>*)(in1 + (c1));"));
  const std::string column = product(DType::kFloat32, {{{1, 1}, {1, 0}}, {0, 0}, 2, 4, false});
  EXPECT_TRUE(has(column, "const float s1 = to_float(in1[c0]);"));
  const std::string scalar = product(DType::kFloat32, {{{1}, {0}}, {0, 0}, 1, 4, false});
  EXPECT_TRUE(has(scalar, "const float s1 = to_float(in1[0]);")) << scalar;
  EXPECT_FALSE(has(scalar, "rest"));
}

TEST(PointwiseSource, StridesAreArguments) {
  const std::string text = product(DType::kFloat32, {{{1, 1}, {1, 1}}, {0, 1}, 2, 4, false});
  EXPECT_TRUE(has(text, "i64 stride1_0, i64 stride1_1)")) << text;
}

TEST(PointwiseSource, IndicesAreWideWhereTheyHaveToBe) {
  EXPECT_TRUE(has(product(DType::kFloat32, {{{1}, {1}}, {0, 0}, 1, 4, true}), "typedef i64 Index;"));
  EXPECT_TRUE(has(product(DType::kFloat32, {{{1}, {1}}, {0, 0}, 1, 4, false}), "typedef u32 Index;"));
}

TEST(PointwiseSource, CastsRound) {
  Body body;
  const ValueId x = body.input(DType::kFloat32), half = body.add(Cast{DType::kFloat16}, {x});
  const std::string text = body.source(body.add(Cast{DType::kInt32}, {half}), {{{1}}, {0}, 1, 4, false});
  EXPECT_TRUE(has(text, "const float v1 = to_float(of_float<Half>((float)v0));"));
  EXPECT_TRUE(has(text, "const int v2 = to_int(v1);"));
}

TEST(PointwiseSource, NumbersAreExact) {
  static constexpr float kTenth = 0.1f;
  static constexpr int32_t kLeast = std::numeric_limits<int32_t>::min();
  Body reals, integers;
  const ValueId x = reals.input(DType::kFloat32), n = integers.input(DType::kInt32);
  const ValueId tenth = reals.add(Constant{{DType::kFloat32, 1, &kTenth, nullptr, ""}, {1, 1}}, {});
  const ValueId least = integers.add(Constant{{DType::kInt32, 1, &kLeast, nullptr, ""}, {1, 1}}, {});
  const PointwiseForm form{{{1}}, {0}, 1, 4, false};
  EXPECT_TRUE(has(reals.source(reals.add(ElementWise{ElementWiseOp::kSum}, {x, tenth}), form),
                  "= __int_as_float(0x3dcccccd);"));
  EXPECT_TRUE(
      has(integers.source(integers.add(ElementWise{ElementWiseOp::kMax}, {n, least}), form), "= (int)0x80000000u;"));
}

TEST(PointwiseSource, HasCodeForEveryOperation) {
  for (int op = 0; op <= static_cast<int>(ElementWiseOp::kLess); ++op) {
    const auto operation = static_cast<ElementWiseOp>(op);
    const bool logic = operation >= ElementWiseOp::kAnd && operation <= ElementWiseOp::kXor;
    Body body;
    const ValueId x = body.input(logic ? DType::kBool : DType::kFloat32), y = body.add(ElementWise{operation}, {x, x});
    EXPECT_TRUE(has(body.source(y, {{{1}}, {0}, 1, 4, false}), " v1 = ")) << op;
  }
  for (int op = 0; op <= static_cast<int>(UnaryOp::kIsNan); ++op) {
    Body body;
    const ValueId x = body.input(static_cast<UnaryOp>(op) == UnaryOp::kNot ? DType::kBool : DType::kFloat32);
    EXPECT_FALSE(has(body.source(body.add(Unary{static_cast<UnaryOp>(op)}, {x}), {{{1}}, {0}, 1, 4, false}), "$"));
  }
  for (int type = 0; type <= static_cast<int>(ActivationType::kGeluTanh); ++type) {
    Body body;
    const ValueId x = body.input(DType::kFloat16);
    const Activation op{static_cast<ActivationType>(type), 0.5f, 2};
    EXPECT_FALSE(has(body.source(body.add(op, {x}), {{{1}}, {0}, 1, 8, false}), "$"));
  }
}

}  // namespace
}  // namespace torchtrt::engine
