// Identity: its input; in weakly typed networks perhaps in another type. Strong typing keeps every type, uint8 too.
//   c1  one input
//   c2  a change of type goes between types that Cast takes
#include "core/engine/layers/identity.h"

#include "core/engine/layers/cast.h"
#include "core/engine/layers/rules.h"

namespace torchtrt::engine {

Types Identity::infer_types(const Types& in) const {
  expect_inputs(in, 1);                                                     // c1
  if (to_type && *to_type != in[0]) return Cast{*to_type}.infer_types(in);  // c2
  return {in[0]};
}

Shapes Identity::infer_shapes(const ShapeArgs& in) const { return {in[0]}; }

std::optional<HostValues> Identity::fold(const HostArgs& in) const {
  if (to_type) return Cast{*to_type}.fold(in);
  const HostValue* value = in.value(0);
  if (value == nullptr) return std::nullopt;
  return HostValues{*value};
}

TORCHTRT_LAYER(Identity);

}  // namespace torchtrt::engine
