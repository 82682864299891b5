// Plugins: the rule that no network can break, as its functions add the inputs.
#include "core/engine/layers/plugin.h"

#include "tests/core/engine/layers/layer_rules.h"

namespace torchtrt::engine::testing {
namespace {

TEST(Plugins, C1Inputs) {
  EXPECT_VIOLATION(types_of(PluginV3{}, {kF32, DType::kNone}), "input 1 is missing");
  EXPECT_VIOLATION(types_of(PluginV2{}, {DType::kNone}), "input 0 is missing");
}

}  // namespace
}  // namespace torchtrt::engine::testing
