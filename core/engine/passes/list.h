// The passes, one a file; what each rewrites stands at the head of its file.
#pragma once

#include "core/engine/passes/passes.h"

namespace torchtrt::engine {

bool weights_to_inputs(Graph& graph, const PassOptions& options);
bool fold_constants(Graph& graph, const PassOptions& options);
bool merge_equal_nodes(Graph& graph, const PassOptions& options);
bool remove_no_ops(Graph& graph, const PassOptions& options);
bool fold_scale_into_convolution(Graph& graph, const PassOptions& options);
bool make_linear(Graph& graph, const PassOptions& options);
bool make_attention(Graph& graph, const PassOptions& options);
bool fold_attention_mask(Graph& graph, const PassOptions& options);
bool make_gelu(Graph& graph, const PassOptions& options);
bool fuse_convolution(Graph& graph, const PassOptions& options);

}  // namespace torchtrt::engine
