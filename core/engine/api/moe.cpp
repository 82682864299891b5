// MoEShell: setters that take tensors.
#include "core/engine/api/network.h"
#include "core/engine/api/shells/dynamic.h"

namespace torchtrt::engine::api {

MoEActivation MoEShell::checked(nv::MoEActType type) {
  const MoEActivation activation = ours(type);
  TORCHTRT_REQUIRE(kInvalidArgument, activation == MoEActivation::kSilu,
                   "the activation of an MoE layer has to be SiLU");
  return activation;
}

std::vector<int64_t> MoEShell::checked_block(const nv::Dims& shape) {
  constexpr int kRank = TORCHTRT_TENSORRT_MAJOR > 10 ? 4 : 3;
  TORCHTRT_REQUIRE(kInvalidArgument, shape.nbDims == kRank, "the block shape of an MoE layer has ", kRank,
                   " lengths, for batch, sequence, ", kRank > 3 ? "k " : "",
                   "and intermediate features; got one of rank ", shape.nbDims);
  return list_of_dims(shape);
}

template <class Edit>
void MoEShell::set_inputs(const char* function, int first, std::initializer_list<nv::ITensor*> tensors, Edit&& edit) {
  report().attempt(function, [&] {
    const std::vector<ValueId> before = graph().node(node()).inputs;
    const MoE former = op();
    const auto put = [&](int index, ValueId value) { graph().set_input(node(), index, value); };
    try {
      graph().edit<MoE>(node(), [&](MoE& op) { named([&] { edit(op); }); });
      int index = first;
      for (const nv::ITensor* tensor : tensors) put(index++, network().id_of(*tensor));
    } catch (...) {
      for (int i = first; i < first + static_cast<int>(tensors.size()); ++i)
        if (has_input(i)) put(i, static_cast<size_t>(i) < before.size() ? before[static_cast<size_t>(i)] : kNoId);
      graph().edit<MoE>(node(), [&](MoE& op) { op = former; });
      throw;
    }
  });
}

void MoEShell::setInput(int32_t index, nv::ITensor& tensor) noexcept {
  report().attempt("IMoELayer::setInput", [&] {
    TORCHTRT_REQUIRE(kInvalidArgument, index >= 0 && index < 3, "layer ", LayerBase::getName(),
                     " (MoE): inputs 0 hidden states, 1 selected experts and 2 scores are set here, not ", index);
    graph().set_input(node(), index, network().id_of(tensor));
  });
}

void MoEShell::setGatedWeights(nv::ITensor& gate, nv::ITensor& up, nv::ITensor& down, nv::MoEActType type) noexcept {
  set_inputs("IMoELayer::setGatedWeights", MoE::kGate, {&gate, &up, &down},
             [&](MoE& op) { op.activation = checked(type); });
}

void MoEShell::setGatedBiases(nv::ITensor& gate, nv::ITensor& up, nv::ITensor& down) noexcept {
  set_inputs("IMoELayer::setGatedBiases", MoE::kGateBias, {&gate, &up, &down}, [](MoE&) {});
}

void MoEShell::setQuantizationStatic(nv::ITensor& scale, nv::DataType type) noexcept {
  set_inputs("IMoELayer::setQuantizationStatic", MoE::kScale, {&scale}, [&](MoE& op) {
    op.quantize_to = ours(type);
    op.dynamic = false;
    op.block_shape.clear();
  });
}

void MoEShell::setQuantizationDynamicDblQ(nv::ITensor& scale, nv::DataType type, const nv::Dims& block_shape,
                                          nv::DataType scale_type) noexcept {
  set_inputs("IMoELayer::setQuantizationDynamicDblQ", MoE::kScale, {&scale}, [&](MoE& op) {
    op.quantize_to = ours(type);
    op.dynamic = true;
    op.block_shape = checked_block(block_shape);
    op.scale_type = ours(scale_type);
  });
}

}  // namespace torchtrt::engine::api
