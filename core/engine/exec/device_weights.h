// Weights that somebody keeps in the memory of the engine's device.
#pragma once

#include "core/engine/graph/weights.h"

namespace torchtrt::engine {

// A copy in host memory that owns itself, behind what is queued on `stream` (a cudaStream_t; null: the default stream).
// `device`: index of the CUDA device that the data are an address of; -1: the CPU.
Weights copy_weights(const Weights& weights, int device, void* stream);

}  // namespace torchtrt::engine
