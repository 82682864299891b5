// Shape: lengths of a tensor's axes, some perhaps not known yet.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <ostream>
#include <span>

namespace torchtrt::engine {

// A length that only run time knows.
inline constexpr int64_t kUnknown = -1;
inline constexpr int kMaxRank = 8;

// Up to eight lengths; kUnknown where not known. The rank is always known.
// An invalid shape (a rule failed) has rank -1 and is what getters of a broken tensor answer.
class Shape {
 public:
  Shape() = default;
  Shape(std::initializer_list<int64_t> lengths);
  explicit Shape(std::span<const int64_t> lengths);
  static Shape filled(int rank, int64_t length);
  static Shape invalid();

  int rank() const { return rank_; }
  bool is_valid() const { return rank_ >= 0; }
  bool is_known() const;  // no kUnknown

  int64_t operator[](int axis) const { return lengths_[axis]; }
  int64_t& operator[](int axis) { return lengths_[axis]; }
  const int64_t* begin() const { return lengths_.data(); }
  const int64_t* end() const { return lengths_.data() + (rank_ < 0 ? 0 : rank_); }
  std::span<const int64_t> lengths() const { return {begin(), end()}; }

  bool has_axis(int64_t axis) const { return axis >= 0 && axis < rank_; }
  // Product of all lengths; kUnknown if one is unknown and none is zero. Throws on 64-bit overflow.
  int64_t volume() const;
  // Adds a length at the end; throws beyond kMaxRank.
  void push_back(int64_t length);
  void insert(int axis, int64_t length);
  void erase(int axis);

  bool operator==(const Shape& other) const;

 private:
  int rank_ = 0;
  std::array<int64_t, kMaxRank> lengths_{};
};

std::ostream& operator<<(std::ostream& out, const Shape& shape);

// One length two tensors must share: a known one wins over kUnknown. Throws if both are known and differ.
int64_t unify(int64_t a, int64_t b);
// Broadcast rule of TensorRT (layers.md 1.3): equal, or one of them 1; the result is the other one, 0 beats 1.
// kUnknown with L > 1 gives L; kUnknown with 1 or kUnknown gives kUnknown. Throws if they cannot go together.
int64_t broadcast(int64_t a, int64_t b);
// Axis by axis; ranks must be equal.
Shape broadcast(const Shape& a, const Shape& b);

}  // namespace torchtrt::engine
