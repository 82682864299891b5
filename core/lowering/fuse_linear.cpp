// addmm(b, x, t(w)) and matmul(x, t(w)) + b -> linear(x, w, b), as torch itself matches them.
#include <torch/csrc/jit/passes/fuse_linear.h>

#include "core/lowering/passes.h"

namespace torchtrt::lowering {

void fuse_linear(GraphPtr& graph) { torch::jit::FuseLinear(graph); }

}  // namespace torchtrt::lowering
