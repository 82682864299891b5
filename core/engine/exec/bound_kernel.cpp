// The registry of binders.
#include "core/engine/exec/bound_kernel.h"

#include <map>

namespace torchtrt::engine {
namespace {

std::map<std::string_view, Binder>& binders() {
  static std::map<std::string_view, Binder> map;
  return map;
}

}  // namespace

void register_binder(std::string_view kind, Binder binder) { binders()[kind] = binder; }

std::unique_ptr<BoundKernel> bind_kernel(const NodeView& view) {
  const auto found = binders().find(view.node.layer->kind());
  return found == binders().end() ? nullptr : found->second(view);
}

}  // namespace torchtrt::engine
