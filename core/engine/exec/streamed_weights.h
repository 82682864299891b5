// StreamedWeights: those weights of a plan that stay in host memory, ready to be copied. See Note [Streamed weights].
#pragma once

#include <ATen/core/Tensor.h>

#include <map>
#include <vector>

#include "core/engine/plan/streaming.h"

namespace torchtrt::engine {

class StreamedWeights {
 public:
  // In page-locked memory, which the device reads while the host does other things; all contexts share it. So do the
  // weights that `former`, of the plan before a refit, has already; null: none.
  StreamedWeights(const Plan& plan, const Streaming& streaming, const StreamedWeights* former);

  struct Item {
    int64_t offset = 0, bytes = 0;   // in the staging buffer
    std::vector<at::Tensor> pieces;  // one behind the other they are the weights
  };
  const std::vector<Item>& items() const { return items_; }  // in the order of use
  int64_t scratch() const { return scratch_; }
  // Position of the layer's weights among the items; -1: they are not streamed.
  int find(const Layer& layer) const {
    const auto found = positions_.find(&layer);
    return found == positions_.end() ? -1 : found->second;
  }

 private:
  std::vector<Item> items_;
  int64_t scratch_ = 0;
  std::map<const Layer*, int> positions_;
  std::map<const void*, std::vector<at::Tensor>> pieces_;  // by address of the plan's own copy
};

}  // namespace torchtrt::engine
