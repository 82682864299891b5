// Weights section: the memory of all weights, each distinct memory once, 64-byte aligned.
#pragma once

#include <map>
#include <memory>
#include <tuple>

#include "core/engine/file/cursor.h"
#include "core/engine/graph/weights.h"

namespace torchtrt::engine {

class WeightsWriter {
 public:
  // Writes where and what the weights are to `out`, and notes their memory, which must stay until the file is written.
  void put(Writer& out, const Weights& weights);
  const Section& section() const { return section_; }

 private:
  Section section_;
  std::map<std::tuple<const void*, int64_t>, uint64_t> offsets_;
};

class WeightsReader {
 public:
  // Copies the section: the file may go away.
  explicit WeightsReader(ByteSpan section);
  Weights get(Cursor& in) const;

 private:
  std::shared_ptr<const std::byte> memory_;
  uint64_t length_;
};

}  // namespace torchtrt::engine
