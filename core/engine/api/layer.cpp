// LayerBase: names, inputs, outputs; precision requests of weakly typed networks.
#include "core/engine/api/layer.h"

#include <algorithm>

#include "core/engine/api/network.h"

namespace torchtrt::engine::api {

const Report& LayerBase::report() const { return network_.report(); }

Graph& LayerBase::graph() const { return network_.graph(); }

bool LayerBase::has_input(int index) const {
  const auto& inputs = graph().node(node_).inputs;
  return index < static_cast<int>(inputs.size()) && inputs[static_cast<size_t>(index)] != kNoId;
}

int LayerBase::input_rank(int index) const {
  return graph().value(graph().node(node_).inputs.at(static_cast<size_t>(index))).shape.rank();
}

void LayerBase::reset_input(int index) {
  if (has_input(index)) graph().set_input(node_, index, kNoId);
}

void LayerBase::setName(const char* name) noexcept {
  report().attempt("ILayer::setName", [&] {
    TORCHTRT_REQUIRE(kInvalidArgument, name, "the name is null");
    graph().set_name(node_, name);
  });
}

const char* LayerBase::getName() const noexcept {
  return report().guard("ILayer::getName", "", [&] {
    if (const auto& name = graph().node(node_).name; name != name_) name_ = name;
    return name_.c_str();
  });
}

int32_t LayerBase::getNbInputs() const noexcept { return static_cast<int32_t>(graph().node(node_).inputs.size()); }

nv::ITensor* LayerBase::getInput(int32_t index) const noexcept {
  return report().guard("ILayer::getInput", static_cast<nv::ITensor*>(nullptr), [&] {
    const auto& inputs = graph().node(node_).inputs;
    const bool inside = index >= 0 && index < static_cast<int32_t>(inputs.size());
    return inside ? network_.tensor(inputs[static_cast<size_t>(index)]) : nullptr;
  });
}

int32_t LayerBase::getNbOutputs() const noexcept { return static_cast<int32_t>(graph().node(node_).outputs.size()); }

nv::ITensor* LayerBase::getOutput(int32_t index) const noexcept {
  return report().guard("ILayer::getOutput", static_cast<nv::ITensor*>(nullptr), [&] {
    const auto& outputs = graph().node(node_).outputs;
    const bool inside = index >= 0 && index < static_cast<int32_t>(outputs.size());
    return inside ? network_.tensor(outputs[static_cast<size_t>(index)]) : nullptr;
  });
}

void LayerBase::setInput(int32_t index, nv::ITensor& tensor) noexcept {
  report().attempt("ILayer::setInput", [&] {
    const int most = std::max(getNbInputs(), most_inputs());
    TORCHTRT_REQUIRE(kInvalidArgument, index >= 0 && index < most, "layer ", getName(), " (", name_of(getType()),
                     ") has no input ", index, "; it has at most ", most);
    graph().set_input(node_, index, network_.id_of(tensor));
  });
}

nv::ITensor* LayerBase::output_or_throw(int32_t index) const {
  nv::ITensor* output = getOutput(index);
  TORCHTRT_REQUIRE(kInvalidArgument, output, "layer ", getName(), " has no output ", index);
  return output;
}

void LayerBase::setPrecision(nv::DataType type) noexcept {
  report().attempt("ILayer::setPrecision", [&] {
    TORCHTRT_REQUIRE(kInvalidArgument, !graph().strongly_typed(), "layer ", getName(),
                     ": setPrecision is not allowed in a strongly typed network; use a Cast layer");
    precision_ = theirs(ours(type));
  });
}

nv::DataType LayerBase::getPrecision() const noexcept { return precision_.value_or(nv::DataType::kFLOAT); }

void LayerBase::setOutputType(int32_t index, nv::DataType type) noexcept {
  report().attempt("ILayer::setOutputType", [&] {
    TORCHTRT_REQUIRE(kInvalidArgument, !graph().strongly_typed(), "layer ", getName(),
                     ": setOutputType is not allowed in a strongly typed network; use a Cast layer");
    static_cast<Tensor*>(output_or_throw(index))->set_output_type(ours(type));
  });
}

nv::DataType LayerBase::getOutputType(int32_t index) const noexcept {
  return report().guard("ILayer::getOutputType", nv::DataType::kFLOAT,
                        [&] { return output_or_throw(index)->getType(); });
}

bool LayerBase::outputTypeIsSet(int32_t index) const noexcept {
  const auto* output = static_cast<const Tensor*>(getOutput(index));
  return output && output->output_type_is_set();
}

void LayerBase::resetOutputType(int32_t index) noexcept {
  report().attempt("ILayer::resetOutputType",
                   [&] { static_cast<Tensor*>(output_or_throw(index))->reset_output_type(); });
}

void LayerBase::setMetadata(const char* text) noexcept {
  report().attempt("ILayer::setMetadata", [&] {
    TORCHTRT_REQUIRE(kInvalidArgument, text, "the metadata is null");
    graph().mutable_node(node_).metadata = text;
  });
}

const char* LayerBase::getMetadata() const noexcept {
  return report().guard("ILayer::getMetadata", "", [&] {
    if (const auto& metadata = graph().node(node_).metadata; metadata != metadata_) metadata_ = metadata;
    return metadata_.c_str();
  });
}

bool LayerBase::setNbRanks(int32_t ranks) noexcept {
  return report().attempt("ILayer::setNbRanks", [&] {
    TORCHTRT_REQUIRE(kInvalidArgument, ranks == 1, "layer ", getName(), ": ", ranks,
                     " ranks; only DistCollective layers run on more than one");
  });
}

}  // namespace torchtrt::engine::api
