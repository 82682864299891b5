// Context: runs over toy layers; shapes, addresses, stages, allocators, errors. On the CPU.
#include "core/engine/exec/context.h"

#include <gtest/gtest.h>

#include "tests/core/engine/message_of.h"
#include "tests/core/engine/toy_kernels.h"

namespace torchtrt::engine {
namespace toy {

int runs = 0;  // of Add's kernel

void run(const Add&, Call& call) {
  ++runs;
  call.set(0, at::add(call.in(0), call.in(1)));
}
void run(const Twice& op, Call& call) {
  if (op.in_place && call.dest(0).defined()) {
    at::Tensor out = call.dest(0);
    call.set(0, at::mul_out(out, call.in(0), call.in(0).new_full({}, 2)));
  } else {
    call.set(0, at::mul(call.in(0), 2));
  }
}
void run(const Convert& op, Call& call) { call.set(0, call.in(0).to(scalar_type_of(op.to_type))); }
void run(const Reshape&, Call& call) { call.set(0, call.in(0).reshape(call.out_sizes(0))); }
void run(const Halves&, Call& call) {
  auto halves = call.in(0).chunk(2, -1);
  call.set(0, halves[0]);
  call.set(1, halves[1]);
}
void run(const Positive&, Call& call) { call.set(0, call.in(0).masked_select(call.in(0) > 0)); }
void run(const Total&, Call& call) { call.set(0, call.in(0).sum().to(at::kLong).reshape({1})); }
void run(const Broken&, Call& call) { TORCH_CHECK(!call.has(0), "this kernel always fails"); }

TORCHTRT_LAYER(Add)
TORCHTRT_LAYER(Twice)
TORCHTRT_LAYER(Convert)
TORCHTRT_LAYER(Lengths)
TORCHTRT_LAYER(Reshape)
TORCHTRT_LAYER(Halves)
TORCHTRT_LAYER(Positive)
TORCHTRT_LAYER(Total)
TORCHTRT_LAYER(Broken)
TORCHTRT_KERNEL(Add)
TORCHTRT_KERNEL(Twice)
TORCHTRT_KERNEL(Convert)
TORCHTRT_KERNEL(Reshape)
TORCHTRT_KERNEL(Halves)
TORCHTRT_KERNEL(Positive)
TORCHTRT_KERNEL(Total)
TORCHTRT_KERNEL(Broken)

}  // namespace toy

namespace {

using namespace toy;

ValueId out(const Graph& graph, NodeId node, int index = 0) { return graph.node(node).outputs[index]; }

// x [-1, 4] -> x + x, named y.
struct DynamicAdd {
  Graph graph;
  std::unique_ptr<Context> context;
  DynamicAdd() {
    const ValueId x = graph.add_input("x", DType::kFloat32, {kUnknown, 4});
    const ValueId y = out(graph, graph.add(Add{}, {x, x}));
    graph.set_value_name(y, "y");
    graph.mark_output(y);
    context = context_of(graph, one_profile("x", {1, 4}, {2, 4}, {8, 4}));
  }
};

at::Tensor numbers(std::initializer_list<int64_t> sizes) {
  return at::arange(c10::multiply_integers(sizes), at::kFloat).reshape(sizes);
}

struct ContextTest : testing::Test {
  void SetUp() override { setenv("TORCHTRT_EMBEDDED_DEVICE", "cpu", 1); }
};

TEST_F(ContextTest, RunsAgainAfterShapesAndAddressesChange) {
  DynamicAdd add;
  for (const int64_t rows : {2, 5, 2, 1}) {
    at::Tensor x = numbers({rows, 4}), y = at::zeros_like(x);
    add.context->set_input_shape("x", {rows, 4});
    EXPECT_EQ(add.context->shape("y"), (Shape{rows, 4}));
    add.context->set_address("x", x.data_ptr());
    add.context->set_address("y", y.data_ptr());
    add.context->enqueue(nullptr);
    EXPECT_TRUE(at::equal(y, x + x));
  }
}

TEST_F(ContextTest, MissingAndWrongSettingsAreNamed) {
  DynamicAdd add;
  EXPECT_EQ(add.context->infer_shapes(), std::vector<std::string>{"x"});
  EXPECT_EQ(add.context->shape("y"), (Shape{kUnknown, 4}));
  EXPECT_EQ(add.context->max_output_bytes("y"), 8 * 4 * 4);
  EXPECT_NE(message_of([&] { add.context->enqueue(nullptr); }).find("inputs [x]"), std::string::npos);
  EXPECT_NE(message_of([&] { add.context->set_input_shape("x", {9, 4}); }).find("[1, 4] to [8, 4]"), std::string::npos);
  EXPECT_THROW(add.context->set_input_shape("x", {2, 5}), Error);
  EXPECT_THROW(add.context->set_input_shape("x", {2}), Error);
  EXPECT_THROW(add.context->set_input_shape("y", {2, 4}), Error);
  EXPECT_THROW(add.context->set_input_shape("z", {2, 4}), Error);
  EXPECT_THROW(add.context->set_profile(1), Error);
  EXPECT_THROW(add.context->set_address("x", reinterpret_cast<void*>(0x1001)), Error);
  add.context->set_input_shape("x", {2, 4});
  EXPECT_TRUE(add.context->infer_shapes().empty());
  EXPECT_NE(message_of([&] { add.context->enqueue(nullptr); }).find("neither an address"), std::string::npos);
  float y[8] = {};
  add.context->set_address("y", y);
  EXPECT_NE(message_of([&] { add.context->enqueue(nullptr); }).find("has no address"), std::string::npos);
}

TEST_F(ContextTest, EmptyOutputsAreNotWritten) {
  Graph graph;
  const ValueId x = graph.add_input("x", DType::kFloat32, {kUnknown});
  const ValueId y = out(graph, graph.add(Twice{}, {x}));
  graph.set_value_name(y, "y");
  graph.mark_output(y);
  auto context = context_of(graph, one_profile("x", {0}, {2}, {8}));
  context->set_input_shape("x", {0});
  float nothing = 7;
  context->set_address("x", &nothing);
  context->set_address("y", &nothing);
  context->enqueue(nullptr);
  EXPECT_EQ(context->shape("y"), Shape{0});
  EXPECT_EQ(nothing, 7);
}

TEST_F(ContextTest, KernelsMayWriteTheOutputOrGiveAnotherTensor) {
  for (const bool in_place : {true, false}) {
    Graph graph;
    const ValueId x = graph.add_input("x", DType::kFloat32, {2, 4});
    const ValueId twice = out(graph, graph.add(Twice{in_place}, {x}));
    const ValueId sum = out(graph, graph.add(Add{}, {twice, x}));
    graph.set_value_name(twice, "twice");
    graph.set_value_name(sum, "sum");
    graph.mark_output(sum);
    graph.mark_output(twice);
    auto context = context_of(graph);
    at::Tensor in = numbers({2, 4}), first = at::zeros_like(in), second = at::zeros_like(in);
    context->set_address("x", in.data_ptr());
    context->set_address("sum", first.data_ptr());
    context->set_address("twice", second.data_ptr());
    context->enqueue(nullptr);
    EXPECT_TRUE(at::equal(second, in * 2));
    EXPECT_TRUE(at::equal(first, in * 3));
  }
}

TEST_F(ContextTest, ViewsAsOutputsAreCopied) {
  Graph graph;
  const ValueId x = graph.add_input("x", DType::kFloat32, {2, 4});
  const NodeId halves = graph.add(Halves{}, {x});
  graph.set_name(halves, "h");
  graph.mark_output(out(graph, halves, 1));
  graph.mark_output(out(graph, halves, 0));
  auto context = context_of(graph);
  at::Tensor in = numbers({2, 4}), left = at::zeros({2, 2}), right = at::zeros({2, 2});
  context->set_address("x", in.data_ptr());
  context->set_address("h_output_0", left.data_ptr());
  context->set_address("h_output_1", right.data_ptr());
  context->enqueue(nullptr);
  EXPECT_TRUE(at::equal(at::cat({left, right}, 1), in));
}

// x and the lengths of another tensor y: reshape(x, shape(y)).
TEST_F(ContextTest, ShapeTensorsAreEvaluatedOnTheHost) {
  Graph graph;
  const ValueId x = graph.add_input("x", DType::kFloat32, {6});
  const ValueId y = graph.add_input("y", DType::kFloat32, {kUnknown, kUnknown});
  const ValueId lengths = out(graph, graph.add(Lengths{}, {y}));
  const ValueId z = out(graph, graph.add(Reshape{}, {x, lengths}));
  graph.set_value_name(z, "z");
  graph.set_value_name(lengths, "lengths");
  graph.mark_output(z);
  graph.mark_output(lengths);
  auto context = context_of(graph, one_profile("y", {1, 1}, {2, 3}, {6, 6}));
  at::Tensor in = numbers({6}), result = at::zeros({3, 2}), sizes = at::zeros({2}, at::kLong);
  context->set_input_shape("y", {3, 2});
  EXPECT_EQ(context->shape("z"), (Shape{3, 2}));
  context->set_address("x", in.data_ptr());  // y needs no address: only its shape is used
  context->set_address("z", result.data_ptr());
  context->set_address("lengths", sizes.data_ptr());
  context->enqueue(nullptr);
  EXPECT_TRUE(at::equal(result, in.reshape({3, 2})));
  EXPECT_TRUE(at::equal(sizes, at::tensor({3, 2}, at::kLong)));
  context->set_input_shape("y", {4, 2});
  EXPECT_NE(message_of([&] { context->enqueue(nullptr); }).find("[6] cannot become [4, 2]"), std::string::npos);
}

struct HostInput {
  Graph graph;
  std::unique_ptr<Context> context;
  HostInput() {
    const ValueId x = graph.add_input("x", DType::kFloat32, {6});
    const ValueId wanted = graph.add_input("wanted", DType::kInt64, {2});
    const ValueId z = out(graph, graph.add(Reshape{}, {x, wanted}));
    const ValueId lengths = out(graph, graph.add(Lengths{}, {z}));
    graph.set_value_name(z, "z");
    graph.set_value_name(lengths, "lengths");
    graph.mark_output(z);
    graph.mark_shape_output(lengths);
    BuildOptions options = one_profile("wanted", {2}, {2}, {2});
    auto& range = options.profiles[0].inputs[0];
    range.min_values = {1, 1};
    range.opt_values = {2, 3};
    range.max_values = {6, 6};
    context = context_of(graph, options);
  }
};

TEST_F(ContextTest, HostInputsAreReadAtEveryRun) {
  HostInput model;
  at::Tensor in = numbers({6}), result = at::zeros({6});
  std::vector<int64_t> wanted{2, 3}, lengths{0, 0};
  EXPECT_EQ(model.context->infer_shapes(), std::vector<std::string>{"wanted"});
  model.context->set_address("x", in.data_ptr());
  model.context->set_address("wanted", wanted.data());
  model.context->set_address("lengths", lengths.data());
  model.context->set_address("z", result.data_ptr());
  EXPECT_TRUE(model.context->infer_shapes().empty());
  EXPECT_EQ(lengths, (std::vector<int64_t>{2, 3}));
  model.context->enqueue(nullptr);
  wanted = {6, 1};
  model.context->enqueue(nullptr);
  EXPECT_EQ(model.context->shape("z"), (Shape{6, 1}));
  EXPECT_EQ(lengths, (std::vector<int64_t>{6, 1}));
  wanted = {7, 1};
  EXPECT_NE(message_of([&] { model.context->enqueue(nullptr); }).find("outside the range"), std::string::npos);
}

// An allocator whose memory is always the same.
OutputAllocator into(void* memory) {
  return {[memory](const std::string&, void*, uint64_t, uint64_t, void*) { return memory; },
          [](const std::string&, const Shape&) {}};
}

TEST_F(ContextTest, ValuesOfKernelsAreReadBackWhereAShapeNeedsThem) {
  Graph graph;
  const ValueId x = graph.add_input("x", DType::kFloat32, {kUnknown});
  const ValueId total = out(graph, graph.add(Total{}, {x}));
  const ValueId y = graph.add_input("y", DType::kFloat32, {kUnknown, kUnknown});
  const ValueId z = out(graph, graph.add(Add{}, {out(graph, graph.add(Reshape{}, {y, total})),
                                                 out(graph, graph.add(Reshape{}, {y, total}))}));
  graph.set_value_name(z, "z");
  graph.mark_output(z);
  BuildOptions options = one_profile("x", {1}, {2}, {8});
  InputRange range = options.profiles[0].inputs[0];
  range.input = "y";
  range.min = Shape{1, 1};
  range.opt = Shape{1, 3};
  range.max = Shape{4, 4};
  options.profiles[0].inputs.push_back(range);
  auto context = context_of(graph, options);
  at::Tensor in = at::ones({6}), second = numbers({2, 3}), result = at::zeros({6});
  context->set_input_shape("x", {6});
  context->set_input_shape("y", {2, 3});
  EXPECT_EQ(context->shape("z"), Shape{kUnknown});
  context->set_address("x", in.data_ptr());
  context->set_address("y", second.data_ptr());
  // How long it becomes is not known before: only an allocator can have room for it.
  context->set_address("z", result.data_ptr());
  EXPECT_NE(message_of([&] { context->enqueue(nullptr); }).find("set an output allocator"), std::string::npos);
  context->set_output_allocator("z", into(result.data_ptr()));
  for (int i = 0; i < 3; ++i) {
    result.zero_();
    context->enqueue(nullptr);
    EXPECT_TRUE(at::equal(result, second.reshape({6}) * 2));
  }
  in.fill_(2);
  EXPECT_THROW(context->enqueue(nullptr), Error);
}

TEST_F(ContextTest, DataDependentOutputsAskTheAllocator) {
  Graph graph;
  const ValueId x = graph.add_input("x", DType::kFloat32, {6});
  const ValueId picked = out(graph, graph.add(Positive{}, {x}));
  const ValueId sum = out(graph, graph.add(Add{}, {picked, picked}));
  graph.set_value_name(picked, "picked");
  graph.set_value_name(sum, "sum");
  graph.mark_output(picked);
  graph.mark_output(sum);
  auto context = context_of(graph);
  at::Tensor in = at::tensor({1.f, -1.f, 2.f, 0.f, 3.f, -5.f});
  std::vector<float> memory(6), sums(6);
  Shape told;
  context->set_output_allocator(
      "picked", OutputAllocator{[&](const std::string&, void*, uint64_t bytes, uint64_t, void*) -> void* {
                                  EXPECT_EQ(bytes, 12u);
                                  return memory.data();
                                },
                                [&](const std::string&, const Shape& shape) { told = shape; }});
  context->set_address("x", in.data_ptr());
  context->set_output_allocator("sum", into(sums.data()));
  EXPECT_EQ(context->shape("picked"), Shape{kUnknown});
  EXPECT_EQ(context->max_output_bytes("picked"), -1);
  context->enqueue(nullptr);
  EXPECT_EQ(told, Shape{3});
  EXPECT_EQ(memory, (std::vector<float>{1, 2, 3, 0, 0, 0}));
  EXPECT_EQ(sums, (std::vector<float>{2, 4, 6, 0, 0, 0}));
  context->set_output_allocator("picked",
                                OutputAllocator{[](auto&&...) -> void* { return nullptr; }, [](auto&&...) {}});
  EXPECT_THROW(context->enqueue(nullptr), Error);
}

TEST_F(ContextTest, FailingKernelsNameTheirLayer) {
  Graph graph;
  const ValueId x = graph.add_input("x", DType::kFloat32, {6});
  const NodeId broken = graph.add(Broken{}, {x});
  graph.set_name(broken, "bad");
  graph.mark_output(out(graph, broken));
  auto context = context_of(graph);
  at::Tensor in = numbers({6}), result = numbers({6});
  context->set_address("x", in.data_ptr());
  context->set_address("bad_output", result.data_ptr());
  const std::string message = message_of([&] { context->enqueue(nullptr); });
  EXPECT_NE(message.find("ToyBroken layer \"bad\" failed to run: this kernel always fails"), std::string::npos)
      << message;
}

TEST_F(ContextTest, LogHearsOfEveryLayer) {
  DynamicAdd add;
  at::Tensor x = numbers({2, 4}), y = at::zeros_like(x);
  add.context->set_input_shape("x", {2, 4});
  add.context->set_address("x", x.data_ptr());
  add.context->set_address("y", y.data_ptr());
  std::vector<std::string> heard;
  add.context->set_layer_log([&](const std::string& layer) { heard.push_back(layer); });
  EXPECT_TRUE(add.context->times().empty());
  add.context->record_times(true);
  add.context->enqueue(nullptr);
  EXPECT_EQ(heard, std::vector<std::string>{"(Unnamed Layer* 0) [ToyAdd]"});
  ASSERT_EQ(add.context->times().size(), 1u);
  EXPECT_GE(add.context->times()[0], 0.0f);
}

TEST_F(ContextTest, ProfilesHaveTheirOwnRanges) {
  Graph graph;
  const ValueId x = graph.add_input("x", DType::kFloat32, {kUnknown});
  graph.mark_output(out(graph, graph.add(Add{}, {x, x})));
  BuildOptions options = one_profile("x", {1}, {2}, {4});
  options.profiles.push_back(one_profile("x", {100}, {100}, {100}).profiles[0]);
  auto context = context_of(graph, options);
  EXPECT_THROW(context->set_input_shape("x", {100}), Error);
  context->set_profile(1);
  EXPECT_EQ(context->shape("x"), Shape{100});  // pinned by the profile
  EXPECT_TRUE(context->infer_shapes().empty());
}

TEST_F(ContextTest, DeviceIsChosenByTheEnvironment) {
  EXPECT_FALSE(runs_on_cuda());
  setenv("TORCHTRT_EMBEDDED_DEVICE", "tpu", 1);
  EXPECT_THROW(runs_on_cuda(), Error);
  setenv("TORCHTRT_EMBEDDED_DEVICE", "cpu", 1);
}

}  // namespace
}  // namespace torchtrt::engine
