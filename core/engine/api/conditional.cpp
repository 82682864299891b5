// ConditionalShell: boundary layers are added here; rules about the conditional as a whole are checked by the build.
#include "core/engine/api/conditional.h"

#include "core/engine/api/network.h"

namespace torchtrt::engine::api {

ConditionalShell::ConditionalShell(Network& network, int region) : network_(network), region_(region) { mImpl = this; }

void ConditionalShell::tell_outputs(ValueId condition) {
  for (const NodeId output : outputs_) network_.graph().set_input(output, 2, condition);
}

nv::IConditionLayer* ConditionalShell::setCondition(nv::ITensor& tensor) noexcept {
  return network_.report().guard("IIfConditional::setCondition", static_cast<ConditionShell*>(nullptr), [&] {
    const ValueId id = network_.id_of(tensor);
    if (!condition_) {
      condition_ = network_.keep_boundary<ConditionShell>(Condition{region_}, {id}, *this);
    } else {
      network_.graph().set_input(condition_->node(), 0, id);
    }
    tell_outputs(id);
    return condition_;
  });
}

nv::IIfConditionalInputLayer* ConditionalShell::addInput(nv::ITensor& tensor) noexcept {
  return network_.report().guard("IIfConditional::addInput", static_cast<ConditionalInputShell*>(nullptr), [&] {
    return network_.keep_boundary<ConditionalInputShell>(ConditionalInput{region_}, {network_.id_of(tensor)}, *this);
  });
}

nv::IIfConditionalOutputLayer* ConditionalShell::addOutput(nv::ITensor& true_tensor,
                                                           nv::ITensor& false_tensor) noexcept {
  return network_.report().guard("IIfConditional::addOutput", static_cast<ConditionalOutputShell*>(nullptr), [&] {
    std::vector<ValueId> inputs{network_.id_of(true_tensor), network_.id_of(false_tensor)};
    if (condition_) inputs.push_back(network_.graph().node(condition_->node()).inputs[0]);
    auto* shell = network_.keep_boundary<ConditionalOutputShell>(ConditionalOutput{region_}, std::move(inputs), *this);
    outputs_.push_back(shell->node());
    return shell;
  });
}

void ConditionalShell::setName(const char* name) noexcept {
  network_.report().attempt("IIfConditional::setName", [&] { network_.name_region(region_, name); });
}

const char* ConditionalShell::getName() const noexcept { return network_.region_name(region_, name_); }

void ConditionShell::setInput(int32_t index, nv::ITensor& tensor) noexcept {
  LayerBase::setInput(index, tensor);
  report().attempt("IConditionLayer::setInput", [&] { conditional_.tell_outputs(graph().node(node()).inputs[0]); });
}

}  // namespace torchtrt::engine::api
