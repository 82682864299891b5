// Registry: which operator is converted by what, and which nodes a converter does not take.
#pragma once

#include <torch/csrc/jit/ir/ir.h>

#include <functional>
#include <string>
#include <vector>

#include "core/conversion/call.h"

namespace torchtrt::conversion {

// A node with what is known of its values, for predicates.
class Query {
 public:
  Query(const torch::jit::Node& node, const ir::TypedGraph& graph) : node_(node), graph_(graph) {}

  const torch::jit::Node& node() const { return node_; }
  const torch::jit::Value* input(const char* name) const;
  // The constant, or nullptr where it is computed.
  std::optional<c10::IValue> constant(const char* name) const;
  bool is_none(const char* name) const;
  bool known(const char* name) const;            // a constant, or a list of constants
  at::ScalarType dtype(const char* name) const;  // Undefined where it is no tensor
  int64_t rank(const char* name) const;
  at::ScalarType result(size_t i = 0) const;
  ir::Fact fact_of(const torch::jit::Value* value) const { return graph_.fact(value); }
  ir::Fact fact(const char* name) const { return graph_.fact(input(name)); }
  ir::Fact result_fact(size_t i = 0) const { return graph_.fact(node_.output(i)); }

 private:
  const torch::jit::Node& node_;
  const ir::TypedGraph& graph_;
};

using Convert = std::function<std::vector<Tensor>(Builder&, const Call&)>;
// The reason why a node is not taken, in words for the user; empty where it is.
using Refuse = std::function<std::string(const Query&)>;

struct Converter {
  Convert convert;
  Refuse refuse;
  bool user = false;  // registered from outside: replaces ours
};

// `op` is a name with overload ("aten::softmax.int"). The last registration of a name wins.
void register_converter(const std::string& op, Converter converter);
const Converter* find_converter(const torch::jit::Node& node);
std::vector<std::string> converted_operators();

// Nodes on numbers and lists that have a meaning while converting (evaluators/), with what is known of their values.
bool is_evaluated(const torch::jit::Node& node, const ir::TypedGraph& graph);
// Converted, evaluated, or gone after specialisation: judged by name only, before anything is known of shapes.
bool is_supported(const torch::jit::Node& node);

// Why the node cannot be converted; empty where it can. Types, ranks and unknown shapes are judged here for all.
std::string reason_against(const torch::jit::Node& node, const ir::TypedGraph& graph);

struct Registration {
  Registration(std::vector<std::string> ops, Convert convert, Refuse refuse = nullptr) {
    for (const std::string& op : ops) register_converter(op, {convert, refuse, false});
  }
};

// One result.
using ConvertOne = Tensor (*)(Builder&, const Call&);
inline Convert one(ConvertOne convert) {
  return [convert](Builder& b, const Call& call) { return std::vector<Tensor>{convert(b, call)}; };
}

}  // namespace torchtrt::conversion
