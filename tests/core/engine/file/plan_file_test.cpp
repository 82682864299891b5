// Plan files: round trips, and hostile bytes. Constraint numbers are those of container.cpp.
#include "core/engine/file/plan_file.h"

#include <gtest/gtest.h>

#include <cstring>
#include <random>

#include "core/engine/file/checksum.h"
#include "core/engine/layers/constant.h"
#include "tests/core/engine/file/sections.h"
#include "tests/core/engine/toy_kernels.h"

namespace torchtrt::engine {
namespace {

using namespace toy;

ValueId out(const Graph& graph, NodeId node) { return graph.node(node).outputs[0]; }

std::string message_of(const Bytes& file) {
  try {
    read_plan(file);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kCorruptPlan);
    return error.what();
  }
  return "";
}

// Two inputs, one a host input; constants that share their weights; a named dimension; metadata.
std::shared_ptr<const Plan> small_plan() {
  static const float weights[] = {1, 2, 3, 4};
  Graph graph;
  const ValueId x = graph.add_input("x", DType::kFloat32, {kUnknown, 4});
  const ValueId wanted = graph.add_input("wanted", DType::kInt64, {2});
  graph.mutable_value(x).dim_names = {"batch", ""};
  const Constant constant{Weights{DType::kFloat32, 4, weights, nullptr, "w"}, Shape{1, 4}};
  const NodeId sum = graph.add(Add{}, {x, out(graph, graph.add(constant, {}))});
  graph.set_name(sum, "sum");
  graph.mutable_node(sum).metadata = "from here";
  const ValueId result =
      out(graph, graph.add(Add{}, {out(graph, sum), out(graph, graph.add(Convert{DType::kFloat32}, {x}))}));
  const ValueId last = out(graph, graph.add(Reshape{}, {result, wanted}));
  graph.set_value_name(last, "y");
  graph.mark_output(last);
  BuildOptions options = one_profile("x", {1, 4}, {2, 4}, {4, 4});
  InputRange range;
  range.input = "wanted";
  range.min_values = {1, 1};
  range.opt_values = {4, 2};
  range.max_values = {16, 16};
  options.profiles[0].inputs.push_back(range);
  options.verbosity = Verbosity::kDetailed;
  options.flags = 1u << 6;
  return build(graph, options);
}

TEST(PlanFile, RoundTripKeepsEverything) {
  const auto before = small_plan();
  const Bytes file = write_plan(*before);
  const auto after = read_plan(file);
  EXPECT_EQ(write_plan(*after), file);
  EXPECT_EQ(after->order.size(), before->order.size());
  EXPECT_EQ(after->placement, before->placement);
  EXPECT_EQ(after->verbosity, Verbosity::kDetailed);
  EXPECT_EQ(after->flags, before->flags);
  EXPECT_EQ(after->weights_bytes(), 16);
  ASSERT_EQ(after->bindings.size(), 3u);
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(after->bindings[i].name, before->bindings[i].name);
    EXPECT_EQ(after->bindings[i].shape, before->bindings[i].shape);
    EXPECT_EQ(after->bindings[i].on_host, before->bindings[i].on_host);
  }
  EXPECT_EQ(after->profiles[0].inputs[0].max, (Shape{4, 4}));
  EXPECT_EQ(after->profiles[0].inputs[1].max_values, (std::vector<int64_t>{16, 16}));
  EXPECT_EQ(after->graph.value(after->graph.inputs()[0]).dim_names[0], "batch");
}

TEST(PlanFile, ReadPlansRun) {
  setenv("TORCHTRT_EMBEDDED_DEVICE", "cpu", 1);
  std::shared_ptr<const Plan> plan;
  {
    const Bytes file = write_plan(*small_plan());
    plan = read_plan(file);
  }
  auto context = Context::create(LoadedPlan::load(plan));
  at::Tensor x = at::ones({2, 4}), y = at::zeros({8, 1});
  int64_t wanted[] = {8, 1};
  context->set_input_shape("x", {2, 4});
  context->set_address("x", x.data_ptr());
  context->set_address("wanted", wanted);
  context->set_address("y", y.data_ptr());
  context->enqueue(nullptr);
  EXPECT_TRUE(at::equal(y.reshape({2, 4}), x * 2 + at::tensor({1.f, 2.f, 3.f, 4.f})));
}

TEST(PlanFile, ForeignBytesAreNamed_c1) {
  Bytes foreign(100);
  std::memcpy(foreign.data(), "ftrt", 4);
  EXPECT_NE(message_of(foreign).find("NVIDIA"), std::string::npos);
  EXPECT_NE(message_of({}).find("empty"), std::string::npos);
}

TEST(PlanFile, OtherVersionsAreNamed_c2) {
  Bytes file = write_plan(*small_plan());
  file[16] = std::byte{99};
  EXPECT_NE(message_of(file).find("version 99"), std::string::npos);
}

TEST(PlanFile, EveryTruncationIsFound_c3) {
  const Bytes file = write_plan(*small_plan());
  for (size_t length = 0; length < file.size(); ++length)
    ASSERT_NE(message_of(Bytes(file.begin(), file.begin() + length)), "") << length;
  Bytes longer = file;
  longer.push_back(std::byte{0});
  EXPECT_NE(message_of(longer), "");
}

TEST(PlanFile, EveryFlippedBitIsFound_c4_c5_c6_c7) {
  Bytes file = write_plan(*small_plan());
  for (size_t bit = 0; bit < file.size() * 8; ++bit) {
    const auto mask = std::byte{1} << bit % 8;
    file[bit / 8] ^= mask;
    ASSERT_NE(message_of(file), "") << "bit " << bit;
    file[bit / 8] ^= mask;
  }
}

// An attacker can compute checksums: damage inside a section must be an error or another valid plan, never a crash.
TEST(PlanFile, DamageBehindRightChecksumsNeverCrashes) {
  const auto sections = sections_of(write_plan(*small_plan()));
  std::mt19937 random(7);
  int refused = 0;
  for (int round = 0; round < 5000; ++round) {
    auto damaged = sections;
    Bytes& bytes = damaged[round % 4 == 0    ? SectionId::kProfiles
                           : round % 50 == 1 ? SectionId::kAbout
                                             : SectionId::kGraph];
    for (int change = 0; change <= round % 3; ++change) {
      const size_t place = random() % bytes.size();
      bytes[place] = random() % 2 ? static_cast<std::byte>(random()) : bytes[place] ^ (std::byte{1} << random() % 8);
    }
    if (round % 7 == 0) bytes.resize(random() % bytes.size());
    refused += message_of(container_of(damaged)) != "";
  }
  EXPECT_GT(refused, 2000);
}

TEST(PlanFile, SectionsMayNotBeMissing) {
  const auto sections = sections_of(write_plan(*small_plan()));
  for (const auto& [id, bytes] : sections) {
    auto fewer = sections;
    fewer.erase(id);
    EXPECT_NE(message_of(container_of(fewer)), "");
  }
  EXPECT_EQ(message_of(container_of(sections)), "");
}

TEST(Checksum, MatchesThePublishedVectors) {
  const auto of = [](std::string_view text) { return xxh64(std::as_bytes(std::span(text))); };
  EXPECT_EQ(of(""), 0xEF46DB3751D8E999u);
  EXPECT_EQ(of("abc"), 0x44BC2CF5AD770999u);
  EXPECT_EQ(of("The quick brown fox jumps over the lazy dog"), 0x0B242D361FDA71BCu);
}

}  // namespace
}  // namespace torchtrt::engine
