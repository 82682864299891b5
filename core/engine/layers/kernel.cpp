// The registry of kernels, and the data types as ATen knows them.
#include "core/engine/layers/kernel.h"

#include <c10/core/ScalarType.h>

#include <map>
#include <optional>

namespace torchtrt::engine {
namespace {

std::map<std::string_view, KernelFunction>& kernels() {
  static std::map<std::string_view, KernelFunction> map;
  return map;
}

// NONE of the table stands for "torch has no such type".
namespace torch_twin {
constexpr auto NONE = at::ScalarType::Undefined;
using enum at::ScalarType;
}  // namespace torch_twin

constexpr at::ScalarType kTwins[] = {
#define TORCHTRT_DTYPE(enumerator, name, torch, tensorrt, bits, kind, narrow) torch_twin::torch,
#include "core/util/dtype.def"
#undef TORCHTRT_DTYPE
};

}  // namespace

void register_kernel(std::string_view kind, KernelFunction kernel) { kernels()[kind] = kernel; }

KernelFunction find_kernel(std::string_view kind) {
  const auto found = kernels().find(kind);
  return found == kernels().end() ? nullptr : found->second;
}

at::ScalarType scalar_type_of(DType dtype) {
  const DTypeRow& row = dtype_row(dtype);
  const at::ScalarType twin = kTwins[static_cast<int>(dtype)];
  TORCHTRT_REQUIRE(kUnsupportedDtype, twin != at::ScalarType::Undefined, "PyTorch has no tensors of type ", row.name);
  return twin;
}

DType dtype_of(at::ScalarType type) {
  for (int i = 0; i < kDTypeCount; ++i)
    if (kTwins[i] == type) return static_cast<DType>(i);
  TORCHTRT_THROW(kUnsupportedDtype, "the engine has no type for torch.", c10::toString(type));
}

}  // namespace torchtrt::engine
