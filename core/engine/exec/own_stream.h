// OwnStream: a CUDA stream that nobody else gives work to, as long as it is held.
#pragma once

#include <c10/core/Device.h>
#include <c10/core/Stream.h>

namespace torchtrt::engine {

// Streams of torch's pools are shared: what the application queues there, or records from there, would get in the way.
class OwnStream {
 public:
  // Takes one that was given back, else makes one.
  explicit OwnStream(c10::Device device);
  ~OwnStream();
  OwnStream(const OwnStream&) = delete;
  OwnStream& operator=(const OwnStream&) = delete;

  c10::Stream get() const { return stream_; }

 private:
  c10::Stream stream_;
};

// The present stream of the thread meanwhile.
class StreamScope {
 public:
  explicit StreamScope(c10::Stream stream);
  ~StreamScope();
  StreamScope(const StreamScope&) = delete;
  StreamScope& operator=(const StreamScope&) = delete;

 private:
  c10::Stream former_;
};

}  // namespace torchtrt::engine
