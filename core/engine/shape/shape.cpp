// Shape arithmetic: volume, unification, broadcasting.
#include "core/engine/shape/shape.h"

#include <algorithm>

#include "core/util/error.h"
#include "core/util/span.h"

namespace torchtrt::engine {

Shape::Shape(std::initializer_list<int64_t> lengths)
    : Shape(std::span<const int64_t>(lengths.begin(), lengths.size())) {}

Shape::Shape(std::span<const int64_t> lengths) {
  TORCHTRT_CHECK(lengths.size() <= kMaxRank, "shape ", list_of(lengths), " has rank ", lengths.size(), "; at most ",
                 kMaxRank, " axes are possible");
  rank_ = static_cast<int>(lengths.size());
  std::copy(lengths.begin(), lengths.end(), lengths_.begin());
}

Shape Shape::filled(int rank, int64_t length) {
  TORCHTRT_CHECK(rank >= 0 && rank <= kMaxRank, "rank ", rank, " is outside [0, ", kMaxRank, "]");
  Shape shape;
  shape.rank_ = rank;
  std::fill_n(shape.lengths_.begin(), rank, length);
  return shape;
}

Shape Shape::invalid() {
  Shape shape;
  shape.rank_ = -1;
  return shape;
}

bool Shape::is_known() const { return is_valid() && std::find(begin(), end(), kUnknown) == end(); }

int64_t Shape::volume() const {
  if (!is_valid()) return kUnknown;
  if (std::find(begin(), end(), 0) != end()) return 0;
  if (!is_known()) return kUnknown;
  int64_t product = 1;
  for (const int64_t length : *this)
    TORCHTRT_CHECK(!__builtin_mul_overflow(product, length, &product), "the volume of shape ", *this,
                   " does not fit into 64 bits");
  return product;
}

void Shape::push_back(int64_t length) { insert(rank_, length); }

void Shape::insert(int axis, int64_t length) {
  TORCHTRT_CHECK(rank_ < kMaxRank, "shape ", *this, " cannot grow: at most ", kMaxRank, " axes are possible");
  TORCHTRT_CHECK(axis >= 0 && axis <= rank_, "axis ", axis, " cannot be inserted into shape ", *this);
  std::copy_backward(lengths_.begin() + axis, lengths_.begin() + rank_, lengths_.begin() + rank_ + 1);
  lengths_[axis] = length;
  ++rank_;
}

void Shape::erase(int axis) {
  TORCHTRT_CHECK(has_axis(axis), "shape ", *this, " has no axis ", axis);
  std::copy(lengths_.begin() + axis + 1, lengths_.begin() + rank_, lengths_.begin() + axis);
  lengths_[--rank_] = 0;
}

bool Shape::operator==(const Shape& other) const {
  return rank_ == other.rank_ && std::equal(begin(), end(), other.begin());
}

std::ostream& operator<<(std::ostream& out, const Shape& shape) {
  if (!shape.is_valid()) return out << "[invalid]";
  return out << list_of(shape.lengths());
}

int64_t unify(int64_t a, int64_t b) {
  TORCHTRT_CHECK(a == b || a == kUnknown || b == kUnknown, "lengths ", a, " and ", b, " must be equal");
  return a == kUnknown ? b : a;
}

int64_t broadcast(int64_t a, int64_t b) {
  if (a == b || b == 1) return a;
  if (a == 1) return b;
  TORCHTRT_CHECK(a == kUnknown || b == kUnknown, "lengths ", a, " and ", b,
                 " cannot be broadcast: they must be equal, or one of them 1");
  return a == kUnknown ? b : a;
}

Shape broadcast(const Shape& a, const Shape& b) {
  TORCHTRT_CHECK(a.rank() == b.rank(), "shapes ", a, " and ", b,
                 " cannot be broadcast: their ranks differ (add axes of length 1 first)");
  Shape result = a;
  for (int axis = 0; axis < a.rank(); ++axis) {
    TORCHTRT_CHECK(a[axis] == b[axis] || a[axis] == 1 || b[axis] == 1 || a[axis] == kUnknown || b[axis] == kUnknown,
                   "shapes ", a, " and ", b, " cannot be broadcast: lengths ", a[axis], " and ", b[axis], " at axis ",
                   axis, " must be equal, or one of them 1");
    result[axis] = broadcast(a[axis], b[axis]);
  }
  return result;
}

}  // namespace torchtrt::engine
