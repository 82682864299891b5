// Formats in plans from anywhere. Constraint numbers are those of formats.cpp.
#include "core/engine/plan/formats.h"

#include <gtest/gtest.h>

#include "core/engine/layers/reformat.h"
#include "core/engine/plan/if_conditional.h"

namespace torchtrt::engine {
namespace {

std::string refusal_of(const Graph& graph) {
  try {
    build(graph, {});
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

// It would read 32 channels of a tensor that has 3.
TEST(Formats, NothingIsReformattedInsideABody_c3) {
  Graph body;
  const ValueId inside = body.add_input("inside", DType::kFloat32, {1, 3, 2, 2});
  body.mark_output(body.node(body.add(Reformat{Format::kChw32, false}, {inside})).outputs[0]);
  const auto shared = std::make_shared<const Graph>(std::move(body));
  Graph graph;
  const ValueId condition = graph.add_input("condition", DType::kBool, Shape(std::vector<int64_t>()));
  const ValueId x = graph.add_input("x", DType::kFloat32, {1, 3, 2, 2});
  IfConditional choice;
  choice.then_body = choice.else_body = shared;
  choice.then_feeds = choice.else_feeds = {1};
  graph.mark_output(graph.node(graph.add(std::move(choice), {condition, x})).outputs[0]);
  EXPECT_NE(refusal_of(graph).find("from inside a loop or conditional"), std::string::npos) << refusal_of(graph);
}

TEST(Formats, ReformatsStandNextToABindingOfTheirFormat) {
  Graph graph;
  const ValueId x = graph.add_input("x", DType::kFloat32, {1, 3, 2, 2});
  graph.mark_output(graph.node(graph.add(Reformat{Format::kChw32, false}, {x})).outputs[0]);
  EXPECT_NE(refusal_of(graph).find("where the engine has another"), std::string::npos) << refusal_of(graph);
}

}  // namespace
}  // namespace torchtrt::engine
