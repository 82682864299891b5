// Reformat: between a format of the caller's memory and a row-major tensor; the first or last layer of an engine.
#pragma once

#include "core/engine/layers/layer.h"
#include "core/engine/shape/format.h"

namespace torchtrt::engine {

// Its input, or its output, is an input or output of the engine whose memory has `format`; the other side is row major.
struct Reformat {
  static constexpr const char* kKind = "Reformat";

  Format format = Format::kLinear;
  bool to_format = false;  // else from it
  TORCHTRT_FIELDS(format, to_format)

  Types infer_types(const Types& in) const;
  Shapes infer_shapes(const ShapeArgs& in) const;
};

}  // namespace torchtrt::engine
