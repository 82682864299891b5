// Formats: how the elements of an input or output lie in the caller's memory (NvInfer's TensorFormat).
#pragma once

#include <cstdint>

#include "core/engine/shape/shape.h"
#include "core/util/dtype.h"

namespace torchtrt::engine {

// TensorFormat's values.
enum class Format : int8_t {
  kLinear,
  kChw2,
  kHwc8,
  kChw4,
  kChw16,
  kChw32,
  kDhwc8,
  kCdhw32,
  kHwc,
  kDlaLinear,
  kDlaHwc4,
  kHwc16,
  kDhwc
};

// Note [Formats]: a format moves one axis C, third (or fourth) from the end, and pads it to whole vectors.
// Vector-minor formats store [.., H, W, C'], C' a multiple of the vector; vector-major ones [.., C' / vector, H, W,
// vector].
struct FormatRow {
  const char* name;
  const char* text;   // "Row major linear %s format", %s the type
  int axis_from_end;  // of C; 0: C is where it was
  int vector;         // scalars that lie together as one element
  bool is_major;      // vectors are the last axis, C / vector stays in place
  bool is_built;      // DLA formats are not
};
const FormatRow& row_of(Format format);

// What the engine takes for a mask of allowed formats: kLinear if it may (0: any), else the first that is built, else
// the first.
Format chosen_format(uint32_t mask);

// Position of C; -1 where nothing is moved. Throws kInvalidConfig if the rank is too small.
int channel_axis(Format format, int rank);
// Lengths as stored, vectors included. kUnknown where not known.
Shape storage_shape(Format format, const Shape& shape);
// By axis of the tensor, in elements of `vector` scalars; an invalid shape while lengths are not known.
Shape strides_in(Format format, const Shape& shape);
// What a tensor takes in memory; kUnknown while lengths are not known.
int64_t format_bytes(Format format, DType dtype, const Shape& shape);

}  // namespace torchtrt::engine
