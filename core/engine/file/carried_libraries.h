// Libraries that travel with a plan: those of its plugins, for machines that do not have them.
#pragma once

#include <string>
#include <vector>

#include "core/engine/file/container.h"

namespace torchtrt::engine {

struct CarriedLibrary {
  std::string path;     // where it came from
  std::string content;  // the file
};
using CarriedLibraries = std::vector<CarriedLibrary>;

// Throws kInvalidArgument, naming the first that cannot be read.
CarriedLibraries read_library_files(const std::vector<std::string>& paths);

Bytes write_libraries(const CarriedLibraries& libraries);
CarriedLibraries read_libraries(ByteSpan section);

}  // namespace torchtrt::engine
