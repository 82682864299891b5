// Bindings: the rules of engine.md, section 11.1.
//   c1  names are those of the engine's inputs and outputs
//   c2  an input shape has the engine's rank and fixed lengths, and lies in the profile's range
//   c3  addresses are aligned for their element type
//   c4  values of host inputs lie in the profile's range
//   c5  dimensions of one name have one length
//   c6  outputs in device memory have an address or an allocator, empty ones too
#include "core/engine/exec/bindings.h"

#include <algorithm>
#include <map>

#include "core/engine/exec/transfer.h"

namespace torchtrt::engine {
namespace {

std::string names_of(const Plan& plan) {
  std::vector<std::string> names;
  for (const Binding& binding : plan.bindings) names.push_back('"' + binding.name + '"');
  return join(list_of(names));
}

}  // namespace

int Bindings::index_of(std::string_view name) const {
  for (int i = 0; i < count(); ++i)
    if (binding(i).name == name) return i;
  TORCHTRT_THROW(kInvalidArgument, "engine \"", plan_.name, "\" has no input or output \"", name, "\"; it has ",
                 names_of(plan_));  // c1
}

int Bindings::input_index_of(std::string_view name) const {
  const int i = index_of(name);
  TORCHTRT_REQUIRE(kInvalidArgument, binding(i).is_input, "\"", name, "\" is an output of engine \"", plan_.name,
                   "\"; an input expected");
  return i;
}

int Bindings::output_index_of(std::string_view name) const {
  const int i = index_of(name);
  TORCHTRT_REQUIRE(kInvalidArgument, !binding(i).is_input, "\"", name, "\" is an input of engine \"", plan_.name,
                   "\"; an output expected");
  return i;
}

const InputRange& Bindings::range(int input, int profile) const { return plan_.profiles.at(profile).inputs.at(input); }

// c2
bool Bindings::set_shape(int input, const Shape& shape, int profile) {
  if (bound_[input].shape == shape) return false;
  const Shape &engine = binding(input).shape, &min = *range(input, profile).min, &max = *range(input, profile).max;
  const auto head = [&] { return join("input \"", binding(input).name, "\": shape ", shape, " "); };
  TORCHTRT_REQUIRE(kInvalidArgument, shape.rank() == engine.rank(), head(), "has rank ", shape.rank(),
                   "; the engine's is ", engine);
  for (int axis = 0; axis < shape.rank(); ++axis) {
    TORCHTRT_REQUIRE(kInvalidArgument, engine[axis] == kUnknown || shape[axis] == engine[axis], head(),
                     "differs at axis ", axis, " from the engine's fixed ", engine);
    TORCHTRT_REQUIRE(kInvalidArgument, min[axis] <= shape[axis] && shape[axis] <= max[axis], head(),
                     "is outside the range of optimization profile ", profile, ", ", min, " to ", max,
                     "; build the engine with a wider range, or choose another profile");
  }
  bound_[input].shape = shape;
  bound_[input].tensor.reset();
  return true;
}

// c3
void Bindings::set_address(int i, void* address) {
  const auto size = static_cast<uintptr_t>(std::max<int64_t>(1, bits_of(binding(i).dtype) / 8));
  TORCHTRT_REQUIRE(kInvalidArgument, reinterpret_cast<uintptr_t>(address) % size == 0, "\"", binding(i).name,
                   "\": address ", address, " is not aligned for ", binding(i).dtype);
  bound_[i].address = address;
}

void Bindings::forget_shapes() {
  for (Bound& bound : bound_) bound.shape.reset();
}

Shape Bindings::input_shape(int input, int profile) const {
  if (bound_[input].shape) return *bound_[input].shape;
  Shape shape = binding(input).shape;
  const InputRange& allowed = range(input, profile);
  for (int axis = 0; axis < shape.rank(); ++axis)
    if ((*allowed.min)[axis] == (*allowed.max)[axis]) shape[axis] = (*allowed.min)[axis];
  return shape;
}

std::vector<std::string> Bindings::missing(int profile) const {
  std::vector<std::string> names;
  for (int i = 0; i < count() && binding(i).is_input; ++i)
    if (!input_shape(i, profile).is_known() || (binding(i).on_host && !bound_[i].address))
      names.push_back(binding(i).name);
  return names;
}

// c6
void Bindings::require_outputs() const {
  for (int i = 0; i < count(); ++i) {
    const bool is_bound = bound_[i].address || bound_[i].allocator;
    TORCHTRT_REQUIRE(kInvalidState, is_bound || binding(i).is_input || binding(i).on_host, "output \"", binding(i).name,
                     "\" has neither an address nor an allocator; set one before running");
  }
}

ProgramKey Bindings::key(int profile) const {
  ProgramKey key;
  for (int i = 0; i < count() && binding(i).is_input; ++i) {
    key.shapes.push_back(input_shape(i, profile));
    if (binding(i).on_host) key.values.push_back(host_value(i, profile));
  }
  check_names(key);
  return key;
}

// c4
HostValue Bindings::host_value(int input, int profile) const {
  HostValue value = read_host(bound_[input].address, binding(input).dtype, input_shape(input, profile));
  const InputRange& allowed = range(input, profile);
  if (!allowed.min_values || !allowed.max_values || is_floating(value.dtype)) return value;
  for (size_t e = 0; e < value.elements.size() && e < allowed.min_values->size(); ++e) {
    const int64_t element = value.elements[e].as_int();
    TORCHTRT_REQUIRE(kInvalidArgument, (*allowed.min_values)[e] <= element && element <= (*allowed.max_values)[e],
                     "input \"", binding(input).name, "\": value ", element, " of element ", e,
                     " is outside the range of optimization profile ", profile, ", ", (*allowed.min_values)[e], " to ",
                     (*allowed.max_values)[e]);
  }
  return value;
}

// c5
void Bindings::check_names(const ProgramKey& key) const {
  std::map<std::string, int64_t> lengths;
  for (size_t i = 0; i < key.shapes.size(); ++i) {
    const Value& value = plan_.graph.stale_value(binding(static_cast<int>(i)).value);
    for (size_t axis = 0; axis < value.dim_names.size() && static_cast<int>(axis) < key.shapes[i].rank(); ++axis) {
      if (value.dim_names[axis].empty()) continue;
      const int64_t length = key.shapes[i][static_cast<int>(axis)];
      const int64_t other = lengths.try_emplace(value.dim_names[axis], length).first->second;
      TORCHTRT_REQUIRE(kInvalidArgument, other == length, "input \"", value.name, "\": dimension \"",
                       value.dim_names[axis], "\" has length ", length, ", but ", other, " in another input");
    }
  }
}

}  // namespace torchtrt::engine
