// The registry of layer kinds.
#include "core/engine/layers/layer.h"

#include <map>

namespace torchtrt::engine {
namespace {

// Filled by static initialisers of many files, so it is made on first use.
std::map<std::string_view, LayerFactory>& factories() {
  static std::map<std::string_view, LayerFactory> map;
  return map;
}

}  // namespace

void register_layer(std::string_view kind, LayerFactory factory) { factories()[kind] = factory; }

std::unique_ptr<Layer> make_layer(std::string_view kind) {
  const auto found = factories().find(kind);
  return found == factories().end() ? nullptr : found->second();
}

}  // namespace torchtrt::engine
