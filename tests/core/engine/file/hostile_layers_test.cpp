// Plans of real layers whose attributes were altered behind right checksums: refused, or loaded and run, never a crash.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <random>

#include "core/engine/exec/context.h"
#include "core/engine/file/plan_file.h"
#include "core/engine/layers/activation.h"
#include "core/engine/layers/cast.h"
#include "core/engine/layers/concatenation.h"
#include "core/engine/layers/constant.h"
#include "core/engine/layers/convolution.h"
#include "core/engine/layers/cumulative.h"
#include "core/engine/layers/einsum.h"
#include "core/engine/layers/elementwise.h"
#include "core/engine/layers/gather.h"
#include "core/engine/layers/matrix_multiply.h"
#include "core/engine/layers/normalization.h"
#include "core/engine/layers/padding.h"
#include "core/engine/layers/pooling.h"
#include "core/engine/layers/reduce.h"
#include "core/engine/layers/resize.h"
#include "core/engine/layers/shape_of.h"
#include "core/engine/layers/shuffle.h"
#include "core/engine/layers/slice.h"
#include "core/engine/layers/softmax.h"
#include "core/engine/layers/topk.h"
#include "core/engine/layers/unary.h"
#include "tests/core/engine/file/sections.h"

namespace torchtrt::engine {
namespace {

struct Net {
  Graph graph;
  std::vector<std::vector<float>> kept;
  template <class Op>
  ValueId add(Op op, std::vector<ValueId> inputs) {
    return graph.node(graph.add(std::move(op), std::move(inputs))).outputs[0];
  }
  Weights floats(int64_t count) {
    kept.emplace_back(count, 0.5f);
    return {DType::kFloat32, count, kept.back().data(), nullptr, ""};
  }
};

void add_image_layers(Net& net) {
  const ValueId x = net.graph.add_input("x", DType::kFloat32, {2, 4, 6, 6});
  Convolution conv;
  conv.output_maps = 4;
  conv.kernel_size = {3, 3};
  conv.stride = conv.dilation = conv.pre_padding = conv.post_padding = {1, 1};
  conv.groups = 2;
  conv.kernel = net.floats(4 * 2 * 9);
  conv.bias = net.floats(4);
  Pooling pool;
  pool.window_size = pool.stride = {2, 2};
  pool.pre_padding = pool.post_padding = {0, 0};
  Resize resize;
  resize.output_dims = {{2, 4, 5, 5}};
  resize.mode = InterpolationMode::kLinear;
  ValueId y = net.add(pool, {net.add(Activation{}, {net.add(conv, {x})})});
  y = net.add(Padding{{1, 0}, {0, 1}}, {net.add(resize, {y})});
  net.graph.mark_output(net.add(Reduce{ReduceOp::kAvg, 0b1100, true}, {y}));
}

void add_sequence_layers(Net& net) {
  const ValueId s = net.graph.add_input("s", DType::kFloat32, {2, 6, 8});
  Shuffle shuffle;
  shuffle.first_transpose = {0, 2, 1};
  shuffle.reshape = {{2, 4, 2, -1}};
  Slice slice;
  slice.start = {0, 1, 0};
  slice.size = {2, 4, 8};
  slice.stride = {1, 1, 1};
  const ValueId scale = net.add(Constant{net.floats(8), Shape{1, 1, 8}}, {});
  const ValueId normal = net.add(Normalization{1e-5f, 0b100, 1, true}, {s, scale, scale});
  const ValueId part = net.add(slice, {normal});
  const ValueId both = net.add(Concatenation{1}, {part, net.add(Unary{UnaryOp::kExp}, {part})});
  const ValueId product = net.add(MatrixMultiply{MatrixOp::kNone, MatrixOp::kTranspose}, {both, both});
  net.graph.mark_output(net.add(Einsum{"bij,bjk->bik"}, {net.add(Softmax{2}, {product}), both}));
  net.graph.mark_output(net.add(TopK{TopKOp::kMax, 2, 0b100, DType::kInt32}, {both}));
  const ValueId lengths = net.add(Cast{DType::kInt32}, {net.add(ShapeOf{}, {s})});
  net.graph.mark_output(
      net.add(Gather{GatherMode::kDefault, 0, 0}, {lengths, net.add(ShapeOf{}, {net.add(shuffle, {s})})}));
}

Bytes base_plan() {
  Net net;
  add_image_layers(net);
  add_sequence_layers(net);
  BuildOptions options;
  options.optimization_level = 0;
  options.refittable = true;  // the file holds the network, with weights inside its layers
  return write_plan(*build(net.graph, options));
}

bool is_small(const Plan& plan) {
  for (ValueId id = 0; id < plan.graph.value_count(); ++id) {
    const Shape& shape = plan.graph.value(id).shape;
    if (!shape.is_known() || shape.volume() > 1 << 16) return false;
  }
  return true;
}

void run(const std::shared_ptr<const Plan>& plan) {
  auto context = Context::create(LoadedPlan::load(plan));
  std::vector<std::vector<int64_t>> memory;
  for (const Binding& binding : plan->bindings) {
    memory.emplace_back(static_cast<size_t>(plan->graph.value(binding.value).shape.volume()) + 1);
    context->set_address(binding.name, memory.back().data());
  }
  context->enqueue(nullptr);
}

TEST(HostilePlan, AlteredAttributesNeverCrash) {
  setenv("TORCHTRT_EMBEDDED_DEVICE", "cpu", 1);
  const auto sections = sections_of(base_plan());
  std::mt19937 random(11);
  int refused = 0, ran = 0;
  for (int round = 0; round < 6000; ++round) {
    auto damaged = sections;
    Bytes& graph = damaged[SectionId::kGraph];
    // Small numbers and sign bits: they get further than noise does.
    const size_t place = random() % graph.size();
    switch (random() % 4) {
      case 0:
        graph[place] = static_cast<std::byte>(random() % 9);
        break;
      case 1:
        graph[place] = std::byte{0xff};
        break;
      case 2:
        graph[place] ^= std::byte{1} << random() % 8;
        break;
      default:
        for (size_t i = place; i < std::min(place + 8, graph.size()); ++i) graph[i] = std::byte{0xff};  // -1
    }
    try {
      const auto plan = read_plan(container_of(damaged));
      if (is_small(*plan)) run(plan), ++ran;
    } catch (const Error&) {
      ++refused;
    }
  }
  EXPECT_GT(refused, 1000);
  EXPECT_GT(ran, 500);
}

}  // namespace
}  // namespace torchtrt::engine
