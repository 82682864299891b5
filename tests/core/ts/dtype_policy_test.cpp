// The int64 and float64 policy: intervals, liveness, weak values, proofs and refusals. No engine is needed.
#include "core/lowering/dtype_policy.h"

#include <gtest/gtest.h>

#include <limits>

#include "core/lowering/ranges.h"
#include "core/util/error.h"
#include "tests/core/ts/models.h"

namespace torchtrt::test {
namespace {

using ir::DtypeDecision;
using lowering::Interval;

constexpr int64_t kMin = std::numeric_limits<int64_t>::min();
constexpr int64_t kMax = std::numeric_limits<int64_t>::max();

// A layer that takes int32 only, to have the paths of narrowing.
const std::vector<lowering::Int32Rule> kIntegerProducts = {{"aten::mul", 0, "test layer takes int32", -1}};

torch::jit::Module with_buffer(const std::string& name, const at::Tensor& value, const std::string& source) {
  torch::jit::Module module("m");
  module.register_buffer(name, value);
  define(module, source);
  return module;
}

std::string refusal(const ir::TypedGraph& graph, lowering::DtypePermissions permissions, ErrorKind kind,
                    const std::vector<lowering::Int32Rule>& rules = lowering::int32_rules()) {
  try {
    lowering::plan_dtypes(graph, permissions, rules);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), kind) << error.what();
    return error.what();
  }
  ADD_FAILURE() << "accepted";
  return "";
}

bool mentions(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

TEST(Interval, Arithmetic) {
  EXPECT_EQ((Interval{1, 2} + Interval{10, 20}), (Interval{11, 22}));
  EXPECT_EQ((Interval{1, 2} - Interval{10, 20}), (Interval{-19, -8}));
  EXPECT_EQ((Interval{-3, 2} * Interval{-5, 4}), (Interval{-12, 15}));
  EXPECT_EQ(-(Interval{-3, 2}), (Interval{-2, 3}));
  EXPECT_EQ(lowering::absolute({-3, 2}), (Interval{0, 3}));
  EXPECT_EQ(lowering::absolute({2, 5}), (Interval{2, 5}));
  EXPECT_EQ(lowering::floor_divide({-7, 7}, {2, 2}), (Interval{-4, 3}));
  EXPECT_EQ(lowering::remainder({-100, 100}, {7, 7}), (Interval{0, 6}));
  EXPECT_EQ(lowering::remainder({-100, 100}, {-7, -7}), (Interval{-6, 0}));
  EXPECT_EQ(lowering::maximum({-5, 3}, {0, 0}), (Interval{0, 3}));
}

TEST(Interval, OverflowIsNoProof) {
  EXPECT_TRUE((Interval{kMax, kMax} + Interval::of(1)).is_everything());
  EXPECT_TRUE((-Interval{kMin, 0}).is_everything());
  EXPECT_TRUE((Interval{0, kMax} * Interval::of(2)).is_everything());
  EXPECT_TRUE(lowering::floor_divide({0, 5}, {-1, 1}).is_everything());
}

TEST(Ranges, FollowConstantsShapesAndIndices) {
  const auto graph = typed(with_buffer("offsets", longs({3, 40}), R"(
    def forward(self, x):
      return (self.offsets + x.argmax(0)) * 2, torch.remainder(x.to(dtype=4), 8)
  )"),
                           {input_of({10, 2})});
  const lowering::Ranges ranges(graph);
  EXPECT_EQ(ranges.of(graph.graph->outputs()[0]), (Interval{6, 2 * (40 + 19)}));
  EXPECT_EQ(ranges.of(graph.graph->outputs()[1]), (Interval{0, 7}));
}

TEST(DtypePolicy, c1_DeadBuffersNeverCount) {
  const auto graph = typed(with_buffer("count", at::zeros({2}, at::kDouble), R"(
    def forward(self, x):
      unused = self.count + 1
      return torch.relu(x)
  )"),
                           {input_of({2})});
  EXPECT_TRUE(lowering::plan_dtypes(graph, {}).report.rows.empty());
}

TEST(DtypePolicy, Int64StaysNative) {
  const auto graph =
      typed(with_buffer("order", longs({2, 0, 1}), "def forward(self, x):\n  return x.index_select(1, self.order)"),
            {input_of({1, 3})});
  const auto report = lowering::plan_dtypes(graph, {}).report;
  ASSERT_EQ(report.rows.size(), 1u);
  EXPECT_EQ(report.rows[0].decision, DtypeDecision::kKeep);
  EXPECT_EQ(report.rows[0].value, "'order'");
  EXPECT_EQ(report.rows[0].proof, "values in [0, 2]");
  EXPECT_EQ(report.warning(), "");
}

TEST(DtypePolicy, c4_LiteralsAreWeak) {
  // What tracing makes of x * 2.5 - 1: 0-dim double and long constants.
  torch::jit::Module module("m");
  module.register_attribute("scale", c10::TensorType::get(), at::scalar_tensor(2.5, at::kDouble));
  module.register_attribute("one", c10::TensorType::get(), at::scalar_tensor(1, at::kLong));
  define(module, "def forward(self, x):\n  return x * self.scale - self.one");
  const auto graph = typed(module, {input_of({2}, DType::kFloat16)});
  EXPECT_TRUE(lowering::plan_dtypes(graph, {}).report.rows.empty());
  EXPECT_EQ(graph.fact(graph.graph->outputs()[0]).tensor().scalar_type(), at::kHalf);
}

TEST(DtypePolicy, ProvedNarrowingNeedsNoPermission) {
  const auto graph = typed(with_buffer("offsets", longs({3, 40}), "def forward(self, x):\n  return self.offsets * x"),
                           {input_of({2}, DType::kInt64)});
  const auto plan = lowering::plan_dtypes(graph, {}, kIntegerProducts);
  EXPECT_EQ(plan.report.count(DtypeDecision::kNarrowProved), 1u);
  EXPECT_EQ(plan.report.warning(), "");
}

TEST(DtypePolicy, c2_ConstantOutOfRangeIsRefusedEitherWay) {
  const auto graph = typed(
      with_buffer("offsets", longs({1, 2, 3, int64_t{1} << 40}), "def forward(self, x):\n  return self.offsets * x"),
      {input_of({4}, DType::kInt64)});
  for (const bool narrow : {false, true}) {
    const auto text = refusal(graph, {narrow, false}, ErrorKind::kInt64Range, kIntegerProducts);
    EXPECT_TRUE(mentions(text, "'offsets'") && mentions(text, "1099511627776 at index 3")) << text;
    EXPECT_TRUE(mentions(text, "aten::mul")) << text;
  }
}

TEST(DtypePolicy, c3_UnprovedNeedsPermission) {
  const auto graph = typed(module_of("def forward(self, x):\n  return x * x"), {input_of({4}, DType::kInt64)});
  EXPECT_TRUE(mentions(refusal(graph, {false, false}, ErrorKind::kInt64Range, kIntegerProducts),
                       "truncate_long_and_double=True"));
  const auto permitted = lowering::plan_dtypes(graph, {true, false}, kIntegerProducts).report;
  EXPECT_EQ(permitted.count(DtypeDecision::kNarrowUnproved), 1u);
  EXPECT_TRUE(mentions(permitted.warning(), "1 value was narrowed from int64 to int32 without proof"));
  const auto fallen = lowering::plan_dtypes(graph, {false, true}, kIntegerProducts);
  EXPECT_EQ(fallen.in_pytorch.size(), 1u);
}

TEST(DtypePolicy, IndicesAreBoundedByTheirDimension) {
  const auto graph =
      typed(module_of("def forward(self, x):\n  return torch.one_hot(x, 10)"), {input_of({4}, DType::kInt64)});
  const std::vector<lowering::Int32Rule> rules = {{"aten::one_hot", 0, "test layer takes int32", 1}};
  const auto report = lowering::plan_dtypes(graph, {}, rules).report;
  ASSERT_EQ(report.count(DtypeDecision::kNarrowProved), 1u);
  EXPECT_EQ(report.rows.back().proof, "indices below 10");
}

TEST(DtypePolicy, BoundsClamp) {
  const auto graph = typed(module_of("def forward(self, x):\n  return x[1:9223372036854775807]"), {input_of({4})});
  EXPECT_EQ(lowering::plan_dtypes(graph, {}).report.count(DtypeDecision::kClamp), 1u);
}

TEST(DtypePolicy, Float64NeedsPermission) {
  const auto graph =
      typed(with_buffer("table", at::full({3}, 0.1, at::kDouble), "def forward(self, x):\n  return x * self.table"),
            {input_of({3})});
  const auto text = refusal(graph, {false, false}, ErrorKind::kDtypeContract);
  EXPECT_TRUE(mentions(text, "'table'") && mentions(text, "truncate_long_and_double=True")) << text;
  EXPECT_EQ(lowering::plan_dtypes(graph, {true, false}).report.count(DtypeDecision::kNarrowUnproved), 2u);
  EXPECT_EQ(lowering::plan_dtypes(graph, {false, true}).in_pytorch.size(), 1u);
}

TEST(DtypePolicy, Float64OverflowIsRefused) {
  const auto graph = typed(
      with_buffer("table", doubles({1.0, 1e300}), "def forward(self, x):\n  return x * self.table"), {input_of({2})});
  const auto text = refusal(graph, {true, false}, ErrorKind::kInt64Range);
  EXPECT_TRUE(mentions(text, "'table'") && mentions(text, "at index 1")) << text;
}

}  // namespace
}  // namespace torchtrt::test
