// Writer and Cursor: plain values to bytes and back. The cursor never reads, nor allocates for, more than is there.
#pragma once

#include <cstring>
#include <string>
#include <type_traits>
#include <vector>

#include "core/engine/file/container.h"
#include "core/engine/shape/shape.h"
#include "core/util/error.h"

namespace torchtrt::engine {

class Writer {
 public:
  template <class T>
  requires std::is_arithmetic_v<T>
  void put(T value) {
    const auto bytes = std::as_bytes(std::span(&value, 1));
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
  }
  template <class T>
  requires std::is_enum_v<T>
  void put(T value) { put(static_cast<int64_t>(value)); }
  void put(const std::string& text) {
    put<uint64_t>(text.size());
    const auto bytes = std::as_bytes(std::span(text));
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
  }
  void put(const Shape& shape) { put_list(shape.lengths()); }
  // A count, then each item by put() or by `each`.
  void put_list(const auto& list) {
    put_list(list, [this](const auto& item) { put(item); });
  }
  void put_list(const auto& list, auto&& each) {
    put<uint64_t>(list.size());
    for (const auto& item : list) each(item);
  }
  Bytes take() { return std::move(bytes_); }

 private:
  Bytes bytes_;
};

class Cursor {
 public:
  explicit Cursor(ByteSpan bytes) : bytes_(bytes) {}

  template <class T>
  T get() {
    if constexpr (std::is_enum_v<T>) {
      return get_enum<T>();
    } else if constexpr (std::is_same_v<T, std::string>) {
      const ByteSpan text = take(get_count(1));
      return std::string(reinterpret_cast<const char*>(text.data()), text.size());
    } else if constexpr (std::is_same_v<T, Shape>) {
      return Shape(std::span<const int64_t>(get_list<int64_t>()));
    } else if constexpr (std::is_same_v<T, bool>) {
      const auto value = get<uint8_t>();
      TORCHTRT_REQUIRE(kCorruptPlan, value <= 1, "the plan is damaged: ", int{value}, " is not a truth value");
      return value == 1;
    } else {
      static_assert(std::is_arithmetic_v<T>);
      T value;
      std::memcpy(&value, take(sizeof value).data(), sizeof value);
      return value;
    }
  }
  template <class T>
  std::vector<T> get_list() {
    constexpr size_t least = std::is_arithmetic_v<T> ? sizeof(T) : 8;
    std::vector<T> list(get_count(least));
    for (auto&& item : list) item = get<T>();
    return list;
  }
  // A count of items of at least `least` bytes each, so that it cannot exceed what is there.
  uint64_t get_count(size_t least) {
    const auto count = get<uint64_t>();
    TORCHTRT_REQUIRE(kCorruptPlan, count <= bytes_.size() / least, "the plan is damaged: a list of ", count,
                     " items in ", bytes_.size(), " bytes");
    return count;
  }
  void finish() const {
    TORCHTRT_REQUIRE(kCorruptPlan, bytes_.empty(), "the plan is damaged: ", bytes_.size(),
                     " bytes too many in a section");
  }

 private:
  template <class T>
  T get_enum() {
    const auto value = get<int64_t>();
    const auto result = static_cast<T>(value);
    TORCHTRT_REQUIRE(kCorruptPlan, static_cast<int64_t>(result) == value,
                     "the plan is damaged: no such enumerator: ", value);
    return result;
  }
  ByteSpan take(size_t count) {
    TORCHTRT_REQUIRE(kCorruptPlan, count <= bytes_.size(), "the plan is damaged: a section ends early");
    const ByteSpan taken = bytes_.first(count);
    bytes_ = bytes_.subspan(count);
    return taken;
  }

  ByteSpan bytes_;
};

}  // namespace torchtrt::engine
