// Cast: another element type. Floats truncate toward zero and saturate, NaN becomes 0; integers keep their low bits. To
// bool, all that is not 0 is true, NaN too.
//   c1  one input
//   c2  the input's type is bool, uint8, int8, int32, int64, float16, bfloat16 or float32
//   c3  and so is the result's
//   c4  a tensor of type uint8 is an input or an output of the network   (plan/border_types.cpp)
#include "core/engine/layers/cast.h"

#include "core/engine/layers/host_math.h"
#include "core/engine/layers/rules.h"

namespace torchtrt::engine {
namespace {

constexpr const char* kCastTypes = "bool, uint8, int8, int32, int64, float16, bfloat16 or float32";

bool castable(DType t) {
  return is_floating(t) || is_index(t) || t == DType::kBool || t == DType::kInt8 || t == DType::kUInt8;
}

}  // namespace

Types Cast::infer_types(const Types& in) const {
  expect_inputs(in, 1);                                                         // c1
  expect_type(castable(in[0]), "the input of a cast", kCastTypes, in[0]);       // c2
  expect_type(castable(to_type), "the result of a cast", kCastTypes, to_type);  // c3
  return {to_type};
}

Shapes Cast::infer_shapes(const ShapeArgs& in) const { return {in[0]}; }

std::optional<HostValues> Cast::fold(const HostArgs& in) const {
  return map_elements(in, to_type, [this](const HostScalar& x) { return host_cast(to_type, x); });
}

TORCHTRT_LAYER(Cast);

}  // namespace torchtrt::engine
