// The passes, one a file; what each rewrites stands at the head of its file.
#pragma once

#include "core/engine/passes/passes.h"

namespace torchtrt::engine {

bool weights_to_inputs(Graph& graph);
bool fold_constants(Graph& graph);
bool merge_equal_nodes(Graph& graph);
bool remove_no_ops(Graph& graph);
bool fold_scale_into_convolution(Graph& graph);
bool make_linear(Graph& graph);
bool merge_linears(Graph& graph);
bool fuse_linear(Graph& graph);
bool make_attention(Graph& graph);
bool fold_attention_mask(Graph& graph);
bool make_gelu(Graph& graph);
bool make_normalization(Graph& graph);
bool fuse_residual_norm(Graph& graph);
bool fuse_convolution(Graph& graph);
bool move_residual_bias(Graph& graph);
bool fuse_pointwise(Graph& graph);

}  // namespace torchtrt::engine
