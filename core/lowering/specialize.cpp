// Arguments and results of specialisation; the walk itself is specializer.cpp.
#include "core/lowering/specialize.h"

#include <ATen/Functions.h>

#include "core/ir/torch_dtype.h"
#include "core/lowering/passes.h"
#include "core/lowering/specializer.h"
#include "core/util/error.h"
#include "core/util/log.h"

namespace torchtrt::lowering {
namespace {

std::vector<c10::IValue> samples_of(const ir::Input& input, bool dynamic) {
  const auto options = at::TensorOptions().dtype(ir::scalar_type_of(input.dtype)).device(at::kMeta);
  std::vector<c10::IValue> samples = {at::empty(input.opt, options)};
  if (dynamic)
    for (const auto& sizes : {input.min, input.max}) samples.emplace_back(at::empty(sizes, options));
  return samples;
}

std::string sanitized(std::string name) {
  for (char& c : name)
    if (!std::isalnum(static_cast<unsigned char>(c)) && c != '_') c = '_';
  return name;
}

// Builds the abstract value of an argument; tensors inside become inputs named after it.
Abstract argument_of(const ir::Structure& structure, const std::string& name, const Request& request, bool dynamic,
                     Specializer& specializer) {
  if (structure.kind == ir::Structure::Kind::kConstant) return constant_of(structure.constant, structure.type);
  if (structure.is_tensor()) {
    const ir::Input& input = request.inputs.at(structure.index);
    return specializer.add_input(input.name.empty() ? sanitized(name) : input.name, samples_of(input, dynamic));
  }
  std::vector<Abstract> items;
  for (size_t i = 0; i < structure.items.size(); ++i)
    items.push_back(argument_of(structure.items[i], join(name, "_", i), request, dynamic, specializer));
  return container_of(std::move(items), structure.type);
}

// Registers the tensors of the result as outputs.
ir::Structure result_of(const Abstract& abstract, Specializer& specializer) {
  ir::Structure structure;
  structure.type = abstract.type;
  if (abstract.is_container()) {
    structure.kind = abstract.keys                                       ? ir::Structure::Kind::kDict
                     : abstract.type->kind() == c10::TypeKind::TupleType ? ir::Structure::Kind::kTuple
                                                                         : ir::Structure::Kind::kList;
    if (abstract.keys) structure.keys = *abstract.keys;
    for (const Abstract& item : *abstract.items) structure.items.push_back(result_of(item, specializer));
    return structure;
  }
  if (!abstract.value && !abstract.constant.isTensor()) {
    structure.kind = ir::Structure::Kind::kConstant;
    structure.constant = abstract.constant;
    return structure;
  }
  structure.index = specializer.graph->registerOutput(specializer.materialize(abstract));
  return structure;
}

bool any_dynamic(const std::vector<ir::Input>& inputs) {
  for (const ir::Input& input : inputs)
    if (input.is_dynamic()) return true;
  return false;
}

bool has_mutation(torch::jit::Graph& graph) {
  for (torch::jit::Node* node : graph.nodes())
    if (const auto* schema = node->maybeSchema(); schema && schema->is_mutable()) return true;
  return false;
}

// Branches hid writes from the alias analysis; now that they are gone, clean up and walk the straight line once more.
void respecialize(ir::TypedGraph& specialized, const Request& request) {
  remove_mutation(specialized.graph);
  remove_no_ops(specialized.graph);
  Specializer again(request, specialized.names);
  std::vector<Abstract> arguments;
  for (torch::jit::Value* input : specialized.graph->inputs())
    arguments.push_back(again.add_input(input->debugName(), specialized.facts.at(input).samples));
  const Abstract result = again.run(*specialized.graph, std::move(arguments));
  if (specialized.graph->outputs().size() == 1) {
    again.graph->registerOutput(again.materialize(result));
  } else {
    for (const Abstract& item : *result.items) again.graph->registerOutput(again.materialize(item));
  }
  specialized.graph = again.graph;
  specialized.facts = std::move(again.facts);
}

}  // namespace

ir::TypedGraph specialize(const Lowered& lowered, const Request& request) {
  ir::TypedGraph result{nullptr,
                        ir::fold_arguments(lowered.schema, request.inputs.size(), request.list_lengths),
                        {},
                        lowered.schema,
                        lowered.names,
                        {}};
  Specializer specializer(request, result.names);
  std::vector<Abstract> arguments;
  const auto& declared = lowered.schema.arguments();
  for (size_t i = 0; i < result.arguments.size(); ++i)
    arguments.push_back(
        argument_of(result.arguments[i], declared.at(i + 1).name(), request, any_dynamic(request.inputs), specializer));
  const auto source = lowered.graph->copy();
  result.result = result_of(specializer.run(*source, std::move(arguments)), specializer);
  result.graph = specializer.graph;
  result.facts = std::move(specializer.facts);
  if (has_mutation(*result.graph)) respecialize(result, request);
  remove_dead_code(result.graph);
  if (logs(LogLevel::kGraph)) log(LogLevel::kGraph, join("Specialised graph:\n", *result.graph));
  return result;
}

}  // namespace torchtrt::lowering
