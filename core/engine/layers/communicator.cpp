// Communicator: the text that names process groups.
#include "core/engine/layers/communicator.h"

#include <cstring>

#include "core/util/error.h"

namespace torchtrt::engine {
namespace {

constexpr std::string_view kPrefix = "torch.distributed:";
constexpr size_t kLongest = 4096;

}  // namespace

Communicator parse_communicator(const char* text) {
  TORCHTRT_REQUIRE(kInvalidArgument, text && std::strncmp(text, kPrefix.data(), kPrefix.size()) == 0,
                   "the embedded engine's communicator is the text \"", kPrefix,
                   "NAME\" with the names of torch.distributed process groups (group.group_name), separated by commas");
  std::string_view rest(text + kPrefix.size(), strnlen(text + kPrefix.size(), kLongest));
  Communicator result;
  while (true) {
    const size_t comma = rest.find(',');
    result.groups.emplace_back(rest.substr(0, comma));
    TORCHTRT_REQUIRE(kInvalidArgument, !result.groups.back().empty(), "communicator \"", text,
                     "\": the name of a process group is empty");
    if (comma == std::string_view::npos) return result;
    rest.remove_prefix(comma + 1);
  }
}

}  // namespace torchtrt::engine
