// load_carried: libraries of plugins that came with a plan, see IBuilderConfig::setPluginsToSerialize.
#pragma once

#include <string>

#include "core/engine/api/registry.h"
#include "core/engine/file/carried_libraries.h"

namespace torchtrt::engine::api {

// Where the files that they are loaded from may be.
struct TemporaryFiles {
  nv::TempfileControlFlags allowed = 0;
  std::string directory;  // empty: the system's
};

// Their plugins are registered in `registry`, but for those that it has already. Throws where one cannot be loaded.
void load_carried(const CarriedLibraries& libraries, const TemporaryFiles& files, PluginRegistry& registry);

}  // namespace torchtrt::engine::api
