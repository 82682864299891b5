// PointwiseKernel: a Pointwise layer on CUDA as one generated kernel per form, see Note [Compiled kernels].
#pragma once

#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "core/engine/exec/nvrtc.h"
#include "core/engine/exec/pointwise_layout.h"
#include "core/engine/exec/pointwise_source.h"

namespace torchtrt::engine {

class PointwiseKernel {
 public:
  explicit PointwiseKernel(const Graph& body) : body_(body) {}

  // Compiles what contiguous tensors of these shapes will take. False: there is no such kernel now.
  bool prepare(const Shape& result, std::span<const Shape> inputs);
  // False: there is no kernel for this call, which has to run by its parts.
  bool run(Call& call);

 private:
  using Addresses = std::vector<void*>;  // of inputs, then outputs; may be null
  PointwiseForm form_of(const PointwiseLayout& layout, const Addresses& addresses) const;
  int width_of(const PointwiseLayout& layout, const Addresses& addresses) const;
  std::shared_ptr<const CudaKernel> kernel_of(const PointwiseForm& form);

  const Graph& body_;
  std::vector<std::pair<PointwiseForm, std::shared_ptr<const CudaKernel>>> kernels_;
  bool failed_ = false;
};

}  // namespace torchtrt::engine
