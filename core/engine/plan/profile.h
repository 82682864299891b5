// Profiles: completed, and checked against the network's inputs.
#pragma once

#include <vector>

#include "core/engine/plan/plan.h"

namespace torchtrt::engine {

// One range for every input of the network, in its order. `host_inputs` are the inputs whose values shapes depend on:
// they need min_values, opt_values and max_values. No profile given: a static one, if the network allows that. Throws
// Error naming profile, input and rule.
std::vector<Profile> complete_profiles(const Graph& network, const std::vector<ValueId>& host_inputs,
                                       const std::vector<Profile>& given);

// Ends of a range, and the point that a plan is made for.
enum class Corner { kMin, kOpt, kMax };
const Shape& shape_at(const InputRange& range, Corner corner);
// Null where the input has no values in the profile.
const std::vector<int64_t>* values_at(const InputRange& range, Corner corner);
const char* name_of(Corner corner);

}  // namespace torchtrt::engine
