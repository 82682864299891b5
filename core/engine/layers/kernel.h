// Kernel: how a layer kind runs on at::Tensors. Known to exec/ and *_aten.cpp only.
//
//   void run(const Softmax& op, Call& call) { call.set(0, at::softmax(call.in(0), op.axis)); }
//   TORCHTRT_KERNEL(Softmax)
//
// The same kernel serves CPU and CUDA: it never looks at the device, never synchronises, and computes on call.device().
#pragma once

#include <ATen/core/Tensor.h>

#include <span>
#include <string_view>

#include "core/engine/layers/layer.h"

namespace torchtrt::engine {

// One run of one node.
class Call {
 public:
  Call(std::span<const at::Tensor* const> inputs, std::span<at::Tensor> outputs, std::span<const Shape> out_shapes,
       std::span<const HostValue* const> values, std::span<const DType> out_types, at::Device device)
      : inputs_(inputs), outputs_(outputs), out_shapes_(out_shapes), values_(values), out_types_(out_types),
        device_(device) {}

  int size() const { return static_cast<int>(inputs_.size()); }
  bool has(int i) const { return i < size() && inputs_[i] != nullptr; }
  const at::Tensor& in(int i) const { return *inputs_[i]; }
  // Value of an input named in kHostInputs: fully known at run time. Such an input may have no tensor (has(i) false).
  const HostValue* value(int i) const { return i < static_cast<int>(values_.size()) ? values_[i] : nullptr; }

  // Shape as inferred; data-dependent lengths are kUnknown.
  const Shape& out_shape(int i) const { return out_shapes_[i]; }
  c10::IntArrayRef out_sizes(int i) const { return {out_shapes_[i].begin(), out_shapes_[i].end()}; }
  DType out_type(int i) const { return out_types_[i]; }
  at::Device device() const { return device_; }

  // Memory the result should land in (an engine output's binding), or an undefined tensor. A kernel may write there and
  // set() it, or set() another tensor: the executor then copies. Results may be views of inputs; inputs are never written.
  const at::Tensor& dest(int i) const { return outputs_[i]; }
  void set(int i, at::Tensor result) { outputs_[i] = std::move(result); }

 private:
  std::span<const at::Tensor* const> inputs_;
  std::span<at::Tensor> outputs_;
  std::span<const Shape> out_shapes_;
  std::span<const HostValue* const> values_;
  std::span<const DType> out_types_;
  at::Device device_;
};

using KernelFunction = void (*)(const Layer& layer, Call& call);
void register_kernel(std::string_view kind, KernelFunction kernel);
// Null where no kernel is registered.
KernelFunction find_kernel(std::string_view kind);

at::ScalarType scalar_type_of(DType dtype);  // throws kUnsupportedDtype for types torch has not
DType dtype_of(at::ScalarType type);

}  // namespace torchtrt::engine

#define TORCHTRT_KERNEL(Op)                                                                             \
  namespace {                                                                                           \
  const bool kernel_registered_##Op =                                                                   \
      (::torchtrt::engine::register_kernel(                                                             \
           Op::kKind, [](const Layer& layer, Call& call) { run(static_cast<const LayerOf<Op>&>(layer).op, call); }), \
       true);                                                                                           \
  }
