// Packed types: operands of a node, and the form of memory.
#include "core/engine/exec/packing.h"

#include <algorithm>

namespace torchtrt::engine {
namespace {

bool has_shape(const at::Tensor& tensor, const Shape& shape) {
  const auto sizes = tensor.sizes();
  return static_cast<int>(sizes.size()) == shape.rank() &&
         std::equal(sizes.begin(), sizes.end(), shape.begin(),
                    [](int64_t is, int64_t expected) { return expected == kUnknown || is == expected; });
}

}  // namespace

std::shared_ptr<const Operands> operands_of(const Graph& graph, const Node& node, const Evaluation& evaluation) {
  const auto packed = [&](ValueId id) { return id != kNoId && is_packed(graph.stale_value(id).dtype); };
  if (std::none_of(node.inputs.begin(), node.inputs.end(), packed) &&
      std::none_of(node.outputs.begin(), node.outputs.end(), packed))
    return nullptr;
  auto operands = std::make_shared<Operands>();
  for (const ValueId id : node.inputs) {
    operands->types.push_back(id == kNoId ? DType::kNone : graph.stale_value(id).dtype);
    operands->shapes.push_back(id == kNoId ? Shape::invalid() : evaluation.shape(id));
  }
  return operands;
}

// Types that are not packed are compared in place: this is asked behind every step.
bool has_stored_shape(const at::Tensor& memory, DType dtype, const Shape& shape) {
  return is_packed(dtype) ? has_shape(memory, storage_shape_of(dtype, shape)) : has_shape(memory, shape);
}

}  // namespace torchtrt::engine
