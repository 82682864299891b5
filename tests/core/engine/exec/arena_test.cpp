// Arena: what contexts allocate, and blocks that do not behave. On the CPU; kernels are the tests' own.
#include "core/engine/exec/arena.h"

#include <c10/core/CPUAllocator.h>
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <thread>

#include "tests/core/engine/toy_kernels.h"

namespace torchtrt::engine {
namespace {

// Before the arena's: counts what gets through to PyTorch's own.
class Counting final : public c10::Allocator {
 public:
  c10::DataPtr allocate(size_t bytes) override {
    ++count;
    return c10::GetDefaultCPUAllocator()->allocate(bytes);
  }
  void copy_data(void* to, const void* from, size_t bytes) const override { default_copy_data(to, from, bytes); }
  c10::DeleterFnPtr raw_deleter() const override { return c10::GetDefaultCPUAllocator()->raw_deleter(); }
  std::atomic<int> count{0};
};

Counting& counting() {
  static auto& allocator = *new Counting;
  return allocator;
}

const bool counts = (c10::SetCPUAllocator(&counting()), true);  // before any context

// Doubles its input, and does what the test wants besides.
struct Odd {
  static constexpr const char* kKind = "ToyOdd";
  TORCHTRT_NO_FIELDS

  Types infer_types(const Types& in) const { return {in[0]}; }
  Shapes infer_shapes(const ShapeArgs& in) const { return {in[0]}; }
};

std::function<void(const at::Tensor& result)> odd;

void run(const Odd&, Call& call) {
  at::Tensor result = at::add(call.in(0), call.in(0));
  if (odd) odd(result);
  call.set(0, std::move(result));
}

TORCHTRT_LAYER(Odd)
TORCHTRT_KERNEL(Odd)

// x [-1, 100] -> doubled three times -> y
struct Chain {
  std::unique_ptr<Context> context;
  at::Tensor x, y;

  Chain() {
    Graph graph;
    ValueId value = graph.add_input("x", DType::kFloat32, {kUnknown, 100});
    for (int i = 0; i < 3; ++i) value = graph.node(graph.add(Odd{}, {value})).outputs[0];
    graph.set_value_name(value, "y");
    graph.mark_output(value);
    context = toy::context_of(graph, toy::one_profile("x", {1, 100}, {2, 100}, {64, 100}));
  }
  // What a run allocates. The result is right.
  int run(int64_t rows = 4) {
    x = at::rand({rows, 100}) + 1;
    y = at::zeros({rows, 100});
    context->set_input_shape("x", {rows, 100});
    context->set_address("x", x.mutable_data_ptr());
    context->set_address("y", y.mutable_data_ptr());
    const int before = counting().count;
    context->enqueue(nullptr);
    const int found = counting().count - before;
    EXPECT_TRUE(at::equal(y, x * 8));
    return found;
  }
};

class ArenaTest : public testing::Test {
 protected:
  void SetUp() override { odd = nullptr; }
  void TearDown() override { odd = nullptr; }
};

TEST_F(ArenaTest, LaterRunsAllocateNothing) {
  Chain chain;
  EXPECT_EQ(chain.run(4), 3 + 1);  // results, and the arena
  EXPECT_EQ(chain.run(4), 0);
  EXPECT_EQ(chain.run(9), 3 + 1);
  for (const int64_t rows : {4, 9, 9, 4}) EXPECT_EQ(chain.run(rows), 0);
  EXPECT_EQ(chain.run(2), 3);  // the arena is large enough
  EXPECT_EQ(chain.run(2), 0);
}

TEST_F(ArenaTest, ATensorOutlivesTheContext) {
  auto chain = std::make_unique<Chain>();
  chain->run();
  at::Tensor kept;
  odd = [&](const at::Tensor& result) {
    if (!kept.defined()) kept = result;
  };
  chain->run();
  odd = nullptr;
  const at::Tensor expected = kept.clone();
  for (int i = 0; i < 5; ++i) chain->run(1 + i);
  chain.reset();
  Chain other;
  for (int i = 0; i < 3; ++i) other.run();
  EXPECT_TRUE(at::equal(kept, expected));
  std::thread([&] { kept.reset(); }).join();
}

TEST_F(ArenaTest, TensorsKeptByEveryRunAreNotTouched) {
  Chain chain;
  std::vector<std::pair<at::Tensor, at::Tensor>> kept;
  odd = [&](const at::Tensor& result) { kept.emplace_back(result, result.clone()); };
  for (int i = 0; i < 20; ++i) chain.run(1 + i % 3);
  for (const auto& [tensor, copy] : kept) EXPECT_TRUE(at::equal(tensor, copy));
  for (size_t i = 0; i < kept.size(); i += 2) kept[i] = {};
  for (int i = 0; i < 20; ++i) chain.run(1 + i % 3);
  for (size_t i = 1; i < kept.size(); i += 2) EXPECT_TRUE(at::equal(kept[i].first, kept[i].second));
}

TEST_F(ArenaTest, OtherThreadsFree) {
  Chain chain;
  chain.run();
  odd = [](const at::Tensor& result) {
    at::Tensor scratch = at::empty_like(result).fill_(7);
    std::thread([taken = std::move(scratch)]() mutable { taken.reset(); }).join();
  };
  for (int i = 0; i < 10; ++i) chain.run();
}

TEST_F(ArenaTest, OneMoreBlockIsLearned) {
  Chain chain;
  chain.run();
  odd = [](const at::Tensor& result) { at::empty({result.numel(), 2}).fill_(7); };
  EXPECT_GT(chain.run(), 0);
  EXPECT_EQ(chain.run(), 0);
  odd = nullptr;
  EXPECT_EQ(chain.run(), 0);  // what is missing does not matter
}

TEST_F(ArenaTest, FailuresInTheMiddle) {
  Chain chain;
  int calls = 0;
  odd = [&](const at::Tensor& result) {
    const at::Tensor scratch = at::empty_like(result);
    TORCH_CHECK(++calls % 4 != 2, "now and then");
  };
  for (int i = 0; i < 12; ++i) {
    try {
      chain.run(1 + i % 2);
    } catch (const Error&) {
    }
  }
  odd = nullptr;
  chain.run(1);
  EXPECT_EQ(chain.run(1), 0);
}

TEST_F(ArenaTest, RunsWithinRuns) {
  Chain outer, inner;
  bool inside = false;
  odd = [&](const at::Tensor& result) {
    if (std::exchange(inside, true)) return;
    const at::Tensor copy = result.clone();
    inner.run(3);
    EXPECT_TRUE(at::equal(copy, result));
    inside = false;
  };
  for (int i = 0; i < 5; ++i) outer.run();
}

TEST_F(ArenaTest, BlocksByAddress) {
  Chain chain;
  std::vector<void*> later;
  c10::Allocator* allocator = c10::GetCPUAllocator();
  odd = [&](const at::Tensor&) {
    void* now = allocator->raw_allocate(5000);
    std::memset(now, 1, 5000);
    allocator->raw_deallocate(now);
    later.push_back(allocator->raw_allocate(3000));
    std::memset(later.back(), 2, 3000);
  };
  for (int i = 0; i < 6; ++i) chain.run();
  for (void* block : later) {
    EXPECT_EQ(static_cast<char*>(block)[2999], 2);
    allocator->raw_deallocate(block);
  }
}

TEST_F(ArenaTest, ThreadsWithContextsOfTheirOwn) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([t] {
      Chain chain;
      for (int i = 0; i < 200; ++i) chain.run(1 + (i * (t + 1)) % 7);
    });
  for (std::thread& thread : threads) thread.join();
}

// What a profiler is told.
struct Told : c10::MemoryReportingInfoBase {
  int64_t taken = 0, sum = 0;
  void reportMemoryUsage(void*, int64_t bytes, size_t, size_t, c10::Device) override {
    taken += bytes > 0 ? bytes : 0;
    sum += bytes;
  }
  bool memoryProfilingEnabled() const override { return true; }
};

TEST_F(ArenaTest, ProfilersAreTold) {
  Chain chain;
  chain.run();
  chain.run();
  const auto told = std::make_shared<Told>();
  {
    const c10::DebugInfoGuard guard(c10::DebugInfoKind::PROFILER_STATE, told);
    chain.context->enqueue(nullptr);
  }
  EXPECT_EQ(told->taken, 3 * 400 * 4);  // three results of 4 x 100 floats
  EXPECT_EQ(told->sum, 0);
}

TEST(ArenaMemoryTest, PlacesInUseAreRefused) {
  auto memory = ArenaMemory::make(*c10::GetDefaultCPUAllocator(), 1024);
  void* block = memory->take(256, 256);
  ASSERT_NE(block, nullptr);
  for (const auto& [at, bytes] : {std::pair{256, 256}, {0, 257}, {511, 1}, {300, 10}, {0, 1024}, {1000, 25}})
    EXPECT_EQ(memory->take(at, bytes), nullptr) << at << ' ' << bytes;
  void* before = memory->take(0, 256);
  EXPECT_NE(before, nullptr);
  memory->give_back(before);
  const std::weak_ptr<ArenaMemory> watched = memory;
  memory.reset();
  EXPECT_FALSE(watched.expired());
  int other = 0;
  EXPECT_FALSE(ArenaMemory::give_back_anywhere(&other));
  EXPECT_TRUE(ArenaMemory::give_back_anywhere(block));
  EXPECT_TRUE(watched.expired());
}

}  // namespace
}  // namespace torchtrt::engine
