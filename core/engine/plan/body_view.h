// bodies_of: the bodies of a layer, whatever its kind, with what its inputs say of theirs.
#pragma once

#include "core/engine/plan/body.h"

namespace torchtrt::engine {

struct BodyView {
  const char* field;  // of the layer
  GraphRef body;
  BodyArgs args;
};

// Empty for layers without bodies.
std::vector<BodyView> bodies_of(const Layer& layer, const ShapeArgs& in);

}  // namespace torchtrt::engine
