// Weights section: the memory of all weights, each distinct memory once, 64-byte aligned.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <tuple>

#include "core/engine/file/cursor.h"
#include "core/engine/graph/weights.h"

namespace torchtrt::engine {

// Weights are counted as they are written and read: ordinals are those of visit_weights.
class WeightsWriter {
 public:
  // `absent`, by ordinal, are left out.
  explicit WeightsWriter(std::set<size_t> absent = {}) : absent_(std::move(absent)) {}
  // Writes where and what the weights are to `out`, and notes their memory, which must stay until the file is written.
  void put(Writer& out, const Weights& weights);
  const Section& section() const { return section_; }

 private:
  std::set<size_t> absent_;
  size_t count_ = 0;
  Section section_;
  std::map<std::tuple<const void*, int64_t>, uint64_t> offsets_;
};

class WeightsReader {
 public:
  explicit WeightsReader(ByteSpan section) : section_(section) {}
  // Copied, since the file may go away; each distinct memory by itself, so that a refit frees what it replaces.
  Weights get(Cursor& in);
  // Ordinals of weights that the file leaves out; zeros stand for them.
  const std::set<size_t>& absent() const { return absent_; }
  size_t count() const { return count_; }

 private:
  std::set<size_t> absent_;
  size_t count_ = 0;
  std::shared_ptr<const void> copy(uint64_t offset, int64_t bytes);

  ByteSpan section_;
  uint64_t copied_ = 0;
  std::map<std::tuple<uint64_t, int64_t>, std::shared_ptr<const void>> copies_;
};

}  // namespace torchtrt::engine
