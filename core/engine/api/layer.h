// LayerBase and LayerShell: what every layer of the interface does; a kind adds the getters and setters of its fields.
//
//   class SoftMax final : public LayerShell<nv::ISoftMaxLayer, nv::apiv::VSoftMaxLayer, Softmax> {
//    public:
//     using LayerShell::LayerShell;
//     void setAxes(uint32_t axes) noexcept override {
//       change("ISoftMaxLayer::setAxes", [&](Softmax& op) { op.axis = single_axis(axes); });
//     }
//     uint32_t getAxes() const noexcept override { return 1u << op().axis; }
//   };
#pragma once

#include <NvInfer.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/engine/api/majors.h"
#include "core/engine/api/report.h"
#include "core/engine/api/twins.h"
#include "core/engine/graph/graph.h"

namespace torchtrt::engine::api {

class Network;

// VLayer over one node. Owned by the network.
class LayerBase : public nv::apiv::VLayer {
 public:
  LayerBase(Network& network, NodeId node, nv::LayerType type) : network_(network), node_(node), type_(type) {}

  virtual nv::ILayer* shell() = 0;
  NodeId node() const { return node_; }

  nv::LayerType getType() const noexcept override { return type_; }
  void setName(const char* name) noexcept override;
  const char* getName() const noexcept override;
  int32_t getNbInputs() const noexcept override;
  nv::ITensor* getInput(int32_t index) const noexcept override;
  int32_t getNbOutputs() const noexcept override;
  nv::ITensor* getOutput(int32_t index) const noexcept override;
  void setInput(int32_t index, nv::ITensor& tensor) noexcept override;
  void setPrecision(nv::DataType type) noexcept TORCHTRT_OVERRIDE_10;
  nv::DataType getPrecision() const noexcept TORCHTRT_OVERRIDE_10;
  bool precisionIsSet() const noexcept TORCHTRT_OVERRIDE_10 { return precision_.has_value(); }
  void resetPrecision() noexcept TORCHTRT_OVERRIDE_10 { precision_.reset(); }
  void setOutputType(int32_t index, nv::DataType type) noexcept TORCHTRT_OVERRIDE_10;
  nv::DataType getOutputType(int32_t index) const noexcept override;
  bool outputTypeIsSet(int32_t index) const noexcept TORCHTRT_OVERRIDE_10;
  void resetOutputType(int32_t index) noexcept TORCHTRT_OVERRIDE_10;
  void setMetadata(const char* text) noexcept override;
  const char* getMetadata() const noexcept override;
  bool setNbRanks(int32_t ranks) noexcept override;
  int32_t getNbRanks() const noexcept override { return 1; }

 protected:
  // How many inputs the kind can have at most, beyond those it was made with; setInput grows up to it (layers.md 1.8).
  virtual int most_inputs() const { return 0; }

  Network& network() const { return network_; }
  const Report& report() const;
  Graph& graph() const;
  const Layer& layer() const { return *graph().node(node_).layer; }
  bool has_input(int index) const;
  int input_rank(int index = 0) const;  // -1 where the shape is invalid
  void reset_input(int index);          // to null, where it was set
  // Runs `check`; what it throws tells the layer's name and kind.
  template <class Check>
  void named(Check&& check) const {
    try {
      check();
    } catch (const Error& error) {
      throw Error(error.kind(), join("layer \"", LayerBase::getName(), "\" (", layer().kind(), "): ", error.what()));
    }
  }

 private:
  nv::ITensor* output_or_throw(int32_t index) const;

  Network& network_;
  NodeId node_;
  nv::LayerType type_;
  std::optional<nv::DataType> precision_;  // weakly typed networks only, and without effect
  mutable std::string name_, metadata_;    // as last returned
};

// `Shell` and `Inner` are the classes of NvInfer.h, `Kind` is the engine's.
template <class Shell, class Inner, class Kind>
class LayerShell : public Shell, public Inner, public LayerBase {
 public:
  using Op = Kind;
  using ShellType = Shell;

  LayerShell(Network& network, NodeId node) : LayerBase(network, node, layer_type_of(Kind::kKind)) {
    this->mLayer = static_cast<nv::apiv::VLayer*>(this);
    this->mImpl = static_cast<Inner*>(this);
  }
  nv::ILayer* shell() override { return this; }

 protected:
  const Kind& op() const { return *as<Kind>(this->layer()); }
  // Edits the fields. Reported and undone where `edit` throws or the types become invalid; false then.
  template <class Edit>
  bool change(const char* function, Edit&& edit) {
    return this->report().attempt(function, [&] {
      this->graph().template edit<Kind>(this->node(), [&](Kind& op) { this->named([&] { edit(op); }); });
    });
  }
};

}  // namespace torchtrt::engine::api
