// The CUDA source of a Pointwise layer's kernel.
#pragma once

#include <string>
#include <vector>

#include "core/engine/graph/graph.h"

namespace torchtrt::engine {

// What a source is made for. All numbers of a call are arguments of the kernel: addresses of inputs and outputs, the
// number of elements (i64), the lengths of all axes but the first (i64), and the strides of strided inputs (i64).
struct PointwiseForm {
  std::vector<std::vector<char>> runs;  // by input, by axis: whether the input runs along it
  std::vector<char> strided;            // by input: its lines do not follow each other
  int axes = 1;
  int width = 1;      // elements that a thread loads at once; the last axis is a multiple of it if there are several
  bool wide = false;  // indices of 64 bits

  bool operator==(const PointwiseForm&) const = default;
};

inline constexpr const char* kPointwiseKernel = "pointwise";

std::string pointwise_source(const Graph& body, const PointwiseForm& form);

// The functions that expressions call, and the expression that computes a node from the values of its inputs.
extern const char* const kPointwisePrelude;
std::string pointwise_expression(const Graph& body, const Node& node);

// What a tensor's elements are in memory and in registers.
const char* stored_type(DType dtype);
const char* register_type(DType dtype);
std::string value_name(ValueId value);

}  // namespace torchtrt::engine
