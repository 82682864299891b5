// Specializer: walks a graph with abstract values and writes the straight line.
#pragma once

#include <set>
#include <string>
#include <unordered_map>

#include "core/lowering/abstract.h"
#include "core/lowering/specialize.h"

namespace torchtrt::lowering {

class Specializer {
 public:
  Specializer(const Request& request, ir::Names& names) : request_(request), names_(names) {}

  // Walks `source` with these abstract arguments; the result is in terms of `graph`.
  Abstract run(torch::jit::Graph& source, std::vector<Abstract> arguments);

  // A tensor input of the new graph with these samples.
  Abstract add_input(const std::string& name, std::vector<c10::IValue> samples);
  // The value in the new graph: constants and containers are written where they are asked for.
  torch::jit::Value* materialize(const Abstract& abstract);

  std::shared_ptr<torch::jit::Graph> graph = std::make_shared<torch::jit::Graph>();
  std::unordered_map<const torch::jit::Value*, ir::Fact> facts;

 private:
  using Node = torch::jit::Node;
  void walk(torch::jit::Block* block);
  void visit(Node* node);
  Abstract made_container(Node* node);
  Abstract made_dict(Node* node);
  bool visit_structure(Node* node);  // constants and containers: prim::*
  bool visit_parts(Node* node);
  bool visit_metadata(Node* node);  // sizes and types
  bool visit_list(Node* node);      // aten:: operators on lists
  bool visit_dict(Node* node);
  void visit_if(Node* node);
  void visit_loop(Node* node);
  void visit_operator(Node* node);
  void fold(Node* node);             // all inputs are constants
  void emit(Node* node);             // a copy of the node in the new graph, with samples
  bool emit_functional(Node* node);  // an in-place operator on a value that nobody shares
  void note_sharing(const Node* node);
  void rebind(const torch::jit::Value* from, const Abstract& to);
  void emit_opaque(Node* node);  // a copy without samples

  std::vector<c10::IValue> samples_of_inputs(Node* node, size_t k, bool meta) const;
  Abstract size_of(const Abstract& tensor, int64_t axis);
  Abstract unpack_list(torch::jit::Value* list, const std::vector<c10::IValue>& samples);
  Abstract computed(torch::jit::Value* value, std::vector<c10::IValue> samples);
  std::string name_of_folded(Node* node) const;
  Abstract& get(torch::jit::Value* value);
  void set(torch::jit::Value* value, Abstract abstract);

  const Request& request_;
  ir::Names& names_;
  size_t sets_ = 1;  // shape sets: 1, or 3 where an input is dynamic
  std::unordered_map<const torch::jit::Value*, Abstract> environment_;
  std::unordered_map<const c10::TensorImpl*, torch::jit::Value*> constants_;
  std::set<const torch::jit::Value*>
      shared_;  // views, what they look at, and inputs: writes to them are seen elsewhere
};

}  // namespace torchtrt::lowering
