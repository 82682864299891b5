// Profiles: the rules of engine.md, section 6.
//   c1  min, opt and max together, ranks as in the network
//   c2  0 <= min <= opt <= max
//   c3  a length that the network fixes is the same in the profile
//   c4  an input with unknown lengths, or whose value shapes depend on, is in every profile
//   c5  values: as many as the input has elements, at most 64, min <= opt <= max
//   c6  inputs that share a dimension name have a common length in every profile
#include "core/engine/plan/profile.h"

#include <algorithm>
#include <map>

namespace torchtrt::engine {
namespace {

constexpr size_t kMaxValues = 64;

// Message head: profile 0, input "x".
std::string place(int profile, const Value& input) {
  return join("optimization profile ", profile, ", input \"", input.name, "\" ", input.shape, ": ");
}

void check_shapes(const std::string& at, const Value& input, const InputRange& range) {
  TORCHTRT_CHECK(range.min && range.opt && range.max, at, "set min, opt and max shapes, all three");  // c1
  const Shape &min = *range.min, &opt = *range.opt, &max = *range.max;
  const int rank = input.shape.rank();
  TORCHTRT_CHECK(min.rank() == rank && opt.rank() == rank && max.rank() == rank, at, "shapes ", min, ", ", opt, ", ",
                 max, " have another rank than the input");  // c1
  for (int axis = 0; axis < rank; ++axis) {
    TORCHTRT_CHECK(0 <= min[axis] && min[axis] <= opt[axis] && opt[axis] <= max[axis], at,
                   "0 <= min <= opt <= max expected, got ", min, ", ", opt, ", ", max);  // c2
    const int64_t fixed = input.shape[axis];
    TORCHTRT_CHECK(fixed == kUnknown || (min[axis] == fixed && max[axis] == fixed), at, "axis ", axis, " has length ",
                   fixed, " in the network, but ", min[axis], " to ", max[axis], " in the profile");  // c3
  }
}

void check_values(const std::string& at, const InputRange& range) {
  TORCHTRT_CHECK(range.min_values && range.opt_values && range.max_values, at,
                 "shapes depend on its values, so the profile has to bound them: set min, opt and max values");  // c4
  const auto &min = *range.min_values, &opt = *range.opt_values, &max = *range.max_values;
  const auto count = static_cast<size_t>(range.opt->volume());
  TORCHTRT_CHECK(min.size() == count && opt.size() == count && max.size() == count && count <= kMaxValues, at, count,
                 " values expected for each of min, opt and max, at most ", kMaxValues);  // c5
  for (size_t i = 0; i < count; ++i)
    TORCHTRT_CHECK(min[i] <= opt[i] && opt[i] <= max[i], at, "min <= opt <= max expected for value ", i, ", got ",
                   min[i], ", ", opt[i], ", ", max[i]);  // c5
}

// c6
void check_names(int index, const Graph& network, const Profile& profile) {
  std::map<std::string, std::pair<int64_t, int64_t>> ranges;
  for (size_t i = 0; i < profile.inputs.size(); ++i) {
    const Value& input = network.value(network.inputs()[i]);
    for (size_t axis = 0; axis < input.dim_names.size() && static_cast<int>(axis) < input.shape.rank(); ++axis) {
      const std::string& name = input.dim_names[axis];
      if (name.empty()) continue;
      const int64_t min = (*profile.inputs[i].min)[axis], max = (*profile.inputs[i].max)[axis];
      auto& range = ranges.try_emplace(name, min, max).first->second;
      range = {std::max(range.first, min), std::min(range.second, max)};
      TORCHTRT_CHECK(range.first <= range.second, place(index, input), "dimension \"", name,
                     "\" has no length that all inputs with a dimension of this name allow");
    }
  }
}

InputRange complete(int index, const Value& input, bool needs_values, const Profile& given) {
  const std::string at = place(index, input);
  const InputRange* found = given.find(input.name);
  InputRange range = found ? *found : InputRange{};
  range.input = input.name;
  if (!range.min && !range.opt && !range.max) {
    TORCHTRT_CHECK(input.shape.is_known(), at,
                   "the network leaves a length to run time, so the profile needs min, opt and "
                   "max shapes for it");  // c4
    range.min = range.opt = range.max = input.shape;
  }
  check_shapes(at, input, range);
  if (needs_values)
    check_values(at, range);
  else
    range.min_values = range.opt_values = range.max_values = std::nullopt;  // nothing asks for them
  return range;
}

}  // namespace

std::vector<Profile> complete_profiles(const Graph& network, const std::vector<ValueId>& host_inputs,
                                       const std::vector<Profile>& given) {
  std::vector<Profile> result;
  const std::vector<Profile> none(1);
  const std::vector<Profile>& profiles = given.empty() ? none : given;
  for (size_t i = 0; i < profiles.size(); ++i) {
    for (const InputRange& range : profiles[i].inputs)
      TORCHTRT_CHECK(std::any_of(network.inputs().begin(), network.inputs().end(),
                                 [&](ValueId id) { return network.value(id).name == range.input; }),
                     "optimization profile ", i, " names input \"", range.input, "\", which the network has not");
    Profile profile;
    for (const ValueId id : network.inputs()) {
      const bool needs_values = std::find(host_inputs.begin(), host_inputs.end(), id) != host_inputs.end();
      profile.inputs.push_back(complete(static_cast<int>(i), network.value(id), needs_values, profiles[i]));
    }
    check_names(static_cast<int>(i), network, profile);
    result.push_back(std::move(profile));
  }
  return result;
}

const Shape& shape_at(const InputRange& range, Corner corner) {
  return corner == Corner::kMin ? *range.min : corner == Corner::kOpt ? *range.opt : *range.max;
}

const std::vector<int64_t>* values_at(const InputRange& range, Corner corner) {
  const auto& values = corner == Corner::kMin   ? range.min_values
                       : corner == Corner::kOpt ? range.opt_values
                                                : range.max_values;
  return values ? &*values : nullptr;
}

const char* name_of(Corner corner) { return corner == Corner::kMin ? "min" : corner == Corner::kOpt ? "opt" : "max"; }

}  // namespace torchtrt::engine
