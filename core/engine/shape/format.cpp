// Formats: the table, and where elements lie.
#include "core/engine/shape/format.h"

#include <iterator>

#include "core/util/error.h"

namespace torchtrt::engine {
namespace {

constexpr FormatRow kRows[] = {
    {"kLINEAR", "Row major linear %s format", 0, 1, false, true},
    {"kCHW2", "Two wide channel vectorized row major %s format", 3, 2, true, true},
    {"kHWC8", "Channel major %s format where channel % 8 == 0", 3, 8, false, true},
    {"kCHW4", "Four wide channel vectorized row major %s format", 3, 4, true, true},
    {"kCHW16", "Sixteen wide channel vectorized row major %s format", 3, 16, true, true},
    {"kCHW32", "Thirty-two wide channel vectorized row major %s format", 3, 32, true, true},
    {"kDHWC8", "Channel major %s format where channel % 8 == 0 with 3 spatial dimensions", 4, 8, false, true},
    {"kCDHW32", "Thirty-two wide channel vectorized row major %s format with 3 spatial dimensions", 4, 32, true, true},
    {"kHWC", "Channel major %s format", 3, 1, false, true},
    {"kDLA_LINEAR", "DLA planar %s format", 3, 1, false, false},
    {"kDLA_HWC4", "DLA image %s format", 3, 4, false, false},
    {"kHWC16", "Channel major %s format where channel % 16 == 0", 3, 16, false, true},
    {"kDHWC", "Channel major %s format with 3 spatial dimensions", 4, 1, false, true},
};

int64_t vectors(int64_t channels, int vector) {
  return channels == kUnknown ? kUnknown : (channels + vector - 1) / vector;
}

int64_t scalars(int64_t count, int vector) { return count == kUnknown ? kUnknown : count * vector; }

}  // namespace

const FormatRow& row_of(Format format) {
  const auto number = static_cast<size_t>(format);
  TORCHTRT_REQUIRE(kInvalidArgument, number < std::size(kRows), "tensor format ", number, " does not exist");
  return kRows[number];
}

Format chosen_format(uint32_t mask) {
  if (mask == 0 || (mask & 1u)) return Format::kLinear;
  Format first = Format::kLinear;
  for (int number = static_cast<int>(std::size(kRows)) - 1; number > 0; --number) {
    if (!(mask >> number & 1u)) continue;
    const auto format = static_cast<Format>(number);
    if (row_of(format).is_built || !row_of(first).is_built || first == Format::kLinear) first = format;
  }
  return first;
}

int channel_axis(Format format, int rank) {
  const FormatRow& row = row_of(format);
  if (row.axis_from_end == 0) return -1;
  TORCHTRT_CHECK(rank >= row.axis_from_end, "format ", row.name, " is for tensors of rank ", row.axis_from_end,
                 " or more, not ", rank);
  return rank - row.axis_from_end;
}

Shape storage_shape(Format format, const Shape& shape) {
  const FormatRow& row = row_of(format);
  const int c = channel_axis(format, shape.rank());
  if (c < 0) return shape;
  const int64_t count = vectors(shape[c], row.vector);
  Shape result = shape;
  if (row.is_major) {
    result[c] = count;
    result.push_back(row.vector);
    return result;
  }
  result.erase(c);
  result.push_back(scalars(count, row.vector));
  return result;
}

Shape strides_in(Format format, const Shape& shape) {
  if (!shape.is_valid() || !shape.is_known()) return Shape::invalid();
  const int c = channel_axis(format, shape.rank());
  Shape strides = shape;
  int64_t stride = 1;
  const bool is_minor = c >= 0 && !row_of(format).is_major;
  if (is_minor) {  // vectors of C lie side by side
    strides[c] = 1;
    stride = vectors(shape[c], row_of(format).vector);
  }
  for (int axis = shape.rank() - 1; axis >= 0; --axis) {
    if (is_minor && axis == c) continue;
    strides[axis] = stride;
    stride *= axis == c ? vectors(shape[c], row_of(format).vector) : shape[axis];
  }
  return strides;
}

int64_t format_bytes(Format format, DType dtype, const Shape& shape) {
  const int64_t volume = format == Format::kLinear ? shape.volume() : storage_shape(format, shape).volume();
  return volume == kUnknown ? kUnknown : bytes_of(dtype, volume);
}

}  // namespace torchtrt::engine
