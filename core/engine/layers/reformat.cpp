// Reformat: moves elements, pads the channel axis to whole vectors, changes nothing else.
//   c1  one input
//   c2  the type has whole bytes
//   c3  the format is built: not one of the DLA's
//   c4  the tensor has the channel axis: rank 3 or more, 4 for formats of three spatial axes
#include "core/engine/layers/reformat.h"

#include "core/engine/layers/rules.h"

namespace torchtrt::engine {

Types Reformat::infer_types(const Types& in) const {
  expect_inputs(in, 1);  // c1
  TORCHTRT_CHECK(bits_of(in[0]) >= 8, "format ", row_of(format).name, " is for types of whole bytes, not ",
                 in[0]);  // c2
  TORCHTRT_REQUIRE(kUnsupported, row_of(format).is_built, "format ", row_of(format).name,
                   " is for DLAs, which the embedded engine does not drive");  // c3
  return {in[0]};
}

Shapes Reformat::infer_shapes(const ShapeArgs& in) const {
  storage_shape(format, in[0]);  // c4
  return {in[0]};
}

TORCHTRT_LAYER(Reformat);

}  // namespace torchtrt::engine
