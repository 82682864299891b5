// Input: one tensor of a compile request, its shape (or range of shapes), type, format and name.
#pragma once

#include <array>
#include <cstdint>
#include <ostream>
#include <string>
#include <vector>

#include "core/util/dtype.h"

namespace torchtrt::ir {

using Sizes = std::vector<int64_t>;

enum class TensorFormat : int8_t { kContiguous, kChannelsLast };

// Constraints, checked by make_static and make_dynamic:
//   c1  min, opt and max have one rank, at most kMaxRank
//   c2  0 <= min <= opt <= max on every axis
//   c3  the domain is not empty: low < high
struct Input {
  static constexpr int64_t kMaxRank = 8;

  Sizes min;
  Sizes opt;
  Sizes max;
  DType dtype = DType::kFloat32;
  bool dtype_declared = false;  // false: `dtype` is only a default, inference may suggest another
  TensorFormat format = TensorFormat::kContiguous;
  std::array<double, 2> domain = {0.0, 2.0};  // values are in [low, high)
  std::string name;                           // empty: the name of the graph's own input
  bool is_shape_tensor = false;

  bool is_dynamic() const { return min != max; }
  // Sizes of the engine's binding: -1 where min and max differ.
  Sizes shape() const;

  bool operator==(const Input&) const = default;
};

Input make_static(Sizes shape);
Input make_dynamic(Sizes min, Sizes opt, Sizes max);

// Throws kInvalidArgument where a constraint is broken; `where` names the input in the message.
void check(const Input& input, const std::string& where);

// Input(shape=[-1, 3], min=[1, 3], opt=[4, 3], max=[8, 3], dtype=float32).
std::ostream& operator<<(std::ostream& out, const Input& input);

}  // namespace torchtrt::ir
