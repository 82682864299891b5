// CarriedLibraries: a section of paths and contents.
#include "core/engine/file/carried_libraries.h"

#include <fstream>
#include <iterator>

#include "core/engine/file/cursor.h"

namespace torchtrt::engine {

CarriedLibraries read_library_files(const std::vector<std::string>& paths) {
  CarriedLibraries libraries;
  for (const std::string& path : paths) {
    std::ifstream file(path, std::ios::binary);
    std::string content{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    TORCHTRT_REQUIRE(kInvalidArgument, file && !content.empty(), "library \"", path,
                     "\" is to travel with the plan, but cannot be read or is empty");
    libraries.push_back({path, std::move(content)});
  }
  return libraries;
}

Bytes write_libraries(const CarriedLibraries& libraries) {
  Writer out;
  out.put_list(libraries, [&](const CarriedLibrary& library) {
    out.put(library.path);
    out.put(library.content);
  });
  return out.take();
}

CarriedLibraries read_libraries(ByteSpan section) {
  Cursor in(section);
  CarriedLibraries libraries(in.get_count(2 * sizeof(uint64_t)));
  for (CarriedLibrary& library : libraries) {
    library.path = in.get<std::string>();
    library.content = in.get<std::string>();
  }
  in.finish();
  return libraries;
}

}  // namespace torchtrt::engine
