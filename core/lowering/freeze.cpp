// Inlines calls with the modules they are made on, and replaces attributes by constants.
#include "core/lowering/freeze.h"

#include <torch/csrc/jit/ir/constants.h>
#include <torch/csrc/jit/passes/inliner.h>

#include "core/ir/origin.h"
#include "core/util/error.h"

namespace torchtrt::lowering {
namespace {

using torch::jit::Block;
using torch::jit::Graph;
using torch::jit::IValue;
using torch::jit::Node;
using torch::jit::Value;

// A module object of the model and the way to it.
struct Object {
  IValue object;
  std::string path;
};

std::string child_path(const std::string& path, const std::string& name) {
  return path.empty() ? name : path + "." + name;
}

void set_scope(Node* node, const torch::jit::ScopePtr& scope) {
  node->setScope(scope);
  for (Block* block : node->blocks())
    for (Node* inner : block->nodes()) set_scope(inner, scope);
}

class Freezer {
 public:
  explicit Freezer(Graph& graph) : graph_(graph) {}

  ir::Names run(const torch::jit::Module& module) {
    objects_[graph_.inputs().at(0)] = {module._ivalue(), ""};
    const auto root = ir::push_module(c10::make_intrusive<torch::jit::Scope>(), {"", ir::python_name(*module.type())});
    for (Node* node : graph_.nodes()) set_scope(node, root);
    visit(graph_.block());
    return std::move(names_);
  }

 private:
  void visit(Block* block) {
    for (Node* node = block->param_node()->next(); node != block->return_node();) {
      if (node->kind() == c10::prim::GetAttr && objects_.count(node->input())) {
        node = replace_attribute(node);
      } else if (node->kind() == c10::prim::CallMethod && objects_.count(node->input(0))) {
        node = inline_method(node);
      } else if (node->kind() == c10::prim::CallFunction) {
        node = inline_function(node);
      } else {
        for (Block* inner : node->blocks()) visit(inner);
        node = node->next();
      }
    }
  }

  Node* replace_attribute(Node* node) {
    const Object owner = objects_.at(node->input());
    const std::string& name = node->s(c10::attr::name);
    IValue value = owner.object.toObjectRef().getAttr(name);
    const std::string path = child_path(owner.path, name);
    Node* next = node->next();
    if (value.isObject() && !value.isCustomClass()) {
      objects_[node->output()] = {value, path};
      return next;  // stays: its users are inlined or refused
    }
    node->output()->replaceAllUsesWith(constant(value, path, node));
    node->destroy();
    return next;
  }

  Value* constant(IValue value, const std::string& path, Node* node) {
    if (value.isTensor() && value.toTensor().defined()) {
      const at::Tensor detached = value.toTensor().detach();
      names_.set(detached, path);
      value = detached;
    }
    torch::jit::WithInsertPoint guard(node);
    const auto constant = torch::jit::tryInsertConstant(graph_, value, node->sourceRange(), node->scope());
    TORCHTRT_REQUIRE(kUnsupported, constant.has_value(), "Attribute '", path, "' of type ", value.tagKind(),
                     " cannot become a constant of the graph\n  at ", ir::where(*node),
                     "\n  Pass it to forward() as an argument, or keep its module in PyTorch.");
    return *constant;
  }

  Node* inline_method(Node* node) {
    const Object object = objects_.at(node->input(0));
    const auto type = object.object.type()->expect<c10::ClassType>();
    auto& function = type->getMethod(node->s(c10::attr::name));
    return inline_graph(node, function, node->inputs(),
                        ir::push_module(node->scope(), {object.path, ir::python_name(*type)}));
  }

  Node* inline_function(Node* node) {
    auto* function = node->input(0)->type()->expect<c10::FunctionType>()->function();
    return inline_graph(node, *function, node->inputs().slice(1), node->scope());
  }

  // Returns the first inlined node, so that the walk goes on inside.
  Node* inline_graph(Node* node, torch::jit::Function& function, at::ArrayRef<Value*> inputs,
                     const torch::jit::ScopePtr& scope) {
    auto* body = torch::jit::tryToGraphFunction(function);
    TORCHTRT_REQUIRE(kUnsupported, body, "Call of '", function.name(), "', which has no graph\n  at ",
                     ir::where(*node));
    Node* before = node->prev();
    torch::jit::WithInsertPoint guard(node);
    const auto callee = body->graph()->copy();
    const auto outputs = torch::jit::insertGraph(graph_, *callee, inputs);
    for (Node* inner = before->next(); inner != node; inner = inner->next()) set_scope(inner, scope);
    TORCHTRT_REQUIRE(kInternal, outputs.size() == node->outputs().size(), "inlining changed the number of results");
    for (size_t i = 0; i < outputs.size(); ++i) node->output(i)->replaceAllUsesWith(outputs[i]);
    node->destroy();
    return before->next();
  }

  Graph& graph_;
  ir::Names names_;
  std::unordered_map<Value*, Object> objects_;
};

bool is_true(Value* value) {
  const auto constant = torch::jit::toIValue(value);
  return constant && constant->isBool() && constant->toBool();
}

bool is_none(Value* value) {
  const auto constant = torch::jit::toIValue(value);
  return constant && constant->isNone();
}

// "BatchNorm2d 'bn1'", or the operator where the model calls it by hand.
std::string module_and_name(const Node& node) {
  const auto steps = ir::modules_of(node);
  if (steps.empty() || steps.back().path.empty()) return join(ir::operator_name(node), " (", ir::where(node), ")");
  return join(steps.back().type.substr(steps.back().type.rfind('.') + 1), " '", steps.back().path, "'");
}

void check_node(Node* node) {
  static const c10::Symbol kBatchNorm = c10::Symbol::fromQualString("aten::batch_norm");
  static const std::set<c10::Symbol> kDropouts = {c10::aten::dropout, c10::Symbol::fromQualString("aten::dropout_"),
                                                  c10::Symbol::fromQualString("aten::feature_dropout"),
                                                  c10::Symbol::fromQualString("aten::alpha_dropout")};
  if (node->kind() == kBatchNorm && !is_none(node->input(3)))
    TORCHTRT_REQUIRE(kInvalidArgument, !is_true(node->input(5)), module_and_name(*node),
                     " is in training mode (it updates running_mean, running_var and num_batches_tracked)\n  at ",
                     ir::where(*node),
                     "\n  An engine computes with fixed statistics. Call model.eval() before compiling.");  // c1
  if (kDropouts.count(node->kind()))
    TORCHTRT_REQUIRE(kInvalidArgument, !is_true(node->input(2)), module_and_name(*node),
                     " is in training mode: it drops values at random\n  at ", ir::where(*node),
                     "\n  Call model.eval() before compiling.");  // c2
  TORCHTRT_REQUIRE(kUnsupported, node->kind() != c10::prim::SetAttr, "forward() assigns attribute '",
                   node->kind() == c10::prim::SetAttr ? node->s(c10::attr::name) : "", "'\n  at ", ir::where(*node),
                   "\n  A compiled module keeps no state. Return the value instead, or call model.eval() if only "
                   "training needs it.");  // c3
  for (Block* block : node->blocks())
    for (Node* inner : block->nodes()) check_node(inner);
}

}  // namespace

Frozen freeze(const torch::jit::Module& module, const std::string& method) {
  const auto found = module.find_method(method);
  TORCHTRT_REQUIRE(kInvalidArgument, found.has_value(), "The module ", ir::python_name(*module.type()),
                   " has no method '", method, "'. Export it with @torch.jit.export, or name another one.");
  Frozen frozen{found->graph()->copy(), {}};
  frozen.names = Freezer(*frozen.graph).run(module);
  return frozen;
}

void check_frozen(const std::shared_ptr<Graph>& graph) {
  for (Node* node : graph->nodes()) check_node(node);
  Value* self = graph->inputs().at(0);
  TORCHTRT_REQUIRE(kUnsupported, !self->hasUses(), "Node ", ir::operator_name(*self->uses().at(0).user),
                   " uses the module itself\n  at ", ir::where(*self->uses().at(0).user),
                   "\n  Modules in lists, tuples or branches cannot be inlined: call them by attribute.");
  graph->eraseInput(0);
}

}  // namespace torchtrt::lowering
