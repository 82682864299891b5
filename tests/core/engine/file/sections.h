// Sections of a container as copies: to be damaged, left out, and written again.
#pragma once

#include <map>

#include "core/engine/file/container.h"

namespace torchtrt::engine {

inline std::map<SectionId, Bytes> sections_of(const Bytes& file) {
  std::map<SectionId, Bytes> sections;
  for (const auto& [id, bytes] : read_container(file)) sections[id] = Bytes(bytes.begin(), bytes.end());
  return sections;
}

inline Bytes container_of(const std::map<SectionId, Bytes>& sections) {
  return write_container({sections.begin(), sections.end()});
}

}  // namespace torchtrt::engine
