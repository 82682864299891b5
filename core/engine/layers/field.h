// Fields: a layer's attributes by name, from which serialising, printing, hashing and inspecting are derived.
//
//   struct Softmax { int64_t axis = -1; TORCHTRT_FIELDS(axis) };
// A field is a bool, number, enum, string, DType, Shape, vector<int64_t>, vector<double>, Weights or GraphRef (the
// graph of a body), or a std::optional of these.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

#include "core/engine/graph/weights.h"
#include "core/engine/shape/shape.h"
#include "core/util/error.h"

namespace torchtrt::engine {

class Graph;
// A graph that is part of a layer: the body of a loop, a branch of a conditional. Never changes, so copies share it.
using GraphRef = std::shared_ptr<const Graph>;

// How a field is kept outside its layer. monostate: an empty optional.
using FieldValue = std::variant<std::monostate, bool, int64_t, double, std::string, std::vector<int64_t>,
                                std::vector<double>, Weights, GraphRef>;

struct Field {
  std::string_view name;
  FieldValue value;
};

namespace field_detail {

template <class T>
struct is_optional : std::false_type {};
template <class T>
struct is_optional<std::optional<T>> : std::true_type {};

template <class T>
FieldValue to_value(const T& field) {
  if constexpr (is_optional<T>::value) {
    return field ? to_value(*field) : FieldValue{};
  } else if constexpr (std::is_same_v<T, bool> || std::is_same_v<T, std::string> ||
                       std::is_same_v<T, std::vector<int64_t>> || std::is_same_v<T, std::vector<double>> ||
                       std::is_same_v<T, Weights> || std::is_same_v<T, GraphRef>) {
    return field;
  } else if constexpr (std::is_same_v<T, Shape>) {
    return std::vector<int64_t>(field.begin(), field.end());
  } else if constexpr (std::is_floating_point_v<T>) {
    return static_cast<double>(field);
  } else {
    return static_cast<int64_t>(field);  // integers and enums
  }
}

template <class T>
void from_value(T& field, const FieldValue& value) {
  if constexpr (is_optional<T>::value) {
    field.reset();
    if (!std::holds_alternative<std::monostate>(value)) from_value(field.emplace(), value);
  } else if constexpr (std::is_same_v<T, Shape>) {
    field = Shape(std::span<const int64_t>(std::get<std::vector<int64_t>>(value)));
  } else if constexpr (std::is_floating_point_v<T>) {
    field = static_cast<T>(std::get<double>(value));
  } else if constexpr (std::is_integral_v<T> && !std::is_same_v<T, bool>) {
    field = static_cast<T>(std::get<int64_t>(value));
  } else if constexpr (std::is_enum_v<T>) {
    field = static_cast<T>(std::get<int64_t>(value));
  } else {
    field = std::get<T>(value);
  }
}

// "axis, keep_dims" -> its first name; `names` is moved behind it.
inline std::string_view take_name(std::string_view& names) {
  const auto begin = names.find_first_not_of(", ");
  const auto end = names.find_first_of(", ", begin);
  const std::string_view name = names.substr(begin, end - begin);
  names.remove_prefix(end == std::string_view::npos ? names.size() : end);
  return name;
}

template <class... T>
std::vector<Field> list(std::string_view names, const T&... fields) {
  std::vector<Field> result;
  (result.push_back({take_name(names), to_value(fields)}), ...);
  return result;
}

// Throws std::bad_variant_access for a value of another kind: the reader of plan files reports it.
template <class... T>
bool assign(std::string_view names, std::string_view wanted, const FieldValue& value, T&... fields) {
  return ((take_name(names) == wanted ? (from_value(fields, value), true) : false) || ...);
}

}  // namespace field_detail
}  // namespace torchtrt::engine

#define TORCHTRT_FIELDS(...)                                                                 \
  std::vector<::torchtrt::engine::Field> fields() const {                                    \
    return ::torchtrt::engine::field_detail::list(#__VA_ARGS__, __VA_ARGS__);                \
  }                                                                                          \
  bool set_field(std::string_view name, const ::torchtrt::engine::FieldValue& value) {       \
    return ::torchtrt::engine::field_detail::assign(#__VA_ARGS__, name, value, __VA_ARGS__); \
  }
#define TORCHTRT_NO_FIELDS                                             \
  std::vector<::torchtrt::engine::Field> fields() const { return {}; } \
  bool set_field(std::string_view, const ::torchtrt::engine::FieldValue&) { return false; }
