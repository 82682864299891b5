// PointwiseParts: the layers of a Pointwise body, run by their own kernels: each over the whole tensors, or all of them
// over one block of elements after the other.
//
// Note [Blocks of chains]: on the CPU a chain of large tensors is as fast as memory. Block by block, what is between
// its layers stays in the cache: a block of every operand has 2^14 elements, 64 KiB of float32.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "core/engine/exec/pointwise_layout.h"
#include "core/engine/graph/graph.h"

namespace torchtrt::engine {

class PointwiseParts {
 public:
  PointwiseParts(const Graph& body, at::Device device);

  // Layer by layer.
  void run_whole(Call& call);
  // Block by block, on all threads. On the CPU; no result is empty.
  void run_blocks(Call& call);
  // Whether blocks are worth their while.
  bool gains_by_blocks(const Call& call) const;

 private:
  struct Part {
    const Layer* layer = nullptr;
    KernelFunction kernel = nullptr;
    std::vector<ValueId> inputs;
    ValueId output = kNoId;
    DType type = DType::kFloat32;
    bool is_view = false;           // of its input
    std::vector<ValueId> releases;  // whose last use it is
    ValueId replaced = kNoId;       // of those: a value between layers, of the result's type, that it may write over
  };
  struct Block {
    int64_t rows = 1, columns = 1;
    bool operator==(const Block&) const = default;
  };
  // What a thread works on.
  struct Worker {
    std::vector<at::Tensor> tensors;  // by ValueId
    std::vector<at::Tensor> scratch;  // by ValueId, of `block`
    Block block;
  };
  // A run in blocks: two axes, and how many of them there are in all.
  struct Grid;

  const at::Tensor& constant(size_t i, int64_t rank);
  void run_part(const Part& part, std::vector<at::Tensor>& tensors, const at::Tensor& dest) const;
  void plan_releases();
  bool is_output(ValueId value, size_t& place) const;
  at::Tensor replaced(const Part& part, const std::vector<at::Tensor>& tensors, c10::IntArrayRef sizes) const;
  at::Tensor unless_view(const Part& part, const std::vector<at::Tensor>& tensors) const;
  void run_block(const Grid& grid, int64_t index, Worker& worker) const;

  const Graph& body_;
  at::Device device_;
  std::vector<Part> parts_;
  std::vector<ValueId> constants_;
  std::vector<Weights> weights_;     // of the constants
  std::vector<at::Tensor> scalars_;  // the constants on the device, without axes
  std::vector<at::Tensor> tensors_;  // by ValueId, of a run over whole tensors
  std::vector<Worker> workers_;      // by thread
};

}  // namespace torchtrt::engine
