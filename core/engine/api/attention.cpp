// AttentionBlock: fields and inputs of attention.
#include "core/engine/api/attention.h"

#include "core/engine/api/network.h"

namespace torchtrt::engine::api {

AttentionBlock::AttentionBlock(Network& network, NodeId node) : network_(network), node_(node) { mImpl = this; }

const Attention& AttentionBlock::op() const { return *as<Attention>(*network_.graph().node(node_).layer); }

template <class Edit>
bool AttentionBlock::change(const char* function, Edit&& edit) {
  return network_.report().attempt(function,
                                   [&] { network_.graph().edit<Attention>(node_, [&](Attention& op) { edit(op); }); });
}

bool AttentionBlock::normalizes(nv::AttentionNormalizationOp operation) {
  const int number = static_cast<int>(operation);
  TORCHTRT_REQUIRE(kInvalidArgument, number >= 0 && number < nv::EnumMax<nv::AttentionNormalizationOp>(),
                   "AttentionNormalizationOp ", number, " does not exist");
  return operation == nv::AttentionNormalizationOp::kSOFTMAX;
}

bool AttentionBlock::set_input(const char* function, int32_t index, const nv::ITensor* tensor) {
  return network_.report().attempt(function, [&] {
    const bool takes_away = !tensor && index >= static_cast<int32_t>(network_.graph().node(node_).inputs.size());
    if (!takes_away) network_.graph().set_input(node_, index, tensor ? network_.id_of(*tensor) : kNoId);
  });
}

bool AttentionBlock::setInput(int32_t index, nv::ITensor& input) noexcept {
  if (index >= 0 && index < 3) return set_input("IAttention::setInput", index, &input);
  network_.report().error("IAttention::setInput", nv::ErrorCode::kINVALID_ARGUMENT,
                          join("attention has inputs 0 query, 1 key, 2 value, not ", index, "; masks go to setMask"));
  return false;
}

nv::ITensor* AttentionBlock::getInput(int32_t index) const noexcept {
  return network_.report().guard("IAttention::getInput", static_cast<nv::ITensor*>(nullptr), [&] {
    const auto& inputs = network_.graph().node(node_).inputs;
    const bool inside = index >= 0 && index < static_cast<int32_t>(inputs.size());
    return inside ? network_.tensor(inputs[static_cast<size_t>(index)]) : nullptr;
  });
}

nv::ITensor* AttentionBlock::getOutput(int32_t index) const noexcept {
  return network_.report().guard("IAttention::getOutput", static_cast<nv::ITensor*>(nullptr), [&] {
    return index == 0 ? network_.tensor(network_.graph().node(node_).outputs.at(0)) : nullptr;
  });
}

bool AttentionBlock::setName(const char* name) noexcept {
  return network_.report().attempt("IAttention::setName", [&] {
    TORCHTRT_REQUIRE(kInvalidArgument, name, "the name is null");
    network_.graph().set_name(node_, name);
  });
}

const char* AttentionBlock::getName() const noexcept {
  return network_.report().guard("IAttention::getName", "", [&] {
    if (const auto& name = network_.graph().node(node_).name; name != name_) name_ = name;
    return name_.c_str();
  });
}

bool AttentionBlock::setNormalizationOperation(nv::AttentionNormalizationOp operation) noexcept {
  return change("IAttention::setNormalizationOperation", [&](Attention& op) { op.normalize = normalizes(operation); });
}

nv::AttentionNormalizationOp AttentionBlock::getNormalizationOperation() const noexcept {
  return op().normalize ? nv::AttentionNormalizationOp::kSOFTMAX : nv::AttentionNormalizationOp::kNONE;
}

bool AttentionBlock::set_causal(const char* function, CausalMask causal) {
  return change(function, [&](Attention& op) {
    TORCHTRT_REQUIRE(kInvalidArgument, causal == CausalMask::kNone || !getMask(),
                     "a mask is set; attention is masked or causal, not both");
    op.causal = causal;
  });
}

bool AttentionBlock::setCausal(bool causal) noexcept {
  return set_causal("IAttention::setCausal", causal ? CausalMask::kUpperLeft : CausalMask::kNone);
}

bool AttentionBlock::setMask(nv::ITensor& mask) noexcept {
  if (op().causal == CausalMask::kNone) return set_input("IAttention::setMask", Attention::kMask, &mask);
  network_.report().error("IAttention::setMask", nv::ErrorCode::kINVALID_ARGUMENT,
                          "the attention is causal; it is masked or causal, not both");
  return false;
}

bool AttentionBlock::setDecomposable(bool decomposable) noexcept {
  decomposable_ = decomposable;
  return true;
}

bool AttentionBlock::setNormalizationQuantizeScale(nv::ITensor& tensor) noexcept {
  return set_input("IAttention::setNormalizationQuantizeScale", Attention::kQuantizeScale, &tensor);
}

bool AttentionBlock::setNormalizationQuantizeToType(nv::DataType type) noexcept {
  return change("IAttention::setNormalizationQuantizeToType", [&](Attention& op) { op.quantize_to = ours(type); });
}

nv::DataType AttentionBlock::getNormalizationQuantizeToType() const noexcept {
  return op().quantize_to ? theirs(*op().quantize_to) : nv::DataType::kFLOAT;
}

bool AttentionBlock::setMetadata(const char* text) noexcept {
  return network_.report().attempt("IAttention::setMetadata", [&] {
    TORCHTRT_REQUIRE(kInvalidArgument, text, "the metadata is null");
    network_.graph().mutable_node(node_).metadata = text;
  });
}

const char* AttentionBlock::getMetadata() const noexcept {
  return network_.report().guard("IAttention::getMetadata", "", [&] {
    metadata_ = network_.graph().node(node_).metadata;
    return metadata_.c_str();
  });
}

bool AttentionBlock::setNbRanks(int32_t ranks) noexcept {
  return network_.report().attempt("IAttention::setNbRanks", [&] {
    TORCHTRT_REQUIRE(kInvalidArgument, ranks == 1, ranks, " ranks; the embedded engine runs on one device");
  });
}

#if TORCHTRT_TENSORRT_MAJOR > 10
bool AttentionBlock::setCausalKind(nv::CausalMaskKind kind) noexcept {
  return network_.report().attempt("IAttention::setCausalKind", [&] { ours(kind); }) &&
         set_causal("IAttention::setCausalKind", ours(kind));
}

bool AttentionBlock::setQueryForm(nv::AttentionIOForm form) noexcept {
  return change("IAttention::setQueryForm", [&](Attention& op) { op.query_form = ours(form); });
}

bool AttentionBlock::setKeyValueForm(nv::AttentionIOForm form) noexcept {
  return change("IAttention::setKeyValueForm", [&](Attention& op) { op.key_value_form = ours(form); });
}

bool AttentionBlock::setQueryLengths(nv::ITensor* lengths) noexcept {
  return set_input("IAttention::setQueryLengths", Attention::kQueryLengths, lengths);
}

bool AttentionBlock::setKeyValueLengths(nv::ITensor* lengths) noexcept {
  return set_input("IAttention::setKeyValueLengths", Attention::kKeyValueLengths, lengths);
}
#endif

AttentionInputShell::AttentionInputShell(Network& network, NodeId node, AttentionBlock& block)
    : LayerBase(network, node, nv::LayerType::kATTENTION_INPUT), block_(block) {
  mLayer = this;
  mBoundary = this;
  mImpl = this;
}

AttentionOutputShell::AttentionOutputShell(Network& network, NodeId node, AttentionBlock& block)
    : LayerBase(network, node, nv::LayerType::kATTENTION_OUTPUT), block_(block) {
  mLayer = this;
  mBoundary = this;
  mImpl = this;
}

}  // namespace torchtrt::engine::api
