// Scale: (x * scale + shift) ^ power, uniform, per channel or elementwise. Images of every rank are taken, also of one
// below 4.
//   c1  one input; shift, scale and power as inputs 1, 2, 3 only where they are not weights
//   c2  of a floating type; int8 where the result's type is named
//   c3  shift, scale and power of that type; of float32 for data of int8
//   c4  the channel axis lies inside the rank
//   c5  the axes that parameters run over have known lengths
//   c6  each parameter has as many elements as those axes: 1, the channels, or the volume from the channel axis on
//   c7  a type named for the result is int8 or floating: int8 is rounded to, ties to even, and clamped
#include "core/engine/layers/scale.h"

#include <array>

#include "core/engine/layers/rules.h"

namespace torchtrt::engine {
namespace {

struct Parameter {
  const char* name;
  const Weights* weights;
};

std::array<Parameter, 3> parameters(const Scale& op) {
  return {{{"shift", &op.shift}, {"scale", &op.scale}, {"power", &op.power}}};
}

}  // namespace

int Scale::parameter_axes(int rank) const {
  if (mode == ScaleMode::kUniform) return 0;
  return mode == ScaleMode::kChannel ? 1 : rank - static_cast<int>(channel_axis);
}

Types Scale::infer_types(const Types& in) const {
  expect_inputs(in, 1, 4);  // c1
  const bool codes = to_type && in[0] == DType::kInt8;
  expect_type(is_floating(in[0]) || codes, "the input of scale", "float32, float16 or bfloat16", in[0]);  // c2
  Types real = in;
  if (codes) real[0] = DType::kFloat32;
  expect_one_type(real);  // c3
  for (const Parameter& p : parameters(*this))
    TORCHTRT_CHECK(p.weights->empty() || p.weights->dtype == real[0], "input and ", p.name, " need one type: ", real[0],
                   " and ",
                   p.weights->dtype);  // c3
  if (!to_type) return {in[0]};
  expect_type(is_floating(*to_type) || *to_type == DType::kInt8, "the result of scale",
              "float32, float16, bfloat16 or int8", *to_type);  // c7
  return {*to_type};
}

Shapes Scale::infer_shapes(const ShapeArgs& in) const {
  const Shape& x = in[0];
  TORCHTRT_CHECK(mode == ScaleMode::kUniform || x.has_axis(channel_axis), "the channel axis ", channel_axis,
                 " lies outside rank ", x.rank());  // c4
  int64_t count = 1;
  for (int i = 0; i < parameter_axes(x.rank()); ++i) {
    const int axis = static_cast<int>(channel_axis) + i;
    TORCHTRT_CHECK(x[axis] != kUnknown, "axis ", axis, " of shape ", x, " has to be known at build time");  // c5
    count *= x[axis];
  }
  int input = 0;
  for (const Parameter& p : parameters(*this)) {
    ++input;
    TORCHTRT_CHECK(p.weights->empty() || !in.has(input), p.name, " is given twice, as weights and as input ",
                   input);  // c1
    if (!in.has(input) && p.weights->empty()) continue;
    const int64_t given = in.has(input) ? in[input].volume() : p.weights->count;
    TORCHTRT_CHECK(given == count, p.name, " has ", given, " elements, expected ", count, " for an input of shape ",
                   x);  // c6
  }
  return {x};
}

TORCHTRT_LAYER(Scale);

}  // namespace torchtrt::engine
