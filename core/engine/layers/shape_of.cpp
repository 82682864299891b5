// ShapeOf: the lengths of the input as a 1-D int64 tensor; the input's values are never needed.
//   c1  one input, of any type
#include "core/engine/layers/shape_of.h"

#include "core/engine/layers/args.h"

namespace torchtrt::engine {

Types ShapeOf::infer_types(const Types& in) const {
  expect_inputs(in, 1, 1);  // c1
  return {DType::kInt64};
}

Shapes ShapeOf::infer_shapes(const ShapeArgs& in) const { return {Shape{in[0].rank()}}; }

std::optional<HostValues> ShapeOf::fold(const HostArgs& in) const {
  HostValue lengths{DType::kInt64, Shape{in[0].rank()}, {}};
  for (const int64_t length : in[0])
    lengths.elements.push_back(length == kUnknown ? HostScalar::unknown() : HostScalar::of(length));
  return HostValues{std::move(lengths)};
}

TORCHTRT_LAYER(ShapeOf)

}  // namespace torchtrt::engine
