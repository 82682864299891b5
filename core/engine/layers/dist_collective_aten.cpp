// DistCollective by torch.distributed's process groups: gloo on the CPU, NCCL on CUDA. Operations are torch's
// functional collectives, which wait on the device's stream only.
#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>
#include <ATen/core/dispatch/Dispatcher.h>

#include <torch/csrc/distributed/c10d/GroupRegistry.hpp>

#include "core/engine/layers/communicator.h"
#include "core/engine/layers/context_state.h"
#include "core/engine/layers/dist_collective.h"
#include "core/engine/layers/kernel_result.h"
#include "core/util/span.h"

namespace torchtrt::engine {
namespace {

struct Group {
  std::string name;
  int64_t rank = 0;  // of this process in the group
};

// Global ranks; backends of the default group may not tell them.
std::vector<int64_t> ranks_of(c10d::ProcessGroup& group, c10::DeviceType device) {
  const auto options = group.getBackend(device)->getBackendOptions();
  std::vector<int64_t> ranks(options->global_ranks_in_group.begin(), options->global_ranks_in_group.end());
  for (int64_t rank = 0; ranks.empty() && rank < group.getSize(); ++rank) ranks.push_back(rank);
  if (static_cast<int>(ranks.size()) != group.getSize()) {
    ranks.clear();
    for (int64_t rank = 0; rank < group.getSize(); ++rank) ranks.push_back(rank);
  }
  return ranks;
}

Group group_of(const DistCollective& op, c10::DeviceType device) {
  const auto& names =
      ContextState::current().keep<Communicator>(&kCommunicatorKey, [] { return new Communicator; }).groups;
  TORCHTRT_REQUIRE(kInvalidState, !names.empty(), "the layer runs on ", op.ranks,
                   " ranks, but the context has no communicator; call setCommunicator");
  for (const std::string& name : names) {
    const auto group = c10d::resolve_process_group(name);
    if (!op.groups.empty() && ranks_of(*group, device) != op.groups) continue;
    TORCHTRT_REQUIRE(kInvalidState, group->getSize() == op.ranks, "the layer was built for ", op.ranks,
                     " ranks, but process group \"", name, "\" has ", group->getSize());
    return {name, group->getRank()};
  }
  TORCHTRT_THROW(kInvalidState, "no process group of the communicator (", list_of(names), ") has the ranks ",
                 list_of(op.groups), " in this order");
}

// Calls an operator of torch and waits for its result.
template <class... Args>
at::Tensor collective(const char* name, Args... args) {
  torch::jit::Stack stack;
  (stack.emplace_back(std::move(args)), ...);
  auto& dispatcher = c10::Dispatcher::singleton();
  dispatcher.findSchemaOrThrow((std::string("_c10d_functional::") + name).c_str(), "").callBoxed(stack);
  dispatcher.findSchemaOrThrow("_c10d_functional::wait_tensor", "").callBoxed(stack);
  return stack.at(0).toTensor();
}

// The average is a sum here: gloo has none.
std::string name_of(CollectiveReduceOp op) {
  constexpr const char* kNames[] = {"sum", "product", "max", "min", "sum"};
  return kNames[static_cast<size_t>(op)];
}

at::Tensor averaged(const DistCollective& op, const at::Tensor& sum) {
  if (op.reduce_op != CollectiveReduceOp::kAvg) return sum;
  return sum.is_floating_point() ? sum / op.ranks : at::div(sum, op.ranks, "trunc");
}

// What ranks add: half types in float32, and integers whose average is asked for where their sum does not wrap.
at::Tensor addend(const DistCollective& op, const at::Tensor& x) {
  return op.reduce_op == CollectiveReduceOp::kAvg && !x.is_floating_point() ? x.to(at::kLong) : widen(x);
}

at::Tensor all_reduce(const DistCollective& op, const Group& group, const at::Tensor& x) {
  return averaged(op, collective("all_reduce", addend(op, x), name_of(op.reduce_op), group.name));
}

at::Tensor all_gather(const DistCollective& op, const Group& group, const at::Tensor& x) {
  return collective("all_gather_into_tensor", x, op.ranks, group.name);
}

// This rank's share of rows.
at::Tensor share(const DistCollective& op, const Group& group, const at::Tensor& x) {
  const int64_t rows = x.size(0) / op.ranks;
  return x.narrow(0, rows * group.rank, rows);
}

at::Tensor all_to_all(const DistCollective& op, const Group& group, const at::Tensor& x) {
  const std::vector<int64_t> rows(static_cast<size_t>(op.ranks), x.size(0) / op.ranks);
  return collective("all_to_all_single", x, rows, rows, group.name);
}

at::Tensor exchanged(const DistCollective& op, const Group& group, const at::Tensor& x) {
  const bool is_root = group.rank == op.root;
  switch (op.op) {
    case CollectiveOp::kAllReduce:
      return all_reduce(op, group, x);
    case CollectiveOp::kAllGather:
      return all_gather(op, group, x);
    case CollectiveOp::kBroadcast:
      return collective("broadcast", x, op.root, group.name);
    case CollectiveOp::kReduce: {
      const at::Tensor sum = all_reduce(op, group, x);
      return is_root ? sum : at::zeros_like(sum);
    }
    case CollectiveOp::kReduceScatter:
      return averaged(op,
                      collective("reduce_scatter_tensor", addend(op, x), name_of(op.reduce_op), op.ranks, group.name));
    case CollectiveOp::kAllToAll:
      return all_to_all(op, group, x);
    case CollectiveOp::kGather: {
      const at::Tensor all = all_gather(op, group, x);
      return is_root ? all : at::zeros_like(all);
    }
    case CollectiveOp::kScatter:
      return share(op, group, collective("broadcast", x, op.root, group.name));
  }
  TORCHTRT_THROW(kInternal, "no such collective operation");
}

}  // namespace

void run(const DistCollective& op, Call& call) {
  if (op.ranks == 1) return call.set(0, call.in(0));
  const Group group = group_of(op, call.device().type());
  const at::Tensor x = call.in(0).contiguous();
  // Backends know no float8; bytes they only move.
  if (x.scalar_type() == at::kFloat8_e4m3fn)
    return deliver(call, exchanged(op, group, x.view(at::kByte)).contiguous().view(at::kFloat8_e4m3fn));
  deliver(call, exchanged(op, group, x));
}
TORCHTRT_KERNEL(DistCollective)

}  // namespace torchtrt::engine
