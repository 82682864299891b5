// Printing of the sequences that appear in messages: [1, 3, -1].
#pragma once

#include <ostream>

namespace torchtrt {

// join(..., list_of(dims), ...) prints "[2, 3]".
template <class Range>
struct ListOf {
  const Range& range;
};

template <class Range>
ListOf<Range> list_of(const Range& range) {
  return {range};
}

template <class Range>
std::ostream& operator<<(std::ostream& out, const ListOf<Range>& list) {
  const char* separator = "";
  out << '[';
  for (const auto& item : list.range) {
    out << separator << item;
    separator = ", ";
  }
  return out << ']';
}

}  // namespace torchtrt
