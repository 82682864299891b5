// Block: memory of somebody else in which a context keeps the tensors between its layers. See Note [Block].
#pragma once

#include <ATen/core/Tensor.h>

#include "core/engine/exec/program.h"
#include "core/engine/plan/memory.h"

namespace torchtrt::engine {

class Block {
 public:
  // Null: none, tensors come from the framework's allocator.
  void set(void* address, int64_t bytes);
  bool is_there() const { return begin_ != nullptr; }
  // Another number for every other block; 0 where there was none yet.
  int version() const { return version_; }

  // By ValueId the place of each tensor; undefined where it has none, or it lies beyond the block's end.
  std::vector<at::Tensor> places(const Plan& plan, const MemoryPlan& memory, const std::vector<Shape>& shapes,
                                 at::Device device) const;
  // Whether the tensor lies in the block.
  bool holds(const at::Tensor& tensor) const {
    const auto* at = static_cast<const char*>(tensor.const_data_ptr());
    return begin_ <= at && at < begin_ + bytes_;
  }

 private:
  char* begin_ = nullptr;
  int64_t bytes_ = 0;
  int version_ = 0;
};

// By ValueId, as far as a program knows them.
std::vector<Shape> shapes_of(const Plan& plan, const Evaluation& evaluation);

}  // namespace torchtrt::engine
