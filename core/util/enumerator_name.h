// Names of enumerators, which the compiler knows: no table repeats them.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>
#include <utility>

namespace torchtrt {

// Compilers spell an enumerator "V = torchtrt::engine::UnaryOp::kExp]" and a number that no enumerator has as a cast:
// "V = (torchtrt::engine::UnaryOp)77]". Empty for the latter.
template <auto V>
constexpr std::string_view name_of_enumerator() {
  constexpr std::string_view kText = __PRETTY_FUNCTION__;
  constexpr size_t kStart = kText.find("V = ") + 4;
  if constexpr (kText[kStart] == '(') return {};
  constexpr std::string_view kValue = kText.substr(kStart, kText.find_first_of(";]", kStart) - kStart);
  return kValue.substr(kValue.rfind(':') + 1);
}

// The names of the numbers 0 to Count - 1; "": a number without an enumerator.
template <class E, size_t Count>
constexpr std::array<std::string_view, Count> names_of_enumerators() {
  return []<size_t... I>(std::index_sequence<I...>) {
    return std::array<std::string_view, Count>{name_of_enumerator<static_cast<E>(I)>()...};
  }
  (std::make_index_sequence<Count>());
}

}  // namespace torchtrt
