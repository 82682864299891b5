// Block: tensors over its parts.
#include "core/engine/exec/block.h"

#include "core/engine/exec/transfer.h"

namespace torchtrt::engine {

std::vector<Shape> shapes_of(const Plan& plan, const Evaluation& evaluation) {
  std::vector<Shape> shapes;
  for (ValueId id = 0; id < plan.graph.value_count(); ++id) shapes.push_back(evaluation.shape(id));
  return shapes;
}

void Block::set(void* address, int64_t bytes) {
  if (!address) bytes = 0;
  if (begin_ == address && bytes_ == bytes) return;
  begin_ = static_cast<char*>(address);
  bytes_ = bytes;
  ++version_;
}

std::vector<at::Tensor> Block::places(const Plan& plan, const MemoryPlan& memory, const std::vector<Shape>& shapes,
                                      at::Device device) const {
  std::vector<at::Tensor> result(shapes.size());
  for (size_t id = 0; id < shapes.size(); ++id) {
    const DType dtype = plan.graph.stale_value(static_cast<ValueId>(id)).dtype;
    if (memory.places[id] == kNoPlace || memory.places[id] + bytes_of(dtype, shapes[id].volume()) > bytes_) continue;
    result[id] = wrap(begin_ + memory.places[id], shapes[id], dtype, device);
  }
  return result;
}

}  // namespace torchtrt::engine
