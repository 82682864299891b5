// Types of inputs that the user did not declare, from what consumes them: never from a constant of the graph.
#pragma once

#include <vector>

#include "core/ir/input.h"
#include "core/lowering/lowering.h"

namespace torchtrt::lowering {

// Sets the type of undeclared inputs: that of the weights of the layer that reads them, else float32. Throws
// kInvalidArgument for an input that is used as an index: whether it is int32 or int64 only the user knows.
void infer_input_dtypes(const Lowered& lowered, const std::vector<size_t>& list_lengths,
                        std::vector<ir::Input>& inputs);

}  // namespace torchtrt::lowering
