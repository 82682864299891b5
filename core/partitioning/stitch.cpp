// Writes the graph of the stitched module.
#include "core/partitioning/stitch.h"

#include <torch/csrc/jit/passes/dead_code_elimination.h>
#include <torch/csrc/jit/passes/shape_analysis.h>

#include "core/util/error.h"

namespace torchtrt::partitioning {
namespace {

using ir::Structure;
using torch::jit::Graph;
using torch::jit::Node;
using torch::jit::Value;

const c10::Symbol kExecute = c10::Symbol::fromQualString("tensorrt::execute_engine");

// GetAttr -> ListConstruct -> execute_engine -> ListUnpack
std::vector<Value*> run_engine(Graph& graph, Value* self, const std::string& attribute, const c10::TypePtr& type,
                               const std::vector<Value*>& inputs, size_t outputs) {
  Value* engine = graph.insertGetAttr(self, attribute)->setType(type);
  Value* list = graph.insertNode(graph.createList(c10::TensorType::get(), inputs))->output();
  Node* execute = graph.insertNode(graph.create(kExecute, {list, engine}, 1));
  execute->output()->setType(c10::ListType::ofTensors());
  Node* unpack = graph.insertNode(graph.createListUnpack(execute->output(), outputs));
  return unpack->outputs().vec();
}

Value* cast(Graph& graph, Value* tensor, at::ScalarType dtype) {
  return graph.insert(c10::aten::to, {tensor, static_cast<int64_t>(dtype), false, false});
}

torch::jit::Module new_module(const std::string& name) {
  torch::jit::Module module("__torch__." + name);
  module.register_attribute("training", c10::BoolType::get(), false);
  return module;
}

void define_forward(torch::jit::Module& module, const std::shared_ptr<Graph>& graph) {
  torch::jit::EliminateDeadCode(graph);
  torch::jit::EraseShapeInformation(graph);
  graph->lint();
  const c10::QualifiedName name(*module.type()->name(), "forward");
  module.type()->addMethod(module._ivalue()->compilation_unit()->create_function(name, graph));
}

class Stitcher {
 public:
  Stitcher(const ir::TypedGraph& typed, const Partition& partition, const std::vector<EngineObject>& engines)
      : typed_(typed), partition_(partition), engines_(engines) {}

  void run(torch::jit::Module& module) {
    self_ = graph_->addInput("self");
    self_->setType(module.type());
    add_arguments();
    size_t engine = 0;
    for (const Part& part : partition_.parts) {
      if (part.in_engine) {
        const std::string attribute = join("engine_", engine);
        module.register_attribute(attribute, engines_.at(engine).type, engines_.at(engine).object);
        add_engine(part, engines_.at(engine++), attribute);
      } else {
        for (const Node* node : part.nodes) copy(node);
      }
    }
    graph_->registerOutput(result(typed_.result));
    define_forward(module, graph_);
  }

 private:
  // The arguments of the user's forward that are no constants, taken apart into flat tensors.
  void add_arguments() {
    const auto& declared = typed_.schema.arguments();
    for (size_t i = 0; i < typed_.arguments.size(); ++i) {
      const Structure& structure = typed_.arguments[i];
      if (structure.kind == Structure::Kind::kConstant) continue;
      Value* input = graph_->addInput(declared.at(i + 1).name());
      input->setType(structure.type);
      unpack(structure, input);
    }
  }

  void unpack(const Structure& structure, Value* value) {
    if (structure.is_tensor()) {
      values_[typed_.graph->inputs().at(structure.index)] = value;
      return;
    }
    Node* node = structure.kind == Structure::Kind::kTuple ? graph_->createTupleUnpack(value)
                                                           : graph_->createListUnpack(value, structure.items.size());
    graph_->insertNode(node);
    for (size_t i = 0; i < structure.items.size(); ++i) unpack(structure.items[i], node->output(i));
  }

  // The value in the new graph; constants and glue are written where they are needed.
  Value* get(const Value* value) {
    const auto found = values_.find(value);
    if (found != values_.end()) return found->second;
    copy(value->node());
    return values_.at(value);
  }

  void copy(const Node* node) {
    for (const Value* input : node->inputs()) get(input);  // before the node, so that order stays
    Node* twin = graph_->createClone(const_cast<Node*>(node), [this](Value* value) { return get(value); });
    graph_->insertNode(twin);
    // A copy of its own: later changes of the user's module do not reach the compiled one.
    if (node->kind() == c10::prim::Constant && twin->hasAttribute(c10::attr::value) &&
        twin->kindOf(c10::attr::value) == torch::jit::AttributeKind::t)
      twin->t_(c10::attr::value, twin->t(c10::attr::value).clone());
    for (size_t i = 0; i < node->outputs().size(); ++i) values_[node->output(i)] = twin->output(i);
  }

  void add_engine(const Part& part, const EngineObject& engine, const std::string& attribute) {
    std::vector<Value*> inputs;
    for (size_t i = 0; i < part.inputs.size(); ++i) {
      Value* tensor = get(part.inputs[i]);
      const at::ScalarType bound = engine.input_dtypes.at(i);
      inputs.push_back(bound == dtype(part.inputs[i]) ? tensor : cast(*graph_, tensor, bound));
    }
    const auto outputs = run_engine(*graph_, self_, attribute, engine.type, inputs, part.outputs.size());
    for (size_t i = 0; i < outputs.size(); ++i) {  // what was computed in float32 is returned as float64
      const bool widen = dtype(part.outputs[i]) == at::kDouble;
      values_[part.outputs[i]] = widen ? cast(*graph_, outputs[i], at::kDouble) : outputs[i];
    }
  }

  at::ScalarType dtype(const Value* value) const { return typed_.fact(value).tensor().scalar_type(); }

  Value* result(const Structure& structure) {
    if (structure.is_tensor()) return get(typed_.graph->outputs().at(structure.index));
    if (structure.kind == Structure::Kind::kConstant) return graph_->insertConstant(structure.constant);
    std::vector<Value*> items, keys;
    for (const Structure& item : structure.items) items.push_back(result(item));
    if (structure.kind == Structure::Kind::kList)
      return graph_->insertNode(graph_->createList(structure.type->expect<c10::ListType>()->getElementType(), items))
          ->output();
    if (structure.kind == Structure::Kind::kTuple) {
      const auto named = structure.type->cast<c10::TupleType>();  // torch wants the type of named tuples only
      return graph_->insertNode(graph_->createTuple(items, named && named->schema() ? named : nullptr))->output();
    }
    for (const c10::IValue& key : structure.keys) keys.push_back(graph_->insertConstant(key));
    const auto dict = structure.type->expect<c10::DictType>();
    return graph_->insertNode(graph_->createDict(dict->getKeyType(), dict->getValueType(), keys, items))->output();
  }

  const ir::TypedGraph& typed_;
  const Partition& partition_;
  const std::vector<EngineObject>& engines_;
  std::shared_ptr<Graph> graph_ = std::make_shared<Graph>();
  Value* self_ = nullptr;
  std::unordered_map<const Value*, Value*> values_;
};

}  // namespace

torch::jit::Module stitch(const std::string& name, const ir::TypedGraph& graph, const Partition& partition,
                          const std::vector<EngineObject>& engines) {
  torch::jit::Module module = new_module(name);
  Stitcher(graph, partition, engines).run(module);
  return module;
}

torch::jit::Module wrap(const std::string& name, const EngineObject& engine, size_t inputs, size_t outputs) {
  torch::jit::Module module = new_module(name);
  module.register_attribute("engine_0", engine.type, engine.object);
  const auto graph = std::make_shared<Graph>();
  Value* self = graph->addInput("self")->setType(module.type());
  std::vector<Value*> tensors;
  for (size_t i = 0; i < inputs; ++i)
    tensors.push_back(graph->addInput(join("input_", i))->setType(c10::TensorType::get()));
  const auto results = run_engine(*graph, self, "engine_0", engine.type, tensors, outputs);
  graph->registerOutput(results.size() == 1 ? results[0] : graph->insertNode(graph->createTuple(results))->output());
  define_forward(module, graph);
  return module;
}

}  // namespace torchtrt::partitioning
