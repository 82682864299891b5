// Graph: types at add time, lazy shapes, editing with rollback, order, names, messages.
#include "core/engine/graph/graph.h"

#include <gtest/gtest.h>

#include "tests/core/engine/message_of.h"
#include "tests/core/engine/toy_layers.h"

namespace torchtrt::engine {
namespace {

using toy::Add;
using toy::Convert;
using toy::Halves;
using toy::Lengths;
using toy::Reshape;

struct GraphTest : testing::Test {
  Graph graph;
  ValueId x = graph.add_input("x", DType::kFloat32, {kUnknown, 4});
  ValueId y = graph.add_input("y", DType::kFloat32, {1, 4});
  ValueId h = graph.add_input("h", DType::kFloat16, {1, 4});
  ValueId out(NodeId node, int index = 0) { return graph.node(node).outputs[index]; }
};

TEST_F(GraphTest, NamesFollowTheKindUntilSet) {
  const NodeId sum = graph.add(Add{}, {x, y});
  EXPECT_EQ(graph.node(sum).name, "(Unnamed Layer* 0) [ToyAdd]");
  EXPECT_EQ(graph.value(out(sum)).name, "(Unnamed Layer* 0) [ToyAdd]_output");
  graph.set_name(sum, "sum");
  EXPECT_EQ(graph.value(out(sum)).name, "sum_output");
  graph.set_value_name(out(sum), "mine");
  graph.set_name(sum, "other");
  EXPECT_EQ(graph.value(out(sum)).name, "mine");
  const NodeId halves = graph.add(Halves{}, {x});
  graph.set_name(halves, "halves");
  EXPECT_EQ(graph.value(out(halves, 1)).name, "halves_output_1");
}

TEST_F(GraphTest, TypeViolationLeavesTheGraphUnchanged) {
  const std::string message = message_of([&] { graph.add(Add{}, {x, h}); });
  for (const char* part : {"ToyAdd", "(Unnamed Layer* 0)", "\"x\": float32 [-1, 4]", "\"h\": float16"})
    EXPECT_NE(message.find(part), std::string::npos) << message;
  EXPECT_TRUE(graph.nodes().empty());
  EXPECT_EQ(graph.value_count(), 3);
}

TEST_F(GraphTest, ShapesAreInferredWithUnknownLengths) {
  EXPECT_EQ(graph.value(out(graph.add(Add{}, {x, y}))).shape, (Shape{kUnknown, 4}));
}

TEST_F(GraphTest, PartlyKnownValuesReachShapeRules) {
  const ValueId lengths = out(graph.add(Lengths{}, {x}));
  ASSERT_TRUE(graph.value(lengths).host);
  EXPECT_FALSE(graph.value(lengths).host->is_known());
  const ValueId reshaped = out(graph.add(Reshape{}, {x, lengths}));
  EXPECT_EQ(graph.value(reshaped).shape, (Shape{kUnknown, 4}));
  graph.set_input_shape(x, {3, 5});
  EXPECT_EQ(graph.value(reshaped).shape, (Shape{3, 5}));
}

TEST_F(GraphTest, ShapeViolationIsRememberedAndSpreadsSilently) {
  const ValueId z = graph.add_input("z", DType::kFloat32, {1, 3});
  const NodeId bad = graph.add(Add{}, {x, z});
  const NodeId behind = graph.add(Convert{}, {out(bad)});
  EXPECT_FALSE(graph.value(out(bad)).shape.is_valid());
  EXPECT_FALSE(graph.value(out(behind)).shape.is_valid());
  ASSERT_TRUE(graph.shape_error(bad));
  EXPECT_FALSE(graph.shape_error(behind));
  EXPECT_NE(graph.first_shape_error()->find("lengths 4 and 3"), std::string::npos) << *graph.first_shape_error();
  graph.set_input_shape(z, {1, 4});
  EXPECT_FALSE(graph.first_shape_error());
  EXPECT_EQ(graph.value(out(behind)).shape, (Shape{kUnknown, 4}));
}

TEST_F(GraphTest, EditRetypesWhatIsBehind) {
  const NodeId convert = graph.add(Convert{}, {h});
  const NodeId sum = graph.add(Add{}, {out(convert), out(convert)});
  graph.edit<Convert>(convert, [](Convert& op) { op.to_type = DType::kInt32; });
  EXPECT_EQ(graph.value(out(sum)).dtype, DType::kInt32);
}

TEST_F(GraphTest, EditIsUndoneWhenTypesBecomeInvalid) {
  const NodeId convert = graph.add(Convert{}, {h});
  const NodeId before = graph.add(Convert{}, {out(convert)});
  const NodeId sum = graph.add(Add{}, {x, out(convert)});
  EXPECT_THROW(graph.edit<Convert>(convert, [](Convert& op) { op.to_type = DType::kInt32; }), Error);
  EXPECT_EQ(as<Convert>(*graph.node(convert).layer)->to_type, DType::kFloat32);
  EXPECT_EQ(graph.value(out(convert)).dtype, DType::kFloat32);
  EXPECT_EQ(graph.value(out(sum)).dtype, DType::kFloat32);
  EXPECT_EQ(graph.value(out(before)).dtype, DType::kFloat32);
}

TEST_F(GraphTest, SetInputRollsBackAndGrows) {
  const NodeId sum = graph.add(Add{}, {x, y});
  EXPECT_THROW(graph.set_input(sum, 1, h), Error);
  EXPECT_EQ(graph.node(sum).inputs[1], y);
  const NodeId convert = graph.add(Convert{}, {x});
  graph.set_input(convert, 2, y);
  EXPECT_EQ(graph.node(convert).inputs, (std::vector<ValueId>{x, kNoId, y}));
}

TEST_F(GraphTest, SetInputRefusesCyclesAndAcceptsForwardReferences) {
  const NodeId first = graph.add(Add{}, {x, y});
  const NodeId second = graph.add(Convert{}, {out(first)});
  const NodeId third = graph.add(Convert{}, {y});
  EXPECT_THROW(graph.set_input(first, 0, out(second)), Error);
  EXPECT_THROW(graph.set_input(first, 0, out(first)), Error);
  graph.set_input(first, 1, out(third));
  EXPECT_EQ(graph.order(), (std::vector<NodeId>{third, first, second}));
  EXPECT_THROW(graph.set_input(third, 0, out(second)), Error);
  graph.set_input_shape(y, {7, 4});
  EXPECT_EQ(graph.value(out(second)).shape, (Shape{7, 4}));
}

TEST_F(GraphTest, RetypingAnInputIsAllOrNothing) {
  const NodeId convert = graph.add(Lengths{}, {x});
  const NodeId sum = graph.add(Add{}, {x, x});
  graph.set_input_dtype(x, DType::kInt64);
  EXPECT_EQ(graph.value(out(sum)).dtype, DType::kInt64);
  graph.add(Add{}, {out(sum), out(convert)});
  EXPECT_THROW(graph.set_input_dtype(x, DType::kFloat32), Error);
  EXPECT_EQ(graph.value(x).dtype, DType::kInt64);
  EXPECT_EQ(graph.value(out(sum)).dtype, DType::kInt64);
}

TEST_F(GraphTest, InputsAreChecked) {
  EXPECT_THROW(graph.add_input("x", DType::kFloat32, {1}), Error);
  EXPECT_THROW(graph.add_input("a", DType::kFloat64, {1}), Error);
  EXPECT_THROW(graph.add_input("a", DType::kFloat32, {-2}), Error);
  EXPECT_THROW(graph.add_input("a", DType::kFloat32, Shape::invalid()), Error);
  EXPECT_THROW(graph.add_input("", DType::kFloat32, {1}), Error);
  EXPECT_THROW(graph.add_input(std::string(4097, 'a'), DType::kFloat32, {1}), Error);
  EXPECT_EQ(graph.inputs().size(), 3u);
}

TEST_F(GraphTest, OutputsAndRemoval) {
  const NodeId sum = graph.add(Add{}, {x, y});
  const NodeId unused = graph.add(Convert{}, {out(sum)});
  graph.mark_output(out(sum));
  graph.mark_output(out(sum));
  EXPECT_EQ(graph.outputs().size(), 1u);
  EXPECT_THROW(graph.mark_output(x), Error);
  EXPECT_THROW(graph.remove_node(sum), Error);
  graph.remove_node(unused);
  EXPECT_EQ(graph.order(), std::vector<NodeId>{sum});
  graph.unmark_output(out(sum));
  graph.remove_node(sum);
  EXPECT_TRUE(graph.order().empty());
}

TEST_F(GraphTest, ReplaceUsesRewritesNodesAndOutputs) {
  const NodeId sum = graph.add(Add{}, {x, y});
  const NodeId convert = graph.add(Convert{}, {out(sum)});
  graph.mark_output(out(sum));
  const NodeId fresh = graph.add(Add{}, {y, y});
  graph.replace_uses(out(sum), out(fresh));
  EXPECT_EQ(graph.node(convert).inputs[0], out(fresh));
  EXPECT_TRUE(graph.is_output(out(fresh)));
  EXPECT_EQ(graph.value(out(convert)).shape, (Shape{1, 4}));
}

TEST_F(GraphTest, CloneIsIndependent) {
  const NodeId convert = graph.add(Convert{}, {x});
  Graph copy = graph.clone();
  copy.edit<Convert>(convert, [](Convert& op) { op.to_type = DType::kInt32; });
  EXPECT_EQ(graph.value(out(convert)).dtype, DType::kFloat32);
  EXPECT_EQ(copy.value(out(convert)).dtype, DType::kInt32);
}

TEST(WeakGraph, RealTypesAreInterchangeable) {
  Graph graph(/*strongly_typed=*/false);
  const ValueId x = graph.add_input("x", DType::kFloat32, {4});
  const ValueId h = graph.add_input("h", DType::kFloat16, {4});
  const NodeId sum = graph.add(Add{}, {x, h});
  const ValueId out = graph.node(sum).outputs[0];
  EXPECT_EQ(graph.value(out).dtype, DType::kFloat32);
  EXPECT_EQ(graph.value(graph.node(graph.add(Convert{DType::kFloat16}, {x})).outputs[0]).dtype, DType::kFloat32);
  graph.set_output_dtype(out, DType::kFloat16);
  graph.set_input(sum, 1, x);
  EXPECT_EQ(graph.value(out).dtype, DType::kFloat16);
  EXPECT_THROW(graph.set_output_dtype(out, DType::kInt32), Error);
  const ValueId i = graph.add_input("i", DType::kInt32, {4});
  EXPECT_THROW(graph.add(Add{}, {x, i}), Error);
}

TEST(StrongGraph, OutputTypesFollowTheRules) {
  Graph graph;
  const ValueId x = graph.add_input("x", DType::kFloat32, {4});
  const ValueId out = graph.node(graph.add(Add{}, {x, x})).outputs[0];
  graph.set_output_dtype(out, DType::kFloat32);
  EXPECT_THROW(graph.set_output_dtype(out, DType::kFloat16), Error);
}

}  // namespace
}  // namespace torchtrt::engine
