// Staging: the buffer that streamed weights pass through on their way to the layers of one context.
//
// Note [Staging]: see Note [Streamed weights] for where in the buffer weights lie. Copies are queued on a stream of
// their own, one behind the other. When a layer's weights are fetched, the run's stream is made to wait for their copy,
// and the copy of the weights that come next is queued. A tensor over a place of the buffer gives the place back when
// the last view of it is gone: an event is recorded on the stream of its run, and the next copy to the place waits for
// that. So the host never waits, and runs of one context may be on different streams. Where a place is still in use
// when it is needed (a view outlives the layer, or a run whose lengths depend on data keeps everything to its end), the
// weights get memory of their own for that run. Memory of the application may serve as the buffer; between runs it is
// the application's, so every run starts anew behind what its stream has to do.
#pragma once

#include <c10/core/Event.h>

#include <memory>
#include <vector>

#include "core/engine/exec/own_stream.h"
#include "core/engine/exec/streamed_weights.h"

namespace torchtrt::engine {

class Staging : public std::enable_shared_from_this<Staging> {
 public:
  Staging(std::shared_ptr<const StreamedWeights> weights, c10::Device device);
  ~Staging();
  Staging(const Staging&) = delete;
  Staging& operator=(const Staging&) = delete;

  const StreamedWeights& weights() const { return *weights_; }
  // Memory for the buffer, of StreamedWeights::scratch() bytes, from the next run on; null: the framework's.
  void use_memory(void* given);
  // To be called before each run.
  void start_run();
  // The weights on the device, for work on the present stream.
  at::Tensor fetch(int item, c10::IntArrayRef sizes, at::ScalarType type);

 private:
  enum class Status { kAbsent, kCopied, kHeld, kReleased };
  struct Place {
    explicit Place(c10::DeviceType type) : copied(type), released(type) {}
    Status status = Status::kAbsent;
    bool used = false;  // some run has fetched it
    c10::Event copied, released;
  };
  struct Lease;
  friend bool is_streamed(const at::Tensor& tensor);
  static void end_lease(void* lease);

  const StreamedWeights::Item& item(int i) const { return weights_->items()[static_cast<size_t>(i)]; }
  Place& place(int i) { return places_[static_cast<size_t>(i)]; }
  c10::Stream present_stream() const;
  void take_buffer();
  void drop_buffer();
  bool upload(int i);
  at::Tensor upload_apart(int i);
  at::Tensor lend(void* data, c10::IntArrayRef sizes, at::ScalarType type, int i, at::Tensor own);
  void release(const Lease& lease);

  std::shared_ptr<const StreamedWeights> weights_;
  c10::Device device_;
  OwnStream copies_;
  void* given_ = nullptr;
  at::Tensor buffer_;
  std::vector<Place> places_;  // by item
  std::vector<int> resident_;  // items that are in the buffer
  int buffers_ = 0;            // how many were dropped
};

// Whether the tensor lies where streamed weights pass through: by the next run others may be there, so nothing may be
// kept that depends on its address.
bool is_streamed(const at::Tensor& tensor);

}  // namespace torchtrt::engine
