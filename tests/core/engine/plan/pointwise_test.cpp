// Pointwise: rules of its body, and its value on the host.
#include "core/engine/plan/pointwise.h"

#include <gtest/gtest.h>

#include "core/engine/layers/constant.h"
#include "core/engine/layers/elementwise.h"
#include "core/engine/layers/softmax.h"
#include "core/engine/layers/unary.h"

namespace torchtrt::engine {
namespace {

ValueId output_of(const Graph& graph, NodeId node) { return graph.node(node).outputs[0]; }

GraphRef finished(Graph body, std::vector<ValueId> outputs) {
  for (const ValueId output : outputs) body.mark_output(output);
  body.first_shape_error();
  return std::make_shared<Graph>(std::move(body));
}

// -(x + y), and x + y if `both`.
Pointwise negative_sum(DType type, bool both = false) {
  Graph body;
  const ValueId x = body.add_input("x", type, {kUnknown, kUnknown}),
                y = body.add_input("y", type, {kUnknown, kUnknown});
  const ValueId sum = output_of(body, body.add(ElementWise{ElementWiseOp::kSum}, {x, y}));
  const ValueId result = output_of(body, body.add(Unary{UnaryOp::kNeg}, {sum}));
  return {finished(std::move(body), both ? std::vector{result, sum} : std::vector{result})};
}

Shapes shapes_of(const Pointwise& op, const Shapes& in) {
  const std::vector<const HostValue*> values(in.size(), nullptr);
  const Types types(in.size(), DType::kFloat32);
  return op.infer_shapes({in, values, types});
}

TEST(Pointwise, TypesAndShapesAreThoseOfTheBody) {
  const Pointwise op = negative_sum(DType::kFloat32, true);
  EXPECT_EQ(op.infer_types({DType::kFloat32, DType::kFloat32}), (Types{DType::kFloat32, DType::kFloat32}));
  EXPECT_EQ(shapes_of(op, {{2, 1}, {1, 3}}), (Shapes{{2, 3}, {2, 3}}));
  EXPECT_THROW(shapes_of(op, {{2, 2}, {1, 3}}), Error);
}

TEST(Pointwise, ValuesOfTheHostAreFolded) {
  const Pointwise op = negative_sum(DType::kInt64);
  const HostValue x{DType::kInt64, {1, 2}, {HostScalar::of(int64_t{1}), HostScalar::of(int64_t{2})}};
  const Shapes shapes{{1, 2}, {1, 2}};
  const std::vector<const HostValue*> values{&x, &x};
  const Types types(2, DType::kInt64);
  const auto folded = op.fold({shapes, values, types});
  ASSERT_TRUE(folded);
  EXPECT_EQ((*folded)[0].elements[1].i, -4);
  EXPECT_TRUE(op.can_fold());
}

TEST(Pointwise, C1NeedsABodyThatFits) {
  EXPECT_THROW(Pointwise{}.infer_types({DType::kFloat32}), Error);
  const Pointwise op = negative_sum(DType::kFloat32);
  EXPECT_THROW(op.infer_types({DType::kFloat32}), Error);
  EXPECT_THROW(op.infer_types({DType::kFloat32, DType::kFloat16}), Error);
}

TEST(Pointwise, C2TakesLayersThatWorkElementByElement) {
  Graph body;
  const ValueId x = body.add_input("x", DType::kFloat32, {2, 3});
  const ValueId y = output_of(body, body.add(Softmax{}, {x}));
  EXPECT_THROW(Pointwise{finished(std::move(body), {y})}.infer_types({DType::kFloat32}), Error);
}

TEST(Pointwise, C2TakesNoOtherTypes) {
  Graph body;
  const ValueId x = body.add_input("x", DType::kInt8, {2, 3});
  const ValueId y = output_of(body, body.add(Unary{UnaryOp::kAbs}, {x}));
  EXPECT_THROW(Pointwise{finished(std::move(body), {y})}.infer_types({DType::kInt8}), Error);
}

TEST(Pointwise, C2ConstantsHaveOneElementAndAreNoResults) {
  static constexpr float kNumbers[] = {1, 2};
  for (const int64_t count : {1, 2}) {
    Graph body;
    body.add_input("x", DType::kFloat32, {1, count});
    const ValueId number =
        output_of(body, body.add(Constant{{DType::kFloat32, count, kNumbers, nullptr, ""}, {1, count}}, {}));
    EXPECT_THROW(Pointwise{finished(std::move(body), {number})}.infer_types({DType::kFloat32}), Error);
  }
}

TEST(Pointwise, C3ResultsHaveOneShape) {
  Graph body;
  const ValueId x = body.add_input("x", DType::kFloat32, {1, 3}), y = body.add_input("y", DType::kFloat32, {2, 3});
  const ValueId small = output_of(body, body.add(Unary{UnaryOp::kNeg}, {x}));
  const ValueId large = output_of(body, body.add(ElementWise{ElementWiseOp::kSum}, {small, y}));
  const Pointwise op{finished(std::move(body), {large, small})};
  EXPECT_NO_THROW(op.infer_types({DType::kFloat32, DType::kFloat32}));
  EXPECT_THROW(shapes_of(op, {{1, 3}, {2, 3}}), Error);
}

}  // namespace
}  // namespace torchtrt::engine
