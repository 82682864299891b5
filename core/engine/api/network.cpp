// Network: inputs, outputs, names of weights, and what becomes of each tensor.
#include "core/engine/api/network.h"

#include <algorithm>

#include "core/engine/api/attention.h"
#include "core/engine/api/conditional.h"
#include "core/engine/api/loop.h"
#include "core/engine/api/twins.h"
#include "core/engine/plan/placement.h"
#include "core/engine/plan/refit.h"

namespace torchtrt::engine::api {
namespace {

enum : uint8_t { kValue = 1, kElements = 2 };

bool same_weights(const Weights& a, const Weights& b) {
  return a.data == b.data && a.count == b.count && a.dtype == b.dtype;
}

void require_weights(const Graph& graph, const char* name) {
  TORCHTRT_REQUIRE(kInvalidArgument, name && *name, "the name of the weights is null or empty");
  bool found = false;
  visit_weights(graph, [&](size_t, const Node&, std::string_view, const Weights& weights) {
    found = found || weights.name == name;
  });
  TORCHTRT_REQUIRE(kInvalidArgument, found, "there are no weights \"", name,
                   "\"; name them with setWeightsName before they are marked");
}

}  // namespace

Network::Network(nv::IBuilder& builder, const Report& report, nv::NetworkDefinitionCreationFlags flags)
    : builder_(builder),
      report_(report),
      flags_(flags),
      graph_((flags >> static_cast<uint32_t>(nv::NetworkDefinitionCreationFlag::kSTRONGLY_TYPED) & 1u) != 0) {
  mImpl = this;
}

Network::~Network() = default;

Tensor* Network::tensor(ValueId id) {
  if (id == kNoId) return nullptr;
  auto& shell = tensors_[id];
  if (!shell) shell = std::make_unique<Tensor>(*this, id);
  return shell.get();
}

ValueId Network::id_of(const nv::ITensor& tensor) const {
  const auto& shell = static_cast<const Tensor&>(tensor);
  TORCHTRT_REQUIRE(kInvalidArgument, &shell.network() == this, "tensor \"", shell.getName(),
                   "\" belongs to another network");
  return shell.id();
}

std::vector<ValueId> Network::ids_of(nv::ITensor* const* inputs, int32_t count) const {
  TORCHTRT_REQUIRE(kInvalidArgument, inputs && count >= 1, "at least one input is needed, ", count, " given");
  std::vector<ValueId> ids;
  for (int32_t i = 0; i < count; ++i) {
    TORCHTRT_REQUIRE(kInvalidArgument, inputs[i], "input ", i, " is null");
    ids.push_back(id_of(*inputs[i]));
  }
  return ids;
}

nv::ITensor* Network::addInput(const char* name, nv::DataType type, const nv::Dims& dimensions) noexcept {
  return report_.guard("INetworkDefinition::addInput", static_cast<nv::ITensor*>(nullptr), [&] {
    TORCHTRT_REQUIRE(kInvalidArgument, name, "the name is null");
    return tensor(graph_.add_input(name, ours(type), shape_of(dimensions)));
  });
}

void Network::markOutput(nv::ITensor& tensor) noexcept {
  report_.attempt("INetworkDefinition::markOutput", [&] {
    const ValueId id = id_of(tensor);
    expect_outside(id);
    graph_.mark_output(id);
    if (!is_output(id)) outputs_.push_back(id);
  });
}

void Network::unmarkOutput(nv::ITensor& tensor) noexcept {
  report_.attempt("INetworkDefinition::unmarkOutput", [&] {
    graph_.unmark_output(id_of(tensor));
    std::erase(outputs_, id_of(tensor));
  });
}

bool Network::markOutputForShapes(nv::ITensor& tensor) noexcept {
  return report_.attempt("INetworkDefinition::markOutputForShapes", [&] {
    const ValueId id = id_of(tensor);
    TORCHTRT_REQUIRE(kInvalidArgument, !is_output(id), "tensor \"", tensor.getName(), "\" is an output already");
    expect_outside(id);
    graph_.mark_shape_output(id);
    outputs_.push_back(id);
  });
}

bool Network::unmarkOutputForShapes(nv::ITensor& tensor) noexcept {
  return report_.attempt("INetworkDefinition::unmarkOutputForShapes", [&] {
    const ValueId id = id_of(tensor);
    TORCHTRT_REQUIRE(kInvalidArgument, graph_.is_shape_output(id), "tensor \"", tensor.getName(),
                     "\" is not an output for shapes");
    graph_.unmark_output(id);
    std::erase(outputs_, id);
  });
}

// Of the tensors that no layer gives, those that no layer takes either.
void Network::removeTensor(nv::ITensor& tensor) noexcept {
  report_.attempt("INetworkDefinition::removeTensor", [&] {
    const ValueId id = id_of(tensor);
    if (tensor.isNetworkInput() && graph_.users(id).empty()) return graph_.remove_input(id);
    report_.warn(join("INetworkDefinition::removeTensor: tensor \"", tensor.getName(),
                      "\" is kept: it is the input or output of a layer"));
  });
}

bool Network::is_output(ValueId id) const { return std::find(outputs_.begin(), outputs_.end(), id) != outputs_.end(); }

nv::ILayer* Network::getLayer(int32_t index) const noexcept {
  const bool inside = index >= 0 && index < getNbLayers();
  return inside ? layers_[static_cast<size_t>(index)]->shell() : nullptr;
}

nv::ITensor* Network::getInput(int32_t index) const noexcept {
  return report_.guard("INetworkDefinition::getInput", static_cast<nv::ITensor*>(nullptr), [&] {
    const bool inside = index >= 0 && index < getNbInputs();
    return inside ? const_cast<Network*>(this)->tensor(graph_.inputs()[static_cast<size_t>(index)]) : nullptr;
  });
}

nv::ITensor* Network::getOutput(int32_t index) const noexcept {
  return report_.guard("INetworkDefinition::getOutput", static_cast<nv::ITensor*>(nullptr), [&] {
    const bool inside = index >= 0 && index < getNbOutputs();
    return inside ? const_cast<Network*>(this)->tensor(outputs_[static_cast<size_t>(index)]) : nullptr;
  });
}

void Network::setName(const char* name) noexcept {
  report_.attempt("INetworkDefinition::setName", [&] {
    TORCHTRT_REQUIRE(kInvalidArgument, name, "the name is null");
    graph_.rename(name);
  });
}

int Network::rank_of(const nv::ITensor& tensor) const { return graph_.value(id_of(tensor)).shape.rank(); }

// Names every use of the same memory, type and count; a name belongs to one set of weights.
bool Network::setWeightsName(nv::Weights weights, const char* name) noexcept {
  return report_.guard("INetworkDefinition::setWeightsName", false, [&] {
    const Weights wanted = ours(weights);
    const std::string text = name ? name : "";
    std::vector<std::pair<NodeId, Field>> uses;
    for (NodeId id = 0; id < static_cast<NodeId>(graph_.nodes().size()); ++id) {
      const Node& node = graph_.node(id);
      if (!node.layer) continue;
      for (const Field& field : node.layer->fields()) {
        const auto* used = std::get_if<Weights>(&field.value);
        if (!used || used->empty()) continue;
        if (same_weights(*used, wanted)) uses.emplace_back(id, field);
        TORCHTRT_REQUIRE(kInvalidArgument, text.empty() || used->name != text || same_weights(*used, wanted),
                         "the name \"", text, "\" belongs to other weights, in layer \"", node.name, "\"");
        TORCHTRT_REQUIRE(kInvalidArgument, used->data != wanted.data || same_weights(*used, wanted), "layer \"",
                         node.name, "\" uses the same memory for ", used->count, " elements of ", used->dtype, ", not ",
                         wanted.count, " of ", wanted.dtype);
      }
    }
    TORCHTRT_REQUIRE(kInvalidArgument, !uses.empty(), "no layer uses these weights (", wanted.count, " elements of ",
                     wanted.dtype, "); name them after they were given to a layer");
    for (auto& [id, field] : uses) {
      Weights named = std::get<Weights>(field.value);
      named.name = text;
      graph_.edit_layer(id, [&](Layer& layer) { layer.set_field(field.name, named); });
    }
    return true;
  });
}

bool Network::markWeightsRefittable(const char* name) noexcept {
  return report_.attempt("INetworkDefinition::markWeightsRefittable", [&] {
    require_weights(graph_, name);
    refittable_.insert(name);
  });
}

bool Network::unmarkWeightsRefittable(const char* name) noexcept {
  return report_.attempt("INetworkDefinition::unmarkWeightsRefittable", [&] {
    require_weights(graph_, name);
    refittable_.erase(name);
  });
}

bool Network::areWeightsMarkedRefittable(const char* name) const noexcept {
  return report_.guard("INetworkDefinition::areWeightsMarkedRefittable", false,
                       [&] { return name && refittable_.count(name) != 0; });
}

bool Network::markDebug(nv::ITensor& tensor) noexcept {
  return report_.attempt("INetworkDefinition::markDebug", [&] { graph_.mark_debug(id_of(tensor)); });
}

bool Network::unmarkDebug(nv::ITensor& tensor) noexcept {
  return report_.attempt("INetworkDefinition::unmarkDebug", [&] { graph_.unmark_debug(id_of(tensor)); });
}

bool Network::isDebugTensor(const nv::ITensor& tensor) const noexcept {
  return report_.guard("INetworkDefinition::isDebugTensor", false, [&] { return graph_.is_debug(id_of(tensor)); });
}

// A value is needed on the host where a layer says so (kHostInputs), or where a layer that evaluates itself on the host
// has an output of which it is needed (layers.md 1.5). Shape layers need neither value nor elements of their input.
Uses Network::uses_of(ValueId id) const {
  std::unordered_map<ValueId, uint8_t> known;
  const uint8_t uses = find_uses(id, known);
  return {(uses & kValue) != 0, (uses & kElements) != 0};
}

uint8_t Network::find_uses(ValueId id, std::unordered_map<ValueId, uint8_t>& known) const {
  if (const auto found = known.find(id); found != known.end()) return found->second;
  uint8_t uses = 0;
  if (graph_.is_shape_output(id)) uses |= kValue;
  if (graph_.is_output(id)) uses |= kElements;
  known[id] = uses;  // a cycle ends here
  for (const NodeId user : graph_.users(id)) {
    const Node& node = graph_.node(user);
    if (layer_type_of(node.layer->kind()) == nv::LayerType::kSHAPE) continue;
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      if (node.inputs[i] != id) continue;
      const bool on_host = i < 32 && (node.layer->host_inputs() >> i & 1u) != 0;
      if (on_host) {
        uses |= kValue;
        continue;
      }
      for (const ValueId output : node.outputs) {
        const uint8_t behind = find_uses(output, known);
        uses |= node.layer->can_fold() ? behind : (behind ? kElements : 0);
      }
    }
  }
  if ((uses & kValue) != 0 && !can_be_on_host(graph_, id)) uses = kElements;  // computed, and read back
  return known[id] = uses;
}

}  // namespace torchtrt::engine::api
