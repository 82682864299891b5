// Arguments of type and shape rules.
#include "core/engine/layers/args.h"

#include <algorithm>

namespace torchtrt::engine {

void check_index_input(const char* what, const Types& in, size_t i) {
  const DType type = type_at(in, i);
  TORCHTRT_CHECK(type == DType::kNone || is_index(type), what, " (input ", i, ") must be int32 or int64, got ", type);
}

void check_movable(DType type) {
  TORCHTRT_CHECK(type != DType::kUInt8, "every type but uint8 is taken, got ", type,
                 "; cast network inputs of type uint8 first");
}

HostList list_of_numbers(const std::vector<int64_t>& numbers) { return {numbers.begin(), numbers.end()}; }

HostList list_of_input(const char* what, const ShapeArgs& in, int i) {
  const Shape& shape = in[i];
  TORCHTRT_CHECK(shape.rank() == 1 && shape[0] != kUnknown, what, " (input ", i,
                 ") must have one axis of a length known at build time, got shape ", shape);
  HostList list(static_cast<size_t>(shape[0]));
  if (const HostValue* value = in.value(i))
    std::transform(value->elements.begin(), value->elements.end(), list.begin(),
                   [](const HostScalar& e) { return e.known ? std::optional(e.as_int()) : std::nullopt; });
  return list;
}

std::optional<int64_t> number_of_input(const char* what, const ShapeArgs& in, int i) {
  TORCHTRT_CHECK(in[i].rank() == 0, what, " (input ", i, ") must be a scalar, got shape ", in[i]);
  const HostValue* value = in.value(i);
  if (!value || !value->elements.at(0).known) return std::nullopt;
  return value->elements[0].as_int();
}

int checked_axis(int64_t axis, int rank) {
  TORCHTRT_CHECK(axis >= -rank && axis < rank, "axis ", axis, " lies outside [", -rank, ", ", rank, ")");
  return static_cast<int>(axis < 0 ? axis + rank : axis);
}

std::vector<int> checked_axes(const std::vector<int64_t>& axes, int rank) {
  std::vector<int> result;
  for (const int64_t axis : axes) {
    const int checked = checked_axis(axis, rank);
    TORCHTRT_CHECK(std::find(result.begin(), result.end(), checked) == result.end(), "axis ", axis,
                   " is named twice in ", list_of(axes));
    result.push_back(checked);
  }
  return result;
}

std::optional<std::vector<int64_t>> known_numbers(const HostList& list) {
  std::vector<int64_t> numbers;
  for (const auto& element : list) {
    if (!element) return std::nullopt;
    numbers.push_back(*element);
  }
  return numbers;
}

}  // namespace torchtrt::engine
