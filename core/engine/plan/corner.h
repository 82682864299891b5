// start_at: an evaluation of a network at one corner of a profile.
#pragma once

#include "core/engine/plan/evaluation.h"
#include "core/engine/plan/profile.h"

namespace torchtrt::engine {

// Shapes and values of the network's inputs are set; nothing is evaluated yet.
Evaluation start_at(const Graph& network, const Profile& profile, Corner corner);

}  // namespace torchtrt::engine
