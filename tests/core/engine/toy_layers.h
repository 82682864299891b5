// Tiny layers of the tests' own: they make graphs, plans and contexts testable apart from the real kinds.
#pragma once

#include "core/engine/layers/layer.h"

namespace torchtrt::engine::toy {

// a + b with broadcasting; equal types.
struct Add {
  static constexpr const char* kKind = "ToyAdd";
  TORCHTRT_NO_FIELDS

  Types infer_types(const Types& in) const {
    TORCHTRT_CHECK(in.size() == 2 && in[0] == in[1], "two operands of one type expected, got ", list_of(in));
    return {in[0]};
  }
  Shapes infer_shapes(const ShapeArgs& in) const { return {broadcast(in[0], in[1])}; }
};

// Its input in another type.
struct Convert {
  static constexpr const char* kKind = "ToyConvert";
  DType to_type = DType::kFloat32;
  TORCHTRT_FIELDS(to_type)

  Types infer_types(const Types&) const { return {to_type}; }
  Shapes infer_shapes(const ShapeArgs& in) const { return {in[0]}; }
};

// The lengths of its input, as a host value.
struct Lengths {
  static constexpr const char* kKind = "ToyLengths";
  static constexpr uint32_t kShapeOnlyInputs = 1u << 0;
  TORCHTRT_NO_FIELDS

  Types infer_types(const Types&) const { return {DType::kInt64}; }
  Shapes infer_shapes(const ShapeArgs& in) const { return {Shape{in[0].rank()}}; }
  std::optional<HostValues> fold(const HostArgs& in) const {
    HostValue value{DType::kInt64, Shape{in[0].rank()}, {}};
    for (const int64_t length : in[0])
      value.elements.push_back(length == kUnknown ? HostScalar::unknown() : HostScalar::of(length));
    return HostValues{value};
  }
};

// Input 0 in the shape that the value of input 1 names.
struct Reshape {
  static constexpr const char* kKind = "ToyReshape";
  static constexpr uint32_t kHostInputs = 1u << 1;
  TORCHTRT_NO_FIELDS

  Types infer_types(const Types& in) const { return {in[0]}; }
  Shapes infer_shapes(const ShapeArgs& in) const {
    TORCHTRT_CHECK(in[1].rank() == 1 && in[1].is_known(), "a list of lengths expected, got shape ", in[1]);
    const Shape wanted = in.value(1) ? Shape(std::span<const int64_t>(in.value(1)->as_lengths()))
                                     : Shape::filled(static_cast<int>(in[1][0]), kUnknown);
    TORCHTRT_CHECK(!in[0].is_known() || !wanted.is_known() || in[0].volume() == wanted.volume(), "shape ", in[0],
                   " cannot become ", wanted);
    return {wanted};
  }
};

// Two halves of the last axis.
struct Halves {
  static constexpr const char* kKind = "ToyHalves";
  TORCHTRT_NO_FIELDS

  Types infer_types(const Types& in) const { return {in[0], in[0]}; }
  Shapes infer_shapes(const ShapeArgs& in) const {
    TORCHTRT_CHECK(in[0].rank() > 0, "an axis expected");
    Shape half = in[0];
    int64_t& last = half[half.rank() - 1];
    TORCHTRT_CHECK(last == kUnknown || last % 2 == 0, "an even last length expected, got ", last);
    if (last != kUnknown) last /= 2;
    return {half, half};
  }
};

}  // namespace torchtrt::engine::toy
