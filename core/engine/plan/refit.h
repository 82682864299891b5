// Refit: a plan with other weights. The network as it was before the passes is kept, and the passes run again.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/engine/plan/plan.h"

namespace torchtrt::engine {

// Attributes that a refitter can address, in the order of TensorRT's WeightsRole; the power of a Scale layer is not
// among them.
inline constexpr std::array<std::string_view, 5> kWeightsRoles = {"kernel", "bias", "shift", "scale", "weights"};

// Weights of a network that may be exchanged. Those whose values shapes depend on are not among them: they belong to
// the structure that was checked.
struct RefittableWeights {
  size_t ordinal = 0;  // among all weights of the network
  std::string layer;
  std::string role;               // the layer's attribute, one of kWeightsRoles
  std::string name;               // empty: unnamed
  DType dtype = DType::kFloat32;  // as the network was given them
  int64_t count = 0;
  bool absent = false;  // zeros stand for them
};

// What a refittable plan keeps. Note [Absent weights]: a plan may lack refittable weights, which are zeros then. Passes
// have not been run on it, nothing is placed on a device, and it does not run before all of them are given.
struct RefitSource {
  Graph graph;  // before the passes
  std::vector<ValueId> host_inputs;
  int optimization_level = 3;
  std::vector<RefittableWeights> weights;
  bool stripped = false;  // once lacked weights

  bool lacks_weights() const;
};

// Calls `visit` for each weights of the graph that are not empty, bodies included, with their ordinal, the node and the
// attribute.
using WeightsVisitor = std::function<void(size_t ordinal, const Node& node, std::string_view role, const Weights&)>;
void visit_weights(const Graph& graph, const WeightsVisitor& visit);

// Of the graph's weights those that may be exchanged. `individual`: only those named by it.
std::vector<RefittableWeights> refittable_weights(const Graph& graph, const std::set<std::string>* individual);

// Zeros that take no memory until they are written.
std::shared_ptr<const void> zeros(int64_t bytes);

// Completes a plan that has its source: runs the passes on a copy of the network.
void assemble_source(Plan& plan);

// The same plan without its refittable weights. Throws for a plan that is not refittable.
std::shared_ptr<const Plan> strip(const Plan& plan);

// By position in RefitSource::weights: the present values, of the type that the network has now.
std::vector<Weights> present_weights(const RefitSource& source);

// The plan with new weights, by position in RefitSource::weights; `fresh` have owners, and type and count of the
// original. What stays the same is shared with `plan`, see Note [Sharing weights]. Throws, naming them, where absent
// ones are not among them. Profiles are not checked again: weights that may be exchanged change no shape.
std::shared_ptr<const Plan> refit(const Plan& plan, const std::map<size_t, Weights>& fresh);

// Bytes of the weights that may be left out.
int64_t stripped_bytes(const RefitSource& source);

// Names of refittable weights that are absent, for messages.
std::string absent_names(const RefitSource& source);

}  // namespace torchtrt::engine
