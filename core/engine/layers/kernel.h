// Kernel: how a layer kind runs on at::Tensors. Known to exec/ and *_aten.cpp only.
//
//   void run(const Softmax& op, Call& call) { call.set(0, at::softmax(call.in(0), op.axis)); }
//   TORCHTRT_KERNEL(Softmax)
//
// Note [Packed tensors]: torch has no elements of four bits. A tensor of int4 or float4 is one axis of bytes, two
// elements in each, the first in the low bits; after an odd number of elements four bits are zero. Its lengths are told
// by Call::in_shape. A kernel that moves elements is not aware of that: it is given bytes of one element each, in the
// tensor's own shape, and its results are packed behind it. TORCHTRT_PACKED_KERNEL makes one that takes packed tensors.
//
// The same kernel serves CPU and CUDA: it never looks at the device, never synchronises, and computes on call.device().
#pragma once

#include <ATen/core/Tensor.h>

#include <span>
#include <string_view>
#include <vector>

#include "core/engine/layers/layer.h"

namespace torchtrt::engine {

at::ScalarType scalar_type_of(DType dtype);  // throws kUnsupportedDtype for types torch has not
DType dtype_of(at::ScalarType type);

// See Note [Packed tensors]: what memory of a type looks like to torch.
inline bool is_packed(DType dtype) { return dtype == DType::kInt4 || dtype == DType::kFloat4; }
inline at::ScalarType storage_type_of(DType dtype) { return is_packed(dtype) ? at::kByte : scalar_type_of(dtype); }
inline Shape storage_shape_of(DType dtype, const Shape& shape) {
  if (!is_packed(dtype)) return shape;
  const int64_t volume = shape.volume();
  return Shape{volume == kUnknown ? kUnknown : bytes_of(dtype, volume)};
}

// Types and shapes of a node's inputs, packed ones among them; absent: DType::kNone, an invalid shape.
struct Operands {
  std::vector<DType> types;
  std::vector<Shape> shapes;
};

// One run of one node.
class Call {
 public:
  // `operands` is there if an input or output is packed, and only then.
  Call(std::span<const at::Tensor* const> inputs, std::span<at::Tensor> outputs, std::span<const Shape> out_shapes,
       std::span<const HostValue* const> values, std::span<const DType> out_types, at::Device device,
       const Operands* operands = nullptr)
      : inputs_(inputs),
        outputs_(outputs),
        out_shapes_(out_shapes),
        values_(values),
        out_types_(out_types),
        device_(device),
        operands_(operands) {}

  int size() const { return static_cast<int>(inputs_.size()); }
  int result_count() const { return static_cast<int>(outputs_.size()); }
  bool has(int i) const { return i < size() && inputs_[i] != nullptr; }
  const at::Tensor& in(int i) const { return *inputs_[i]; }
  Shape in_shape(int i) const { return operands_ ? operands_->shapes[i] : Shape(in(i).sizes()); }
  DType in_type(int i) const { return operands_ ? operands_->types[i] : dtype_of(in(i).scalar_type()); }
  // Whether an input or output is packed.
  bool is_packed() const { return operands_ != nullptr; }
  // Value of an input named in kHostInputs: fully known at run time. Such an input may have no tensor (has(i) false).
  const HostValue* value(int i) const { return i < static_cast<int>(values_.size()) ? values_[i] : nullptr; }

  // Shape as inferred; data-dependent lengths are kUnknown.
  const Shape& out_shape(int i) const { return out_shapes_[i]; }
  c10::IntArrayRef out_sizes(int i) const { return {out_shapes_[i].begin(), out_shapes_[i].end()}; }
  DType out_type(int i) const { return out_types_[i]; }
  at::Device device() const { return device_; }

  // Memory the result should land in (an engine output's binding), or an undefined tensor. A kernel may write there and
  // set() it, or set() another tensor: the executor then copies. Results may be views of inputs; these are not written.
  const at::Tensor& dest(int i) const { return outputs_[i]; }
  void set(int i, at::Tensor result) { outputs_[i] = std::move(result); }

 private:
  std::span<const at::Tensor* const> inputs_;
  std::span<at::Tensor> outputs_;
  std::span<const Shape> out_shapes_;
  std::span<const HostValue* const> values_;
  std::span<const DType> out_types_;
  at::Device device_;
  const Operands* operands_;
};

using KernelFunction = void (*)(const Layer& layer, Call& call);
void register_kernel(std::string_view kind, KernelFunction kernel);
// Null where no kernel is registered.
KernelFunction find_kernel(std::string_view kind);
// Runs a kernel that knows nothing of packed tensors on a call that has some.
void run_unpacked(const Layer& layer, Call& call, KernelFunction kernel);

}  // namespace torchtrt::engine

#define TORCHTRT_KERNEL(Op)                                                                                          \
  namespace {                                                                                                        \
  void run_plain_##Op(const ::torchtrt::engine::Layer& layer, Call& call) {                                          \
    run(static_cast<const LayerOf<Op>&>(layer).op, call);                                                            \
  }                                                                                                                  \
  const bool kernel_registered_##Op =                                                                                \
      (::torchtrt::engine::register_kernel(Op::kKind,                                                                \
                                           [](const Layer& layer, Call& call) {                                      \
                                             if (call.is_packed()) return run_unpacked(layer, call, run_plain_##Op); \
                                             run(static_cast<const LayerOf<Op>&>(layer).op, call);                   \
                                           }),                                                                       \
       true);                                                                                                        \
  }

// For kernels that take packed tensors as they are.
#define TORCHTRT_PACKED_KERNEL(Op)                                                                                   \
  namespace {                                                                                                        \
  const bool kernel_registered_##Op =                                                                                \
      (::torchtrt::engine::register_kernel(                                                                          \
           Op::kKind, [](const Layer& layer, Call& call) { run(static_cast<const LayerOf<Op>&>(layer).op, call); }), \
       true);                                                                                                        \
  }
