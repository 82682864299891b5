// The order of passes.
#include "core/engine/passes/passes.h"

#include "core/engine/passes/list.h"

namespace torchtrt::engine {
namespace {

constexpr Pass kPasses[] = {
    {"weights_to_inputs", 0, weights_to_inputs},
    {"remove_no_ops", 1, remove_no_ops},
    {"fold_constants", 1, fold_constants},
    {"merge_equal_nodes", 1, merge_equal_nodes},
    {"remove_no_ops", 1, remove_no_ops},  // merging puts more of them side by side
    {"fold_scale_into_convolution", 2, fold_scale_into_convolution},
    {"make_attention", 2, make_attention},
    {"make_linear", 2, make_linear},
    {"fold_constants", 2, fold_constants},
    {"merge_equal_nodes", 2, merge_equal_nodes},
    {"fold_attention_mask", 2, fold_attention_mask},
    {"make_normalization", 2, make_normalization},
    {"make_gelu", 2, make_gelu},
    {"fuse_linear", 2, fuse_linear},
    {"merge_linears", 2, merge_linears},
    {"fuse_convolution", 2, fuse_convolution},
    {"move_residual_bias", 2, move_residual_bias},
    {"fuse_residual_norm", 2, fuse_residual_norm},
    {"fuse_pointwise", 2, fuse_pointwise},
};

}  // namespace

std::span<const Pass> passes() { return kPasses; }

}  // namespace torchtrt::engine
