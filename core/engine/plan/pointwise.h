// Pointwise (made by passes): several layers that work element by element as one, with a body. Input i of the layer is
// input i of the body; the body's inputs broadcast.
#pragma once

#include "core/engine/plan/body.h"

namespace torchtrt::engine {

struct Pointwise {
  static constexpr const char* kKind = "Pointwise";

  GraphRef body;
  TORCHTRT_FIELDS(body)

  bool can_fold() const { return body && can_fold_body(*body); }
  Types infer_types(const Types& in) const;
  Shapes infer_shapes(const ShapeArgs& in) const;
  std::optional<HostValues> fold(const HostArgs& in) const;
};

// Whether a body may hold the layer: one result, each element of which depends on one element of each input; and
// whether it may hold tensors of the type.
bool is_pointwise(const Layer& layer);
bool is_pointwise(DType type);
// A constant of one element, of such a type.
bool is_scalar(const Layer& layer);

}  // namespace torchtrt::engine
