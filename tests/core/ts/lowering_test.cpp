// Lowering: freezing, passes, specialisation.
#include <gtest/gtest.h>

#include "core/lowering/input_dtypes.h"
#include "core/util/error.h"
#include "tests/core/ts/models.h"

namespace torchtrt::test {
namespace {

std::string message_of(const std::function<void()>& act, ErrorKind kind) {
  try {
    act();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), kind) << error.what();
    return error.what();
  }
  ADD_FAILURE() << "no error";
  return "";
}

torch::jit::Module batch_norm(bool training) {
  torch::jit::Module inner("bn");
  inner.register_buffer("mean", at::zeros({3}));
  inner.register_buffer("var", at::ones({3}));
  inner.register_buffer("num_batches_tracked", at::zeros({}, at::kLong));
  inner.register_attribute("training", c10::BoolType::get(), training);
  define(inner, R"(
    def forward(self, x):
      if self.training:
        self.num_batches_tracked.add_(1)
      return torch.batch_norm(x, None, None, self.mean, self.var, self.training, 0.1, 1e-5, False)
  )");
  torch::jit::Module outer("net");
  outer.register_module("bn1", inner);
  define(outer, "def forward(self, x):\n  return torch.relu_(self.bn1.forward(x))");
  return outer;
}

TEST(Freeze, ParametersBecomeNamedConstants) {
  torch::jit::Module inner("inner"), outer("outer");
  inner.register_parameter("weight", at::rand({4, 3}), false);
  define(inner, "def forward(self, x):\n  return torch.linear(x, self.weight)");
  outer.register_module("fc", inner);
  define(outer, "def forward(self, x):\n  return self.fc.forward(x)");
  const auto lowered = lowering::lower(outer);
  EXPECT_EQ(lowered.graph->inputs().size(), 1u);
  bool named = false;
  for (const auto* node : lowered.graph->nodes())
    if (node->kind() == c10::prim::Constant && node->hasAttribute(c10::attr::value) &&
        node->kindOf(c10::attr::value) == torch::jit::AttributeKind::t)
      named |= lowered.names.find(node->t(c10::attr::value)) == "fc.weight";
  EXPECT_TRUE(named);
}

TEST(Freeze, EvaluationDropsTheCounter) {
  const auto lowered = lowering::lower(batch_norm(false));
  EXPECT_EQ(count(lowered.graph, "aten::add_"), 0u);
  EXPECT_EQ(count(lowered.graph, "aten::batch_norm"), 1u);
  EXPECT_EQ(count(lowered.graph, "aten::relu"), 1u);  // relu_ on a value of the graph is relu
}

TEST(Freeze, c1_TrainingIsNamed) {
  const auto text = message_of([] { lowering::lower(batch_norm(true)); }, ErrorKind::kInvalidArgument);
  EXPECT_NE(text.find("'bn1'"), std::string::npos) << text;
  EXPECT_NE(text.find(".eval()"), std::string::npos) << text;
}

TEST(Freeze, c2_ActiveDropoutIsRefused) {
  const auto text =
      message_of([] { lowering::lower(module_of("def forward(self, x):\n  return torch.dropout(x, 0.5, True)")); },
                 ErrorKind::kInvalidArgument);
  EXPECT_NE(text.find(".eval()"), std::string::npos) << text;
}

TEST(Freeze, c3_AssignedAttributeIsRefused) {
  torch::jit::Module module("m");
  module.register_attribute("calls", c10::IntType::get(), 0);
  define(module, "def forward(self, x):\n  self.calls = self.calls + 1\n  return x + self.calls");
  const auto text = message_of([&] { lowering::lower(module); }, ErrorKind::kUnsupported);
  EXPECT_NE(text.find("'calls'"), std::string::npos) << text;
}

TEST(Freeze, UnknownMethodIsNamed) {
  const auto text = message_of([] { lowering::lower(module_of("def forward(self, x):\n  return x"), "encode"); },
                               ErrorKind::kInvalidArgument);
  EXPECT_NE(text.find("'encode'"), std::string::npos) << text;
}

TEST(Passes, NoOpsAliasesAndConvolutions) {
  const auto lowered = lowering::lower(module_of(R"(
    def forward(self, x, w):
      x = torch.dropout(x.contiguous().detach(), 0.5, False)
      x = torch.multiply(x, 2.0)
      x = torch.conv2d(x, w)
      return torch.true_divide(x, 3.0)
  )"));
  EXPECT_EQ(count(lowered.graph, "aten::dropout") + count(lowered.graph, "aten::contiguous"), 0u);
  EXPECT_EQ(count(lowered.graph, "aten::mul"), 1u);
  EXPECT_EQ(count(lowered.graph, "aten::div"), 1u);
  EXPECT_EQ(count(lowered.graph, "aten::convolution"), 1u);
}

TEST(Passes, RaisingBranchesGo) {
  const auto lowered = lowering::lower(module_of(R"(
    def forward(self, x):
      assert x.dim() == 2, "rank 2 expected"
      return torch.relu(x)
  )"));
  EXPECT_EQ(count(lowered.graph, "prim::If"), 0u);
}

TEST(Specialize, LoopsAndBranchesBecomeAStraightLine) {
  const auto graph = typed(module_of(R"(
    def forward(self, x):
      outs = []
      for i in range(x.size(0)):
        if i % 2 == 0:
          outs.append(x[i] + i)
        else:
          outs.append(x[i])
      return torch.stack(outs)
  )"),
                           {input_of({4, 2})});
  EXPECT_EQ(count(graph.graph, "prim::Loop") + count(graph.graph, "prim::If"), 0u);
  EXPECT_EQ(count(graph.graph, "aten::select"), 4u);
  EXPECT_EQ(count(graph.graph, "aten::add"), 2u);
  EXPECT_EQ(graph.fact(graph.graph->outputs()[0]).sizes(), (std::vector<int64_t>{4, 2}));
}

TEST(Specialize, DynamicSizesStayOperators) {
  ir::Input input = ir::make_dynamic({1, 6}, {4, 6}, {8, 6});
  input.dtype_declared = true;
  const auto graph = typed(module_of("def forward(self, x):\n  return x.view(x.size(0), x.size(1) // 2, 2)"), {input});
  EXPECT_EQ(count(graph.graph, "aten::size"), 1u);
  EXPECT_EQ(graph.fact(graph.graph->outputs()[0]).sizes(), (std::vector<int64_t>{-1, 3, 2}));
}

TEST(Specialize, DataDependentSizesAreUnknown) {
  const auto graph = typed(module_of("def forward(self, x):\n  return torch.nonzero(x) + 1"), {input_of({4})});
  EXPECT_FALSE(graph.fact(graph.graph->outputs()[0]).is_known());
}

TEST(Specialize, WritesToOwnValuesBecomeNewValues) {
  const auto graph = typed(module_of(R"(
    def forward(self, x):
      a, b = torch.unsafe_chunk(torch.relu(x), 2, 0)
      a.add_(b)
      return a * 2
  )"),
                           {input_of({4})});
  EXPECT_EQ(count(graph.graph, "aten::add_"), 0u);
  EXPECT_EQ(count(graph.graph, "aten::add"), 1u);
}

TEST(Specialize, WritesThroughViewsStay) {
  const auto graph =
      typed(module_of("def forward(self, x):\n  y = torch.relu(x)\n  y[0].add_(1)\n  return y * 2"), {input_of({4})});
  EXPECT_EQ(count(graph.graph, "aten::add_"), 1u);
}

TEST(Specialize, WarningsAndPrintsGo) {
  const auto graph = typed(module_of(R"(
    def forward(self, x):
      print("seen")
      return torch.relu(x)
  )"),
                           {input_of({4})});
  EXPECT_EQ(count(graph.graph, "prim::Print"), 0u);
}

TEST(Specialize, ContainersFold) {
  const auto graph = typed(module_of(R"(
    def forward(self, pair: Tuple[Tensor, Tensor]):
      a, b = pair
      return {"sum": (a + b, b), "both": (a, b)}
  )"),
                           {input_of({2}), input_of({2})});
  EXPECT_EQ(graph.graph->inputs().size(), 2u);
  EXPECT_EQ(graph.result.kind, ir::Structure::Kind::kDict);
  EXPECT_EQ(graph.result.tensors(), 4u);
}

TEST(Specialize, RefusedInputsNameTheOperator) {
  const auto module = module_of("def forward(self, x):\n  return torch.matmul(x, x)");
  const auto text = message_of([&] { typed(module, {input_of({2, 3})}); }, ErrorKind::kInvalidArgument);
  EXPECT_NE(text.find("aten::matmul"), std::string::npos) << text;
}

TEST(Specialize, WrongNumberOfInputs) {
  const auto module = module_of("def forward(self, x, y):\n  return x + y");
  const auto text = message_of([&] { typed(module, {input_of({2})}); }, ErrorKind::kInvalidArgument);
  EXPECT_NE(text.find("x: Tensor, y: Tensor"), std::string::npos) << text;
}

TEST(InputDtypes, IndexHasToBeDeclared) {
  torch::jit::Module module("m");
  module.register_parameter("table", at::rand({10, 4}), false);
  define(module, "def forward(self, ids):\n  return torch.embedding(self.table, ids)");
  std::vector<ir::Input> inputs = {ir::make_static({3})};
  const auto text = message_of([&] { lowering::infer_input_dtypes(lowering::lower(module), {}, inputs); },
                               ErrorKind::kInvalidArgument);
  EXPECT_NE(text.find("Cannot determine the dtype of input 'ids"), std::string::npos) << text;
}

TEST(InputDtypes, WeightsDecideAndIntegerConstantsDoNot) {
  torch::jit::Module module("m");
  module.register_parameter("weight", at::rand({4, 3, 3, 3}).to(at::kBFloat16), false);
  module.register_buffer("order", longs({2, 1, 0}));
  define(module, "def forward(self, x):\n  return torch.conv2d(x.index_select(1, self.order), self.weight)");
  std::vector<ir::Input> inputs = {ir::make_static({1, 3, 8, 8})};
  lowering::infer_input_dtypes(lowering::lower(module), {}, inputs);
  EXPECT_EQ(inputs[0].dtype, DType::kBFloat16);
  EXPECT_FALSE(inputs[0].dtype_declared);
}

}  // namespace
}  // namespace torchtrt::test
