// Converters that others register: they are found by schema and replace ours.
#include "core/api/custom_converters.h"

#include <gtest/gtest.h>

#include "core/conversion/registry.h"
#include "core/util/error.h"
#include "tests/core/ts/models.h"

namespace torchtrt::test {
namespace {

namespace outside = torch_tensorrt::core::conversion;

const torch::jit::Node* node_of(const ir::TypedGraph& graph, const std::string& kind) {
  for (const auto* node : graph.graph->nodes())
    if (kind == node->kind().toQualString()) return node;
  return nullptr;
}

TEST(CustomConverters, FoundBySchema) {
  const auto graph = typed(module_of("def forward(self, x):\n  return torch.logcumsumexp(x, 0)"), {input_of({4})});
  const auto* node = node_of(graph, "aten::logcumsumexp");
  ASSERT_NE(node, nullptr);
  EXPECT_EQ(conversion::reason_against(*node, graph), "there is no converter for it");
  outside::converters::RegisterNodeConversionPatterns().pattern(
      {"aten::logcumsumexp(Tensor self, int dim) -> Tensor",
       [](outside::ConversionCtx*, const torch::jit::Node*, outside::args&) { return false; }});
  EXPECT_EQ(conversion::reason_against(*node, graph), "");
  ASSERT_NE(conversion::find_converter(*node), nullptr);
  EXPECT_TRUE(conversion::find_converter(*node)->user);
}

TEST(CustomConverters, ArgumentsUnwrap) {
  conversion::Operand number, nothing;
  number.constant = 3;
  const outside::Var three(number), none(nothing);
  EXPECT_TRUE(three.isIValue());
  EXPECT_EQ(three.unwrapToInt(), 3);
  EXPECT_TRUE(none.isNone());
  EXPECT_EQ(none.unwrapToInt(7), 7);
  EXPECT_THROW(three.ITensor(), Error);
}

TEST(CustomConverters, WrongSchemaIsRefused) {
  EXPECT_ANY_THROW(outside::converters::RegisterNodeConversionPatterns().pattern({"no schema", nullptr}));
}

}  // namespace
}  // namespace torchtrt::test
