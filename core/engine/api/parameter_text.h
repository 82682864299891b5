// Text about the parameters of one layer: their names and values as NVIDIA's inspectors spell them.
#pragma once

#include <string>

#include "core/engine/api/text_writer.h"
#include "core/engine/graph/graph.h"

namespace torchtrt::engine::api {

// "Float", "BFloat16", ...
const char* type_text(DType dtype);
// "MATRIX_MULTIPLY" of "MatrixMultiply"
std::string upper_snake(std::string_view name);
// "ParameterType" and one key for each attribute; weights that come as constant inputs are told like attributes.
void write_parameters(TextWriter& out, const Graph& graph, const Node& node);

}  // namespace torchtrt::engine::api
