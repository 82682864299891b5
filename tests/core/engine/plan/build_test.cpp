// build: validation, profiles, placement, ownership of weights, cancelling. Constraint numbers are those of
// profile.cpp.
#include <gtest/gtest.h>

#include "core/engine/layers/constant.h"
#include "tests/core/engine/message_of.h"
#include "tests/core/engine/toy_kernels.h"

namespace torchtrt::engine {
namespace {

using namespace toy;

ValueId out(const Graph& graph, NodeId node, int index = 0) { return graph.node(node).outputs[index]; }

struct BuildTest : testing::Test {
  Graph graph;
  ValueId x = graph.add_input("x", DType::kFloat32, {kUnknown, 4});
  ValueId y = out(graph, graph.add(Add{}, {x, x}));
  BuildTest() { graph.mark_output(y); }

  std::string failure(const BuildOptions& options) {
    return message_of([&] { build(graph, options); });
  }
};

TEST_F(BuildTest, NeedsAnOutput) {
  graph.unmark_output(y);
  EXPECT_NE(failure({}).find("no outputs"), std::string::npos);
}

TEST_F(BuildTest, NamesOfInputsAndOutputsAreUnique) {
  graph.set_value_name(y, "x");
  EXPECT_NE(failure(one_profile("x", {1, 4}, {1, 4}, {1, 4})).find("unique"), std::string::npos);
}

TEST_F(BuildTest, DynamicInputsNeedAProfile_c4) { EXPECT_NE(failure({}).find("\"x\""), std::string::npos); }

TEST_F(BuildTest, ProfileRanksMatch_c1) {
  EXPECT_NE(failure(one_profile("x", {1}, {1}, {1})).find("another rank"), std::string::npos);
  BuildOptions options = one_profile("x", {1, 4}, {1, 4}, {1, 4});
  options.profiles[0].inputs[0].max.reset();
  EXPECT_NE(failure(options).find("all three"), std::string::npos);
}

TEST_F(BuildTest, ProfileRangesAreOrdered_c2) {
  EXPECT_NE(failure(one_profile("x", {2, 4}, {1, 4}, {3, 4})).find("min <= opt"), std::string::npos);
  EXPECT_NE(failure(one_profile("x", {-1, 4}, {1, 4}, {3, 4})).find("0 <= min"), std::string::npos);
}

TEST_F(BuildTest, ProfilesKeepFixedLengths_c3) {
  EXPECT_NE(failure(one_profile("x", {1, 4}, {1, 4}, {1, 5})).find("axis 1"), std::string::npos);
}

TEST_F(BuildTest, ProfilesNameExistingInputs) {
  EXPECT_NE(failure(one_profile("z", {1, 4}, {1, 4}, {1, 4})).find("\"z\""), std::string::npos);
}

TEST_F(BuildTest, StaticInputsAreCompletedFromTheNetwork) {
  graph.set_input_shape(x, {2, 4});
  const auto plan = build(graph, {});
  ASSERT_EQ(plan->profiles.size(), 1u);
  EXPECT_EQ(plan->profiles[0].inputs[0].opt, (Shape{2, 4}));
}

TEST_F(BuildTest, SameDimensionNameNeedsACommonLength_c6) {
  const ValueId z = graph.add_input("z", DType::kFloat32, {kUnknown});
  graph.mark_output(out(graph, graph.add(Add{}, {z, z})));
  graph.mutable_value(x).dim_names = {"n", ""};
  graph.mutable_value(z).dim_names = {"n"};
  BuildOptions options = one_profile("x", {1, 4}, {1, 4}, {2, 4});
  options.profiles[0].inputs.push_back(one_profile("z", {3}, {3}, {4}).profiles[0].inputs[0]);
  EXPECT_NE(failure(options).find("\"n\""), std::string::npos);
}

TEST_F(BuildTest, ViolationAtOptIsAnErrorAtMaxAWarning) {
  const ValueId z = graph.add_input("z", DType::kFloat32, {kUnknown, 4});
  graph.mark_output(out(graph, graph.add(Add{}, {x, z})));
  BuildOptions options = one_profile("x", {1, 4}, {1, 4}, {2, 4});
  options.profiles[0].inputs.push_back(one_profile("z", {3, 4}, {3, 4}, {4, 4}).profiles[0].inputs[0]);
  std::vector<std::string> warnings;
  options.log = [&](Severity severity, const std::string& text) {
    if (severity == Severity::kWarning) warnings.push_back(text);
  };
  build(graph, options);
  ASSERT_EQ(warnings.size(), 1u);
  EXPECT_NE(warnings[0].find("max shapes"), std::string::npos);
  options.profiles[0].inputs[0].opt = Shape{2, 4};
  EXPECT_NE(failure(options).find("opt shapes"), std::string::npos);
}

TEST_F(BuildTest, ShapeViolationsOfTheDefinitionEndTheBuild) {
  const ValueId z = graph.add_input("z", DType::kFloat32, {1, 3});
  const NodeId bad = graph.add(Add{}, {x, z});
  graph.set_name(bad, "bad one");
  EXPECT_NE(failure(one_profile("x", {1, 4}, {1, 4}, {1, 4})).find("bad one"), std::string::npos);
}

TEST_F(BuildTest, HostInputsNeedValues_c4_c5) {
  const ValueId wanted = graph.add_input("wanted", DType::kInt64, {2});
  graph.mark_output(out(graph, graph.add(Reshape{}, {y, wanted})));
  BuildOptions options = one_profile("x", {1, 4}, {1, 4}, {1, 4});
  EXPECT_NE(failure(options).find("values"), std::string::npos);
  InputRange range;
  range.input = "wanted";
  range.min_values = {1, 1};
  range.opt_values = {2, 2};
  range.max_values = {4, 4};
  options.profiles[0].inputs.push_back(range);
  const auto plan = build(graph, options);
  EXPECT_TRUE(plan->find("wanted")->on_host);
  EXPECT_FALSE(plan->find("x")->on_host);
  options.profiles[0].inputs[1].min_values = {3, 1};
  EXPECT_NE(failure(options).find("min <= opt"), std::string::npos);
  options.profiles[0].inputs[1].min_values = {1};
  EXPECT_NE(failure(options).find("2 values"), std::string::npos);
}

TEST_F(BuildTest, DeadLayersAreLeftOut) {
  graph.add(Add{}, {x, x});
  const auto plan = build(graph, one_profile("x", {1, 4}, {1, 4}, {1, 4}));
  EXPECT_EQ(plan->order.size(), 1u);
}

TEST_F(BuildTest, ValuesArePlaced) {
  const ValueId lengths = out(graph, graph.add(Lengths{}, {x}));
  const ValueId both = out(graph, graph.add(Lengths{}, {y}));
  graph.set_value_name(lengths, "lengths");
  graph.set_value_name(both, "both");
  graph.mark_output(out(graph, graph.add(Reshape{}, {y, lengths})));
  graph.mark_output(out(graph, graph.add(Reshape{}, {y, both})));
  graph.mark_output(both);
  const auto plan = build(graph, one_profile("x", {1, 4}, {1, 4}, {1, 4}));
  const auto placement = [&](const std::string& name) {
    for (ValueId id = 0; id < plan->graph.value_count(); ++id)
      if (plan->graph.value(id).name == name) return plan->placement[id];
    throw std::out_of_range(name);
  };
  EXPECT_EQ(placement("lengths"), Placement::kHost);
  EXPECT_EQ(placement("both"), Placement::kBoth);
  EXPECT_EQ(placement("x"), Placement::kDevice);
}

TEST_F(BuildTest, WeightsAreOwnedAndShared) {
  auto data = std::make_unique<float[]>(4);
  std::fill_n(data.get(), 4, 7.f);
  const Constant constant{Weights{DType::kFloat32, 4, data.get(), nullptr, ""}, Shape{1, 4}};
  const ValueId a = out(graph, graph.add(constant, {})), b = out(graph, graph.add(constant, {}));
  graph.mark_output(out(graph, graph.add(Add{}, {out(graph, graph.add(Add{}, {x, a})), b})));
  BuildOptions options = one_profile("x", {1, 4}, {1, 4}, {1, 4});
  options.optimization_level = 0;
  const auto plan = build(graph, options);
  data.reset();
  EXPECT_EQ(plan->weights_bytes(), 16);
  for (const NodeId id : plan->order) {
    const auto* found = as<Constant>(*plan->graph.node(id).layer);
    if (!found) continue;
    EXPECT_EQ(reinterpret_cast<uintptr_t>(found->weights.data) % 64, 0u);
    EXPECT_EQ(static_cast<const float*>(found->weights.data)[3], 7.f);
  }
}

TEST_F(BuildTest, ProgressMayCancel) {
  BuildOptions options = one_profile("x", {1, 4}, {1, 4}, {1, 4});
  int calls = 0, total = 0;
  options.progress = [&](const std::string&, int step, int steps) {
    EXPECT_EQ(step, calls++);
    total = steps;
    return true;
  };
  build(graph, options);
  EXPECT_EQ(calls, total);
  options.progress = [](const std::string&, int, int) { return false; };
  EXPECT_NE(failure(options).find("cancelled"), std::string::npos);
}

}  // namespace
}  // namespace torchtrt::engine
