// Memory: where the tensors between layers lie in one block of device memory.
#pragma once

#include <vector>

#include "core/engine/plan/plan.h"

namespace torchtrt::engine {

// Note [Block]: a context may be given one block for the tensors between its layers (setDeviceMemory, an
// IGpuAllocator). A tensor has its place from the layer that computes it to the last one that reads it. Layers that may
// answer a view (kViews) get no place: what they read stays alive as long as what they answer. Results that another
// layer leaves elsewhere are not in the block; a view of the block that such a layer answers is copied into its place.
// Inputs, outputs, constants and tensors whose length depends on data are never in the block.

inline constexpr int64_t kBlockAlignment = 256;
inline constexpr int64_t kNoPlace = -1;

struct MemoryPlan {
  std::vector<int64_t> places;  // by ValueId: bytes from the start of the block, or kNoPlace
  int64_t bytes = 0;
};

// For these shapes, by ValueId.
MemoryPlan plan_memory(const Plan& plan, const std::vector<Shape>& shapes);

// What the greatest shapes of a profile need; 0 where these shapes cannot run.
int64_t block_bytes(const Plan& plan, int profile);

}  // namespace torchtrt::engine
