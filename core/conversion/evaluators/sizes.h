// Evaluators: nodes on numbers that have a meaning while converting.
#pragma once

#include <torch/csrc/jit/ir/ir.h>

#include <vector>

#include "core/conversion/builder.h"

namespace torchtrt::conversion {

bool evaluates(const torch::jit::Node& node);
// A constant or a Dim.
Operand evaluate(Builder& builder, const torch::jit::Node& node, const std::vector<Operand>& inputs);

}  // namespace torchtrt::conversion
