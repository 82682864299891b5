// Placement: which values are needed on the host, which on the device.
#pragma once

#include <vector>

#include "core/engine/plan/plan.h"

namespace torchtrt::engine {

struct Needs {
  std::vector<char> host;    // by ValueId: a shape depends on its value
  std::vector<char> device;  // by ValueId: a kernel reads it, or it is an output of the engine in device memory

  Placement placement(ValueId value) const {
    return !host[value] ? Placement::kDevice : device[value] ? Placement::kBoth : Placement::kHost;
  }
};

// Note [Shape tensors]: a value is needed on the host if it is a host input of a layer (kHostInputs) or a shape output,
// or if a value needed on the host is folded from it. Where such a value cannot be folded (its layer has no fold, its
// shape is not a constant, it is too large), its layer runs on the device and the value is read back: slow, not
// illegal.
// `host_values` are needed on the host beyond that.
Needs find_needs(const Graph& graph, const std::vector<NodeId>& order, const std::vector<ValueId>& host_values = {});

// Of a type that shape tensors have, of constant shape, with few enough elements.
bool can_be_on_host(const Graph& graph, ValueId value);

// Inputs whose values the caller provides in host memory: needed on the host, of constant shape, at most 64 elements.
std::vector<ValueId> host_inputs_of(const Graph& graph, const Needs& needs);

// Inputs in order of addition, then outputs in order of marking, then shape outputs.
std::vector<Binding> bindings_of(const Graph& graph, const std::vector<ValueId>& host_inputs);

}  // namespace torchtrt::engine
