// StreamedWeights: packed into chunks of page-locked memory.
#include "core/engine/exec/streamed_weights.h"

#include <ATen/ops/empty.h>

#include <algorithm>
#include <cstring>

#include "core/engine/layers/constant.h"

namespace torchtrt::engine {
namespace {

// Torch rounds page-locked memory up to a power of 2, so only the last chunk wastes some.
constexpr int64_t kChunk = int64_t{32} << 20;
constexpr int64_t kAlignment = 64;

using Pieces = std::vector<at::Tensor>;

class Chunks {
 public:
  explicit Chunks(int64_t total) : left_(total) {}

  Pieces copy(const Weights& weights) {
    Pieces pieces;
    const auto* from = static_cast<const char*>(weights.data);
    for (int64_t done = 0; done < weights.bytes();) {
      if (used_ == room_) open();
      const int64_t bytes = std::min(weights.bytes() - done, room_ - used_);
      pieces.push_back(chunk_.narrow(0, used_, bytes));
      std::memcpy(pieces.back().mutable_data_ptr(), from + done, static_cast<size_t>(bytes));
      done += bytes;
      used_ = std::min(room_, (used_ + bytes + kAlignment - 1) / kAlignment * kAlignment);
    }
    return pieces;
  }

 private:
  void open() {
    room_ = std::min(kChunk, left_);
    left_ -= room_;
    used_ = 0;
    chunk_ = at::empty({room_}, at::TensorOptions(at::kByte).pinned_memory(true));
  }

  int64_t left_;
  at::Tensor chunk_;
  int64_t room_ = 0, used_ = 0;
};

int64_t aligned(int64_t bytes) { return (bytes + kAlignment - 1) / kAlignment * kAlignment; }

}  // namespace

StreamedWeights::StreamedWeights(const Plan& plan, const Streaming& streaming, const StreamedWeights* former)
    : scratch_(streaming.scratch) {
  std::map<const void*, int64_t> fresh;
  for (const Upload& upload : streaming.uploads) {
    const void* data = as<Constant>(*plan.graph.node(upload.node).layer)->weights.data;
    if (former && former->pieces_.contains(data)) {
      pieces_[data] = former->pieces_.at(data);
    } else {
      fresh[data] = aligned(upload.bytes);
    }
  }
  int64_t total = 0;
  for (const auto& [data, bytes] : fresh) total += bytes;
  Chunks chunks(total);
  for (const Upload& upload : streaming.uploads) {
    const Layer& layer = *plan.graph.node(upload.node).layer;
    const Weights& weights = as<Constant>(layer)->weights;
    Pieces& pieces = pieces_[weights.data];
    if (pieces.empty()) pieces = chunks.copy(weights);
    positions_[&layer] = static_cast<int>(items_.size());
    items_.push_back({upload.offset, upload.bytes, pieces});
  }
}

}  // namespace torchtrt::engine
