// Input and Device: checks and printing.
#include "core/ir/input.h"

#include <gtest/gtest.h>

#include <sstream>

#include "core/ir/device.h"
#include "core/util/error.h"

namespace torchtrt::ir {
namespace {

std::string text(const auto& value) {
  std::ostringstream out;
  out << value;
  return out.str();
}

void expect_refused(const std::string& part, auto&& make) {
  try {
    make();
    ADD_FAILURE() << "accepted; expected: " << part;
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInvalidArgument);
    EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << error.what();
  }
}

TEST(Input, StaticShapesHaveOneSize) {
  const Input input = make_static({1, 3});
  EXPECT_FALSE(input.is_dynamic());
  EXPECT_EQ(input.shape(), (Sizes{1, 3}));
  EXPECT_FALSE(input.dtype_declared);
  EXPECT_EQ(text(input), "Input(shape=[1, 3], dtype=float32 (not declared))");
}

TEST(Input, RangesShowAsMinusOne) {
  Input input = make_dynamic({1, 3}, {4, 3}, {8, 3});
  input.dtype = DType::kInt64;
  input.dtype_declared = true;
  input.name = "ids";
  EXPECT_TRUE(input.is_dynamic());
  EXPECT_EQ(input.shape(), (Sizes{-1, 3}));
  EXPECT_EQ(text(input), "Input(name=ids, shape=[-1, 3], min=[1, 3], opt=[4, 3], max=[8, 3], dtype=int64)");
}

TEST(Input, ScalarsAndEmptyShapes) {
  EXPECT_EQ(make_static({}).shape(), Sizes{});
  EXPECT_EQ(make_static({0, 2}).shape(), (Sizes{0, 2}));
}

TEST(Input, RanksAreOneAndAtMostEight) {  // c1
  expect_refused("one rank", [] { make_dynamic({1}, {1, 2}, {1}); });
  expect_refused("at most 8 dimensions", [] { make_static(Sizes(9, 1)); });
}

TEST(Input, SizesAreOrdered) {  // c2
  expect_refused("on axis 1, got 3, 2, 4", [] { make_dynamic({1, 3}, {1, 2}, {1, 4}); });
  expect_refused("on axis 0, got 1, 5, 4", [] { make_dynamic({1}, {5}, {4}); });
  expect_refused("on axis 0, got -1", [] { make_static({-1}); });
}

TEST(Input, DomainIsNotEmpty) {  // c3
  Input input = make_static({1});
  input.domain = {2.0, 2.0};
  expect_refused("input 'x': tensor domain", [&] { check(input, "input 'x'"); });
}

TEST(Device, Text) {
  EXPECT_EQ(text(Device{}), "gpu:0");
  EXPECT_EQ(text(Device{.type = DeviceType::kDla, .dla_core = 1}), "dla:1");
  EXPECT_EQ(text(Device{.type = DeviceType::kCpu}), "cpu");
  EXPECT_EQ(text(Device{.type = DeviceType::kUnknown}), "unknown");
}

}  // namespace
}  // namespace torchtrt::ir
