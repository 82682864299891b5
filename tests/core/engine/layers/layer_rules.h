// Runs the rules of a layer kind without a graph: types, shapes, value on the host.
#pragma once

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "core/engine/layers/layer.h"

namespace torchtrt::engine::testing {

constexpr DType kF32 = DType::kFloat32, kF16 = DType::kFloat16, kBF16 = DType::kBFloat16, kI8 = DType::kInt8,
                kI32 = DType::kInt32, kI64 = DType::kInt64, kBool = DType::kBool, kU8 = DType::kUInt8;
constexpr int64_t kX = kUnknown;

// One input: its shape and type, and its value where it is a shape tensor. DType::kNone: absent.
struct In {
  Shape shape;
  DType type = DType::kFloat32;
  std::optional<HostValue> value = std::nullopt;

  In(Shape of, DType dtype = DType::kFloat32) : shape(of), type(dtype) {}
  In(const HostValue& known) : shape(known.shape), type(known.dtype), value(known) {}
  static In absent() { return In(Shape::invalid(), DType::kNone); }
};

struct Inputs {
  Shapes shapes;
  Types types;
  std::vector<const HostValue*> values;

  explicit Inputs(const std::vector<In>& in) {
    for (const In& i : in) {
      shapes.push_back(i.shape);
      types.push_back(i.type);
      values.push_back(i.value ? &*i.value : nullptr);
    }
  }
  ShapeArgs args() const { return {shapes, values, types}; }
};

template <class Op>
Types types_of(const Op& op, const Types& in) {
  return op.infer_types(in);
}

// Types are checked first, as the graph does.
template <class Op>
Shape shape_of(const Op& op, const std::vector<In>& in) {
  const Inputs inputs(in);
  op.infer_types(inputs.types);
  return op.infer_shapes(inputs.args()).at(0);
}

template <class Op>
std::optional<HostValue> fold_of(const Op& op, const std::vector<In>& in) {
  const Inputs inputs(in);
  op.infer_types(inputs.types);
  const auto values = op.fold(inputs.args());
  if (!values) return std::nullopt;
  EXPECT_EQ(values->at(0).shape, op.infer_shapes(inputs.args()).at(0));
  EXPECT_EQ(values->at(0).dtype, op.infer_types(inputs.types).at(0));
  return values->at(0);
}

inline HostScalar unknown() { return HostScalar::unknown(); }

// A value of one axis, or of the shape given.
inline HostValue ints(std::vector<int64_t> numbers, DType dtype = DType::kInt64) {
  HostValue value{dtype, Shape{static_cast<int64_t>(numbers.size())}, {}};
  for (const int64_t n : numbers) value.elements.push_back(HostScalar::of(n));
  return value;
}
inline HostValue floats(std::vector<double> numbers) {
  HostValue value{DType::kFloat32, Shape{static_cast<int64_t>(numbers.size())}, {}};
  for (const double n : numbers) value.elements.push_back(HostScalar::of(static_cast<double>(static_cast<float>(n))));
  return value;
}
// Element `index` becomes unknown.
inline HostValue without(HostValue value, int index) {
  value.elements.at(index) = HostScalar::unknown();
  return value;
}
inline HostValue shaped(HostValue value, Shape shape) {
  value.shape = shape;
  return value;
}

// The message of the Error that `f` throws; "" if none.
template <class F>
std::string violation(F f) {
  try {
    f();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

}  // namespace torchtrt::engine::testing

#define EXPECT_VIOLATION(expression, text)                                                                 \
  do {                                                                                                     \
    const std::string what = ::torchtrt::engine::testing::violation([&] { (void)(expression); });          \
    EXPECT_NE(what.find(text), std::string::npos) << "expected \"" << text << "\", got \"" << what << '"'; \
  } while (false)
