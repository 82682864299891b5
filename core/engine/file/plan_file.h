// Container format of plans: magic, version, sections with 64-bit offsets, lengths, checksums. Hostile input is
// expected.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "core/engine/file/carried_libraries.h"
#include "core/engine/plan/plan.h"

namespace torchtrt::engine {

// Raised whenever a plan of before would be run in another way. Plans of another version are refused, unless they were
// built to be compatible.
inline constexpr uint32_t kEngineVersion = 1;

// `keep_source`: a refittable plan stays refittable. A plan that lacks weights is written without them in any case.
std::vector<std::byte> write_plan(const Plan& plan, bool keep_source = true, const CarriedLibraries& libraries = {});

// Throws kCorruptPlan for anything that write_plan did not write: every truncation, every altered bit; a plan that is
// not ours (NVIDIA's) is named as such. The bytes may go away afterwards. `libraries`: those that travel with the plan.
std::shared_ptr<const Plan> read_plan(std::span<const std::byte> bytes, CarriedLibraries* libraries = nullptr);

}  // namespace torchtrt::engine
