// What tests of layer kinds share: arguments of rules in short form, and running rules, folds and kernels on them.
#pragma once

#include <ATen/Functions.h>
#include <gtest/gtest.h>

#include <optional>
#include <random>
#include <string>
#include <vector>

#include "core/engine/layers/kernel.h"
#include "core/engine/layers/layer.h"

namespace torchtrt::engine::layer_case {

// One input of a rule.
struct Arg {
  DType type = DType::kNone;
  Shape shape = Shape::invalid();
  std::optional<HostValue> value;
};
using Args = std::vector<Arg>;
using Number = std::optional<int64_t>;

inline Arg absent() { return {}; }
inline Arg of(const Shape& shape, DType type = DType::kFloat32) { return {type, shape, std::nullopt}; }

// A value whose elements may be unknown (nullopt).
inline Arg value(const std::vector<Number>& elements, const Shape& shape, DType type = DType::kInt64) {
  HostValue host{type, shape, {}};
  for (const Number& e : elements) host.elements.push_back(e ? HostScalar::of(*e) : HostScalar::unknown());
  return {type, shape, host};
}
inline Arg numbers(const std::vector<Number>& elements, DType type = DType::kInt64) {
  return value(elements, Shape{static_cast<int64_t>(elements.size())}, type);
}
inline Arg number(Number element, DType type = DType::kInt64) { return value({element}, {}, type); }

// The view of arguments that rules take.
struct View {
  explicit View(const Args& args) {
    for (const Arg& arg : args) {
      shapes.push_back(arg.shape);
      types.push_back(arg.type);
      values.push_back(arg.value ? &*arg.value : nullptr);
    }
  }
  ShapeArgs args() const { return {shapes, values, types}; }

  Shapes shapes;
  Types types;
  std::vector<const HostValue*> values;
};

template <class Op>
Shape shape_of(const Op& op, const Args& args, size_t output = 0) {
  return op.infer_shapes(View(args).args()).at(output);
}

template <class Op>
DType type_of(const Op& op, const Types& types, size_t output = 0) {
  return op.infer_types(types).at(output);
}

// Elements of the fold, unknown ones as nullopt.
template <class Op>
std::vector<Number> fold_of(const Op& op, const Args& args) {
  const View view(args);
  const auto folded = op.fold(view.args());
  std::vector<Number> elements;
  if (!folded) throw std::runtime_error("not folded");
  for (const HostScalar& e : folded->at(0).elements) elements.push_back(e.known ? Number(e.as_int()) : std::nullopt);
  EXPECT_EQ(folded->at(0).shape, op.infer_shapes(view.args()).at(0));
  return elements;
}

template <class Op>
bool folds(const Op& op, const Args& args) {
  return op.fold(View(args).args()).has_value();
}

// What the rule says, or "" where nothing is violated.
template <class Body>
std::string violation(const Body& body) {
  try {
    body();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

inline at::Tensor tensor_of(const HostValue& value) {
  const bool floating = is_floating(value.dtype);
  at::Tensor tensor = at::empty({static_cast<int64_t>(value.elements.size())}, floating ? at::kDouble : at::kLong);
  for (size_t i = 0; i < value.elements.size(); ++i) {
    const at::Tensor element = tensor[static_cast<int64_t>(i)];
    floating ? element.fill_(value.elements[i].as_float()) : element.fill_(value.elements[i].as_int());
  }
  return tensor.reshape(at::IntArrayRef(value.shape.begin(), value.shape.end())).to(scalar_type_of(value.dtype));
}

// Runs the kernel on the values of the arguments; those without one are `tensors` in their order.
template <class Op>
std::vector<at::Tensor> run_kernel(const Op& op, const Args& args, std::vector<at::Tensor> tensors = {}) {
  const View view(args);
  const Shapes shapes = op.infer_shapes(view.args());
  const Types types = op.infer_types(view.types);
  std::vector<at::Tensor> inputs;
  size_t next = 0;
  for (const Arg& arg : args)
    inputs.push_back(arg.value ? tensor_of(*arg.value) : arg.type == DType::kNone ? at::Tensor() : tensors.at(next++));
  std::vector<const at::Tensor*> pointers;
  for (const at::Tensor& input : inputs) pointers.push_back(input.defined() ? &input : nullptr);
  std::vector<at::Tensor> outputs(shapes.size());
  Call call(pointers, outputs, shapes, view.values, types, at::kCPU);
  find_kernel(Op::kKind)(LayerOf<Op>(op), call);
  return outputs;
}

// Kernel and fold are two evaluations of one definition: they have to agree.
template <class Op>
void expect_kernel_equals_fold(const Op& op, const Args& args) {
  const View view(args);
  const auto folded = op.fold(view.args());
  ASSERT_TRUE(folded.has_value());
  const at::Tensor expected = tensor_of(folded->at(0)), got = run_kernel(op, args).at(0);
  EXPECT_EQ(got.scalar_type(), expected.scalar_type());
  EXPECT_TRUE(got.sizes() == expected.sizes() && at::equal(got, expected)) << folded->at(0);
}

// Random arguments, the same in every run.
class Dice {
 public:
  explicit Dice(unsigned seed) : engine_(seed) {}
  int64_t between(int64_t low, int64_t high) { return std::uniform_int_distribution<int64_t>(low, high)(engine_); }
  bool coin() { return between(0, 1) == 1; }
  Shape shape(int rank, int64_t low, int64_t high) {
    Shape shape;
    for (int i = 0; i < rank; ++i) shape.push_back(between(low, high));
    return shape;
  }
  Arg filled(const Shape& shape, int64_t low, int64_t high, DType type = DType::kInt64) {
    std::vector<Number> elements;
    for (int64_t i = shape.volume(); i > 0; --i) elements.push_back(between(low, high));
    return value(elements, shape, type);
  }
  std::vector<int64_t> permutation(int rank) {
    std::vector<int64_t> order;
    for (int i = 0; i < rank; ++i) order.insert(order.begin() + between(0, i), i);
    return order;
  }

 private:
  std::mt19937 engine_;
};

}  // namespace torchtrt::engine::layer_case

#define EXPECT_VIOLATION(expression, text)                                                           \
  do {                                                                                               \
    const std::string said = ::torchtrt::engine::layer_case::violation([&] { (void)(expression); }); \
    EXPECT_NE(said.find(text), std::string::npos) << "said: \"" << said << '"';                      \
  } while (false)
