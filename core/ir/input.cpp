// Checks and printing of Input and Device.
#include "core/ir/input.h"

#include "core/ir/device.h"
#include "core/util/error.h"
#include "core/util/span.h"

namespace torchtrt::ir {
namespace {

void check_ranks(const Input& input, const std::string& where) {
  const bool same = input.min.size() == input.opt.size() && input.opt.size() == input.max.size();
  TORCHTRT_REQUIRE(kInvalidArgument, same, where, ": min, opt and max shapes have one rank, got ", list_of(input.min),
                   ", ", list_of(input.opt), ", ", list_of(input.max));  // c1
  TORCHTRT_REQUIRE(kInvalidArgument, static_cast<int64_t>(input.min.size()) <= Input::kMaxRank, where,
                   ": an engine takes at most ", Input::kMaxRank, " dimensions, got shape ", list_of(input.max));  // c1
}

void check_range(const Input& input, const std::string& where) {
  for (size_t axis = 0; axis < input.min.size(); ++axis) {
    const int64_t low = input.min[axis], opt = input.opt[axis], high = input.max[axis];
    TORCHTRT_REQUIRE(kInvalidArgument, 0 <= low && low <= opt && opt <= high, where,
                     ": 0 <= min <= opt <= max expected on axis ", axis, ", got ", low, ", ", opt, ", ", high);  // c2
  }
}

}  // namespace

Sizes Input::shape() const {
  Sizes sizes = opt;
  for (size_t axis = 0; axis < sizes.size(); ++axis)
    if (min[axis] != max[axis]) sizes[axis] = -1;
  return sizes;
}

Input make_static(Sizes shape) { return make_dynamic(shape, shape, shape); }

Input make_dynamic(Sizes min, Sizes opt, Sizes max) {
  Input input;
  input.min = std::move(min);
  input.opt = std::move(opt);
  input.max = std::move(max);
  check(input, "input");
  return input;
}

void check(const Input& input, const std::string& where) {
  check_ranks(input, where);
  check_range(input, where);
  TORCHTRT_REQUIRE(kInvalidArgument, input.domain[0] < input.domain[1], where,
                   ": tensor domain [low, high) needs low < high, got [", input.domain[0], ", ", input.domain[1],
                   ")");  // c3
}

std::ostream& operator<<(std::ostream& out, const Input& input) {
  out << "Input(";
  if (!input.name.empty()) out << "name=" << input.name << ", ";
  out << "shape=" << list_of(input.shape());
  if (input.is_dynamic())
    out << ", min=" << list_of(input.min) << ", opt=" << list_of(input.opt) << ", max=" << list_of(input.max);
  out << ", dtype=" << input.dtype << (input.dtype_declared ? "" : " (not declared)");
  if (input.format == TensorFormat::kChannelsLast) out << ", format=channels_last";
  return out << ')';
}

std::ostream& operator<<(std::ostream& out, const Device& device) {
  switch (device.type) {
    case DeviceType::kGpu:
      return out << "gpu:" << device.gpu_id;
    case DeviceType::kDla:
      return out << "dla:" << device.dla_core;
    case DeviceType::kCpu:
      return out << "cpu";
    case DeviceType::kUnknown:
      break;
  }
  return out << "unknown";
}

}  // namespace torchtrt::ir
