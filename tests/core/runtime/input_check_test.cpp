// What is said when an input does not fit: engine, input, position, expected, actual, cure.
#include "core/runtime/input_check.h"

#include <ATen/ops/empty.h>
#include <gtest/gtest.h>

#include "core/util/error.h"

namespace torchtrt::runtime {
namespace {

Binding image() {
  Binding binding;
  binding.name = "x";
  binding.dtype = at::kFloat;
  binding.dims = {-1, 3};
  binding.ranges = {{{1, 3}, {8, 3}}};
  return binding;
}

template <class F>
std::string refusal(F&& f) {
  try {
    f();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInvalidArgument);
    return error.what();
  }
  ADD_FAILURE() << "was accepted";
  return "";
}

std::string tensor_refusal(const at::Tensor& tensor) {
  return refusal([&] { check_tensor("e", image(), 2, tensor, at::kCPU); });
}

std::string length_refusal(std::vector<int64_t> sizes) {
  return refusal([&] { check_lengths("e", image(), 2, sizes, 0); });
}

TEST(InputCheck, AcceptsWhatFits) {
  check_tensor("e", image(), 0, at::empty({8, 3}), at::kCPU);
  check_lengths("e", image(), 0, {8, 3}, 0);
}

TEST(InputCheck, NamesEveryInputOnWrongCount) {  // c1
  EXPECT_EQ(refusal([] { throw_count("e", {image()}, 3); }),
            "Engine 'e' takes 1 input(s) [x], got 3. Pass exactly these, in this order.");
}

TEST(InputCheck, RefusesNoTensor) {  // c2
  EXPECT_EQ(tensor_refusal(at::Tensor()),
            "Input 'x' (argument 2 of engine 'e'): a dense tensor is expected, got None. Pass a tensor of the type "
            "float32.");
}

TEST(InputCheck, RefusesOtherDevice) {  // c3
  EXPECT_EQ(tensor_refusal(at::empty({1, 3}, at::kMeta)),
            "Input 'x' (argument 2 of engine 'e'): engine runs on cpu, got a tensor on meta. Move it: .to('cpu').");
}

TEST(InputCheck, RefusesOtherType) {  // c4
  EXPECT_EQ(tensor_refusal(at::empty({1, 3}, at::kLong)),
            "Input 'x' (argument 2 of engine 'e'): engine expects float32, got int64. Cast it, or rebuild with "
            "dtype=torch.int64.");
}

TEST(InputCheck, RefusesOtherRank) {  // c5
  EXPECT_EQ(tensor_refusal(at::empty({1, 3, 1})),
            "Input 'x' (argument 2 of engine 'e'): engine expects 2 axes, float32 [1..8, 3], got 3: [1, 3, 1]. Reshape "
            "it, or rebuild for this rank.");
}

TEST(InputCheck, RefusesOtherFixedLength) {  // c6
  EXPECT_EQ(length_refusal({1, 4}),
            "Input 'x' (argument 2 of engine 'e'): axis 1 is fixed at 3 in the engine, got 4 in [1, 4]. Pass that "
            "length, or rebuild with a dynamic shape for this axis.");
}

TEST(InputCheck, RefusesLengthsOutsideTheProfile) {  // c7
  const std::string message = length_refusal({9, 3});
  EXPECT_NE(message.find("axis 0 may be 1 to 8 in optimization profile 0, got 9 in [9, 3]"), std::string::npos)
      << message;
  length_refusal({0, 3});
}

TEST(Range, HoldsItsBounds) {
  const Range range{{1, 3}, {8, 3}};
  EXPECT_TRUE(range.holds({1, 3}));
  EXPECT_TRUE(range.holds({8, 3}));
  EXPECT_FALSE(range.holds({9, 3}));
  EXPECT_FALSE(range.holds({1}));
}

}  // namespace
}  // namespace torchtrt::runtime
