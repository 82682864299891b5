// Aliases: outputs of an engine that are one memory with an input.
#pragma once

#include "core/engine/plan/plan.h"

namespace torchtrt::engine {

// Note [Aliases]: a KVCacheUpdate whose cache is an input of the network and whose result is an output writes the
// caller's memory in place, and both have to be bound to one address. Where something else reads the cache as well, the
// result is kept aside and written when everything has run.

// Marks the layers that update in place. Throws where two of them would update one cache.
void mark_in_place(Graph& network);

// By binding: the input binding that an output is one memory with, or -1.
std::vector<int> aliases_of(const Plan& plan);

// Whether anybody but the layer that makes it reads the input that `output` is one memory with.
bool has_other_readers(const Plan& plan, const Binding& output);

}  // namespace torchtrt::engine
