// Communicator: the torch.distributed process groups that an execution context was given.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace torchtrt::engine {

// Note [Communicators]: IExecutionContext::setCommunicator takes the address of a text that ends in a zero byte,
// "torch.distributed:NAME[,NAME...]". The names are those under which torch.distributed registers its process groups
// (group.group_name). The first serves layers that name no ranks; a layer that does takes the group of these ranks, in
// this order. Ranks are global ones, those of torch.distributed.get_rank(). The text is copied; groups are looked up at
// each run, and have to live until the last one.
struct Communicator {
  std::vector<std::string> groups;
};

// Under this key a ContextState keeps the Communicator.
inline constexpr char kCommunicatorKey = 0;

// Reads the text. Throws kInvalidArgument for anything else; a stranger's memory is read as far as it agrees.
Communicator parse_communicator(const char* text);

}  // namespace torchtrt::engine
