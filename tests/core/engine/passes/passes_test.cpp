// Passes: what each rewrites, what it leaves alone, and that results stay.
#include "core/engine/passes/passes.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "core/engine/exec/context.h"
#include "core/engine/graph/compact.h"
#include "core/engine/layers/attention.h"
#include "core/engine/layers/cast.h"
#include "core/engine/layers/constant.h"
#include "core/engine/layers/convolution.h"
#include "core/engine/layers/elementwise.h"
#include "core/engine/layers/fill.h"
#include "core/engine/layers/identity.h"
#include "core/engine/layers/kernel.h"
#include "core/engine/layers/linear.h"
#include "core/engine/layers/matrix_multiply.h"
#include "core/engine/layers/scale.h"
#include "core/engine/layers/shuffle.h"
#include "core/engine/layers/softmax.h"
#include "core/engine/layers/unary.h"

namespace torchtrt::engine {
namespace {

// A network in the making, with the tensors its weights refer to.
struct Net {
  Graph graph;
  std::vector<at::Tensor> kept;

  ValueId input(const std::string& name, const Shape& shape, DType dtype = DType::kFloat32) {
    return graph.add_input(name, dtype, shape);
  }
  template <class Op>
  ValueId add(Op op, std::vector<ValueId> inputs) {
    return graph.node(graph.add(std::move(op), std::move(inputs))).outputs[0];
  }
  Weights weights(const at::Tensor& tensor) {
    kept.push_back(tensor.contiguous());
    return {dtype_of(tensor.scalar_type()), tensor.numel(), kept.back().const_data_ptr(), nullptr, ""};
  }
  ValueId constant(const at::Tensor& tensor) {
    const auto sizes = tensor.sizes();
    return add(Constant{weights(tensor), Shape(std::span<const int64_t>(sizes.data(), sizes.size()))}, {});
  }
  void output(ValueId value, const std::string& name) {
    graph.set_value_name(value, name);
    graph.mark_output(value);
  }
};

std::shared_ptr<const Plan> plan_of(const Net& net, int level, bool refittable = false) {
  BuildOptions options;
  options.optimization_level = level;
  options.refittable = refittable;
  Profile profile;
  for (const ValueId id : net.graph.inputs()) {
    Shape shape = net.graph.value(id).shape;
    InputRange range;
    range.input = net.graph.value(id).name;
    for (int64_t& length : std::span(&shape[0], shape.rank())) length = length == kUnknown ? 1 : length;
    range.min = shape;
    for (int axis = 0; axis < shape.rank(); ++axis)
      shape[axis] = net.graph.value(id).shape[axis] == kUnknown ? 7 : shape[axis];
    range.opt = range.max = shape;
    profile.inputs.push_back(range);
  }
  options.profiles = {profile};
  return build(net.graph, options);
}

int count(const Plan& plan, std::string_view kind) {
  int result = 0;
  for (const NodeId id : plan.order) result += plan.graph.node(id).layer->kind() == kind;
  return result;
}

// The last output.
at::Tensor run(const std::shared_ptr<const Plan>& plan, const std::vector<at::Tensor>& inputs) {
  setenv("TORCHTRT_EMBEDDED_DEVICE", "cpu", 1);
  auto context = Context::create(LoadedPlan::load(plan));
  size_t next = 0;
  std::vector<at::Tensor> results;
  for (const Binding& binding : plan->bindings) {
    if (!binding.is_input) continue;
    const at::Tensor& x = inputs.at(next++);
    context->set_input_shape(binding.name, Shape(std::span<const int64_t>(x.sizes().data(), x.dim())));
    context->set_address(binding.name, x.data_ptr());
  }
  for (const Binding& binding : plan->bindings) {
    if (binding.is_input) continue;
    const Shape shape = context->shape(binding.name);
    results.push_back(at::empty(c10::IntArrayRef(shape.begin(), shape.end()), scalar_type_of(binding.dtype)));
    context->set_address(binding.name, results.back().data_ptr());
  }
  context->enqueue(nullptr);
  return results.back();
}

// Optimized and not, the network computes the same.
void expect_same(const Net& net, const std::vector<at::Tensor>& inputs) {
  const at::Tensor plain = run(plan_of(net, 0), inputs), fast = run(plan_of(net, 5), inputs);
  EXPECT_EQ(plain.sizes(), fast.sizes());
  EXPECT_TRUE(at::allclose(plain, fast, 1e-5, 1e-6)) << (plain - fast).abs().max();
}

struct PassesTest : testing::Test {
  Net net;
  PassesTest() { at::manual_seed(1); }
};

// ---- make_linear

TEST_F(PassesTest, ProductsWithConstantsBecomeLinear) {
  for (const MatrixOp op : {MatrixOp::kTranspose, MatrixOp::kNone}) {
    Net n;
    const ValueId x = n.input("x", {kUnknown, 3, 8});
    const at::Tensor w = at::randn({1, 5, 8});
    const ValueId product =
        n.add(MatrixMultiply{MatrixOp::kNone, op}, {x, n.constant(op == MatrixOp::kTranspose ? w : w.transpose(1, 2))});
    n.output(n.add(ElementWise{ElementWiseOp::kSum}, {n.constant(at::randn({1, 1, 5})), product}), "y");
    const auto plan = plan_of(n, 3);
    EXPECT_EQ(count(*plan, "Linear"), 1);
    EXPECT_EQ(count(*plan, "ElementWise"), 0);
    EXPECT_EQ(count(*plan, "MatrixMultiply"), 0);
    expect_same(n, {at::randn({2, 3, 8})});
  }
}

TEST_F(PassesTest, ProductsThatOthersUseKeepTheirSum) {
  const ValueId x = net.input("x", {3, 8});
  const ValueId product =
      net.add(MatrixMultiply{MatrixOp::kNone, MatrixOp::kTranspose}, {x, net.constant(at::randn({5, 8}))});
  const ValueId sum = net.add(ElementWise{ElementWiseOp::kSum}, {product, net.constant(at::randn({1, 5}))});
  net.output(net.add(ElementWise{ElementWiseOp::kProd}, {sum, product}), "y");
  const auto plan = plan_of(net, 3);
  EXPECT_EQ(count(*plan, "Linear"), 1);
  for (const Node& node : plan->graph.nodes())
    if (node.layer->kind() == "Linear") {
      EXPECT_EQ(node.inputs.size(), 2u);  // no bias
    }
  expect_same(net, {at::randn({3, 8})});
}

TEST_F(PassesTest, BatchesOfMatricesAndVectorsAreNotLinear) {
  const ValueId x = net.input("x", {2, 3, 8});
  net.output(net.add(MatrixMultiply{}, {x, net.constant(at::randn({2, 8, 5}))}), "y");
  const ValueId v = net.input("v", {3, 8});
  net.output(net.add(MatrixMultiply{MatrixOp::kNone, MatrixOp::kVector}, {v, net.constant(at::randn({8}))}), "z");
  EXPECT_EQ(count(*plan_of(net, 3), "Linear"), 0);
}

TEST_F(PassesTest, RefittablePlansAreMadeAlike) {
  const ValueId x = net.input("x", {3, 8});
  net.output(net.add(MatrixMultiply{}, {x, net.constant(at::randn({8, 5}))}), "y");
  EXPECT_EQ(count(*plan_of(net, 3, true), "Linear"), 1);
  EXPECT_EQ(count(*plan_of(net, 3, false), "Linear"), 1);
}

// ---- make_attention

struct AttentionNet : Net {
  AttentionNet(bool mask, bool transposed, bool scaled_query, bool divide) {
    const ValueId q = input("q", {kUnknown, 2, kUnknown, 4}), k = input("k", {kUnknown, 2, kUnknown, 4}),
                  v = input("v", {kUnknown, 2, kUnknown, 4});
    const ValueId scale = constant(at::full({1, 1, 1, 1}, divide ? 2.0 : 0.5));
    const ElementWise by{divide ? ElementWiseOp::kDiv : ElementWiseOp::kProd};
    Shuffle swap;
    swap.first_transpose = {0, 1, 3, 2};
    const ValueId query = scaled_query ? add(by, {q, scale}) : q;
    ValueId scores = transposed ? add(MatrixMultiply{MatrixOp::kNone, MatrixOp::kTranspose}, {query, k})
                                : add(MatrixMultiply{}, {query, add(swap, {k})});
    if (!scaled_query) scores = add(by, {scores, scale});
    if (mask) scores = add(ElementWise{ElementWiseOp::kSum}, {scores, input("mask", {kUnknown, 1, 1, kUnknown})});
    output(add(MatrixMultiply{}, {add(Softmax{3}, {scores}), v}), "y");
  }
};

TEST_F(PassesTest, AttentionIsFound) {
  for (int variant = 0; variant < 16; ++variant) {
    const AttentionNet n(variant & 1, variant & 2, variant & 4, variant & 8);
    EXPECT_EQ(count(*plan_of(n, 3), "Attention"), 1) << variant;
    EXPECT_EQ(plan_of(n, 3)->order.size(), 1u) << variant;
    std::vector<at::Tensor> inputs{at::randn({3, 2, 5, 4}), at::randn({3, 2, 6, 4}), at::randn({3, 2, 6, 4})};
    if (variant & 1) inputs.push_back(at::randn({3, 1, 1, 6}));
    expect_same(n, inputs);
  }
}

TEST_F(PassesTest, MasksMayAddBatchesAndRows) {
  const ValueId q = net.input("q", {1, 2, kUnknown, 4}), k = net.input("k", {1, 2, 6, 4}),
                v = net.input("v", {1, 2, 6, 4});
  const ValueId scores = net.add(
      ElementWise{ElementWiseOp::kSum},
      {net.add(MatrixMultiply{MatrixOp::kNone, MatrixOp::kTranspose}, {q, k}), net.input("mask", {3, 1, 5, 6})});
  net.output(net.add(MatrixMultiply{}, {net.add(Softmax{3}, {scores}), net.add(Identity{}, {v})}), "y");
  const std::vector<at::Tensor> inputs{at::randn({1, 2, 1, 4}), at::randn({1, 2, 6, 4}), at::randn({1, 2, 6, 4}),
                                       at::randn({3, 1, 5, 6})};
  Net& n = net;
  BuildOptions options;
  InputRange range;
  range.input = "q";
  range.min = range.opt = range.max = Shape{1, 2, 1, 4};
  options.profiles = {Profile{{range}}};
  const auto fast = build(n.graph, options);
  options.optimization_level = 0;
  const auto plain = build(n.graph, options);
  // The product behind the softmax broadcasts three batches of scores over one of values.
  const at::Tensor a = run(plain, inputs), b = run(fast, inputs);
  EXPECT_EQ(a.sizes(), (c10::IntArrayRef{3, 2, 5, 4}));
  EXPECT_TRUE(at::allclose(a, b, 1e-5, 1e-6));
}

TEST_F(PassesTest, OtherSoftmaxesAreNotAttention) {
  const ValueId q = net.input("q", {1, 2, 4, 4});
  const ValueId weights = net.add(Softmax{2}, {net.add(MatrixMultiply{MatrixOp::kNone, MatrixOp::kTranspose}, {q, q})});
  net.output(net.add(MatrixMultiply{}, {weights, q}), "y");
  EXPECT_EQ(count(*plan_of(net, 3), "Attention"), 0);
}

TEST_F(PassesTest, WeightsThatAreOutputsStay) {
  const ValueId q = net.input("q", {1, 2, 4, 4});
  const ValueId weights = net.add(Softmax{3}, {net.add(MatrixMultiply{MatrixOp::kNone, MatrixOp::kTranspose}, {q, q})});
  net.output(weights, "weights");
  net.output(net.add(MatrixMultiply{}, {weights, q}), "y");
  EXPECT_EQ(count(*plan_of(net, 3), "Attention"), 0);
}

// ---- fold_constants, merge_equal_nodes, remove_no_ops

TEST_F(PassesTest, ConstantExpressionsAreFolded) {
  const ValueId x = net.input("x", {4, 6});
  Shuffle transpose;
  transpose.first_transpose = {1, 0};
  const ValueId folded = net.add(Unary{UnaryOp::kExp}, {net.add(transpose, {net.constant(at::randn({6, 4}))})});
  net.output(net.add(ElementWise{ElementWiseOp::kProd}, {x, folded}), "y");
  EXPECT_EQ(plan_of(net, 3)->order.size(), 2u);
  EXPECT_EQ(plan_of(net, 3, true)->order.size(), 2u);
  expect_same(net, {at::randn({4, 6})});
}

TEST_F(PassesTest, ConstantOutputsKeepTheirName) {
  net.input("x", {4});
  net.output(net.add(Unary{UnaryOp::kNeg}, {net.constant(at::ones({2000}))}), "y");
  const auto plan = plan_of(net, 3);
  ASSERT_TRUE(plan->find("y"));
  EXPECT_TRUE(at::equal(run(plan, {at::ones({4})}), -at::ones({2000})));
}

TEST_F(PassesTest, EqualNodesAreMerged) {
  const ValueId x = net.input("x", {4});
  const ValueId a = net.add(Unary{UnaryOp::kExp}, {x}), b = net.add(Unary{UnaryOp::kExp}, {x});
  net.output(net.add(ElementWise{ElementWiseOp::kSum}, {a, b}), "y");
  EXPECT_EQ(count(*plan_of(net, 1), "Unary"), 1);
  expect_same(net, {at::randn({4})});
}

TEST_F(PassesTest, RandomFillsAreNeverEqual) {
  Fill fill;
  fill.shape = Shape{4};
  fill.op = FillOp::kRandomUniform;
  net.input("x", {4});
  net.output(net.add(ElementWise{ElementWiseOp::kSub}, {net.add(fill, {}), net.add(fill, {})}), "y");
  EXPECT_EQ(count(*plan_of(net, 3), "Fill"), 2);
}

TEST_F(PassesTest, NoOpsVanishButOutputsStay) {
  const ValueId x = net.input("x", {4, 6});
  Shuffle transpose;
  transpose.first_transpose = {1, 0};
  const ValueId same = net.add(Cast{DType::kFloat32}, {net.add(Identity{}, {x})});
  const ValueId back = net.add(transpose, {net.add(transpose, {same})});
  net.output(net.add(Unary{UnaryOp::kNeg}, {back}), "y");
  net.output(net.add(Identity{}, {x}), "copy");
  const auto plan = plan_of(net, 3);
  EXPECT_EQ(count(*plan, "Shuffle"), 0);
  EXPECT_EQ(count(*plan, "Cast"), 0);
  EXPECT_EQ(count(*plan, "Identity"), 1);
  EXPECT_TRUE(plan->find("copy"));
  expect_same(net, {at::randn({4, 6})});
}

// ---- convolutions

Convolution convolution(Net& net, int64_t maps, int64_t channels, bool bias) {
  Convolution op;
  op.output_maps = maps;
  op.kernel_size = {3, 3};
  op.stride = op.dilation = {1, 1};
  op.pre_padding = op.post_padding = {1, 1};
  op.kernel = net.weights(at::randn({maps, channels, 3, 3}));
  if (bias) op.bias = net.weights(at::randn({maps}));
  return op;
}

TEST_F(PassesTest, WeightsBecomeConstants) {
  net.output(net.add(convolution(net, 4, 3, true), {net.input("x", {kUnknown, 3, 5, 5})}), "y");
  EXPECT_EQ(count(*plan_of(net, 0), "Constant"), 2);
  EXPECT_EQ(count(*plan_of(net, 0, true), "Constant"), 2);
  expect_same(net, {at::randn({2, 3, 5, 5})});
  EXPECT_TRUE(
      at::equal(run(plan_of(net, 0), {at::ones({2, 3, 5, 5})}), run(plan_of(net, 0, true), {at::ones({2, 3, 5, 5})})));
}

TEST_F(PassesTest, ScalesAreFoldedIntoConvolutions) {
  for (const bool bias : {false, true}) {
    Net n;
    const ValueId y = n.add(convolution(n, 4, 3, bias), {n.input("x", {kUnknown, 3, 5, 5})});
    Scale scale;
    scale.mode = ScaleMode::kChannel;
    scale.scale = n.weights(at::randn({4}));
    scale.shift = n.weights(at::randn({4}));
    n.output(n.add(scale, {y}), "y");
    EXPECT_EQ(count(*plan_of(n, 3), "Scale"), 0);
    expect_same(n, {at::randn({2, 3, 5, 5})});
  }
}

TEST_F(PassesTest, ProductsAndSumsAreFoldedIntoConvolutions) {
  const ValueId y = net.add(convolution(net, 4, 3, true), {net.input("x", {kUnknown, 3, 5, 5})});
  const ValueId scaled = net.add(ElementWise{ElementWiseOp::kProd}, {net.constant(at::randn({1, 4, 1, 1})), y});
  net.output(net.add(ElementWise{ElementWiseOp::kSum}, {scaled, net.constant(at::randn({1, 4, 1, 1}))}), "y");
  EXPECT_EQ(count(*plan_of(net, 3), "ElementWise"), 0);
  expect_same(net, {at::randn({2, 3, 5, 5})});
}

// ---- strengthen

TEST_F(PassesTest, WeakNetworksRunInFloat32) {
  Net weak{Graph(/*strongly_typed=*/false), {}};
  const ValueId x = weak.input("x", {4}, DType::kFloat16);
  const ValueId y = weak.add(ElementWise{ElementWiseOp::kSum}, {x, weak.constant(at::full({4}, 0.5, at::kHalf))});
  weak.output(y, "y");
  weak.graph.set_output_dtype(y, DType::kFloat16);
  const auto plan = plan_of(weak, 1);
  EXPECT_EQ(plan->find("x")->dtype, DType::kFloat16);
  EXPECT_EQ(plan->find("y")->dtype, DType::kFloat16);
  EXPECT_EQ(count(*plan, "Cast"), 2);
  EXPECT_TRUE(at::equal(run(plan, {at::ones({4}, at::kHalf)}), at::full({4}, 1.5, at::kHalf)));
}

}  // namespace
}  // namespace torchtrt::engine
