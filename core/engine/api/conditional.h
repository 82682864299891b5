// ConditionalShell: IIfConditional over a region of the network's graph, and the shells of its boundary layers.
#pragma once

#include <NvInfer.h>

#include "core/engine/api/layer.h"
#include "core/engine/layers/conditional_boundary.h"

namespace torchtrt::engine::api {

class ConditionShell;

// Owned by the network.
class ConditionalShell final : public nv::IIfConditional, public nv::apiv::VIfConditional {
 public:
  ConditionalShell(Network& network, int region);

  // Set again: the same layer, with another condition.
  nv::IConditionLayer* setCondition(nv::ITensor& tensor) noexcept override;
  nv::IIfConditionalInputLayer* addInput(nv::ITensor& tensor) noexcept override;
  nv::IIfConditionalOutputLayer* addOutput(nv::ITensor& true_tensor, nv::ITensor& false_tensor) noexcept override;
  void setName(const char* name) noexcept override;
  const char* getName() const noexcept override;

  // Outputs know the condition as a third input, of which users do not see anything.
  void tell_outputs(ValueId condition);

 private:
  Network& network_;
  int region_;
  ConditionShell* condition_ = nullptr;
  std::vector<NodeId> outputs_;
  mutable std::string name_;  // as last returned
};

// A boundary layer of a conditional.
template <class Shell, class Inner, class Kind>
class ConditionalBoundaryShell : public LayerShell<Shell, Inner, Kind>, public nv::apiv::VConditionalBoundaryLayer {
 public:
  ConditionalBoundaryShell(Network& network, NodeId node, ConditionalShell& conditional)
      : LayerShell<Shell, Inner, Kind>(network, node), conditional_(conditional) {
    this->mBoundary = this;
  }
  nv::IIfConditional* getConditional() const noexcept override { return &conditional_; }

 protected:
  ConditionalShell& conditional_;
};

class ConditionShell final
    : public ConditionalBoundaryShell<nv::IConditionLayer, nv::apiv::VConditionLayer, Condition> {
 public:
  using ConditionalBoundaryShell::ConditionalBoundaryShell;
  void setInput(int32_t index, nv::ITensor& tensor) noexcept override;
};

class ConditionalInputShell final
    : public ConditionalBoundaryShell<nv::IIfConditionalInputLayer, nv::apiv::VConditionalInputLayer,
                                      ConditionalInput> {
 public:
  using ConditionalBoundaryShell::ConditionalBoundaryShell;
};

class ConditionalOutputShell final
    : public ConditionalBoundaryShell<nv::IIfConditionalOutputLayer, nv::apiv::VConditionalOutputLayer,
                                      ConditionalOutput> {
 public:
  using ConditionalBoundaryShell::ConditionalBoundaryShell;
  int32_t getNbInputs() const noexcept override { return 2; }
  nv::ITensor* getInput(int32_t index) const noexcept override {
    return index < 2 ? LayerBase::getInput(index) : nullptr;
  }
};

}  // namespace torchtrt::engine::api
