// The walk: constants are folded, branches taken, loops unrolled, everything else copied with samples.
#include "core/lowering/specializer.h"

#include <torch/csrc/jit/ir/constants.h>

#include <functional>

#include "core/ir/origin.h"
#include "core/lowering/sample.h"
#include "core/util/error.h"

namespace torchtrt::lowering {
namespace {

using torch::jit::Block;
using torch::jit::Value;

constexpr int64_t kMaxUnrolled = 10000;  // iterations of one loop; more would not build in a useful time

bool random(torch::jit::Node* node) {
  return node->isNondeterministic() || (node->maybeSchema() && node->schema().name().find("rand") != std::string::npos);
}

// Samples of one boolean that all agree; shapes between min and max are taken to agree with them.
std::optional<bool> decided(const Abstract& condition) {
  if (!condition.is_known()) return std::nullopt;
  const bool first = condition.sample(0, false).toBool();
  for (size_t k = 1; k < condition.samples.size(); ++k)
    if (condition.sample(k, false).toBool() != first) return std::nullopt;
  return first;
}

}  // namespace

Abstract& Specializer::get(Value* value) {
  const auto found = environment_.find(value);
  TORCHTRT_REQUIRE(kInternal, found != environment_.end(), "value %", value->debugName(), " is used before it is made");
  return found->second;
}

void Specializer::set(Value* value, Abstract abstract) {
  if (!abstract.type) abstract.type = value->type();
  environment_.insert_or_assign(value, std::move(abstract));
}

Abstract Specializer::add_input(const std::string& name, std::vector<c10::IValue> samples) {
  Value* input = graph->addInput();
  input->setDebugName(name);
  input->setType(c10::TensorType::get());
  shared_.insert(input);
  sets_ = std::max(sets_, samples.size());
  return computed(input, std::move(samples));
}

Abstract Specializer::computed(Value* value, std::vector<c10::IValue> samples) {
  if (value->type()->kind() == c10::TypeKind::TensorType) value->setType(c10::TensorType::get());
  if (!samples.empty()) facts[value] = {samples};
  Abstract result;
  result.value = value;
  result.samples = std::move(samples);
  result.type = value->type();
  return result;
}

Value* Specializer::materialize(const Abstract& abstract) {
  if (abstract.value) return abstract.value;
  if (!abstract.items) {
    const bool tensor = abstract.constant.isTensor() && abstract.constant.toTensor().defined();
    auto* key = tensor ? abstract.constant.toTensor().unsafeGetTensorImpl() : nullptr;
    if (key && constants_.count(key)) return constants_.at(key);
    Value* value = graph->insertConstant(abstract.constant);
    if (key) constants_[key] = value;
    return value;
  }
  TORCHTRT_REQUIRE(kUnsupported, !abstract.keys,
                   "A dict that stays inside the graph cannot be converted: return it, or "
                   "use a tuple");
  std::vector<Value*> inputs;
  for (const Abstract& item : *abstract.items) inputs.push_back(materialize(item));
  torch::jit::Node* node = abstract.type->kind() == c10::TypeKind::TupleType
                               ? graph->createTuple(inputs, nullptr)
                               : graph->createList(abstract.type->expect<c10::ListType>()->getElementType(), inputs);
  return graph->insertNode(node)->output();
}

Abstract Specializer::run(torch::jit::Graph& source, std::vector<Abstract> arguments) {
  TORCHTRT_REQUIRE(kInternal, arguments.size() == source.inputs().size(), "arguments do not fit the graph");
  for (size_t i = 0; i < arguments.size(); ++i) set(source.inputs()[i], std::move(arguments[i]));
  walk(source.block());
  if (source.outputs().size() == 1) return get(source.outputs()[0]);
  std::vector<Abstract> results;
  std::vector<c10::TypePtr> types;
  for (Value* output : source.outputs()) {
    results.push_back(get(output));
    types.push_back(output->type());
  }
  return container_of(std::move(results), c10::TupleType::create(std::move(types)));
}

void Specializer::walk(Block* block) {
  for (torch::jit::Node* node : block->nodes()) visit(node);
}

void Specializer::visit(Node* node) {
  if (node->kind() == c10::prim::If) return visit_if(node);
  if (node->kind() == c10::prim::Loop) return visit_loop(node);
  if (visit_structure(node) || visit_metadata(node) || visit_list(node)) return;
  visit_operator(node);
}

void Specializer::visit_if(Node* node) {
  const auto condition = decided(get(node->input()));
  if (!condition) return emit_opaque(node);
  Block* taken = node->blocks().at(*condition ? 0 : 1);
  walk(taken);
  for (size_t i = 0; i < node->outputs().size(); ++i) set(node->output(i), get(taken->outputs()[i]));
}

void Specializer::visit_loop(Node* node) {
  const Abstract& trips = get(node->input(0));
  Block* body = node->blocks().at(0);
  std::vector<Abstract> carried;
  for (size_t i = 2; i < node->inputs().size(); ++i) carried.push_back(get(node->input(i)));
  auto condition = decided(get(node->input(1)));
  if (!trips.is_constant() || !condition) return emit_opaque(node);
  for (int64_t i = 0; i < trips.constant.toInt() && *condition; ++i) {
    TORCHTRT_REQUIRE(kUnsupported, i < kMaxUnrolled, "A loop of more than ", kMaxUnrolled,
                     " iterations cannot be unrolled\n  at ", ir::where(*node));
    set(body->inputs()[0], constant_of(i));
    for (size_t c = 0; c < carried.size(); ++c) set(body->inputs()[c + 1], carried[c]);
    walk(body);
    condition = decided(get(body->outputs()[0]));
    TORCHTRT_REQUIRE(kUnsupported, condition.has_value(),
                     "The length of a loop depends on the values of tensors\n  at ", ir::where(*node),
                     "\n  Name its operators in torch_executed_ops, or give the loop a fixed length.");
    for (size_t c = 0; c < carried.size(); ++c) carried[c] = get(body->outputs()[c + 1]);
  }
  for (size_t i = 0; i < carried.size(); ++i) set(node->output(i), carried[i]);
}

void Specializer::visit_operator(Node* node) {
  TORCHTRT_REQUIRE(kInvalidArgument, node->kind() != c10::prim::RaiseException,
                   "The model raises for the declared inputs\n  at ", ir::where(*node), "\n  ",
                   get(node->input(0)).is_constant() ? get(node->input(0)).constant.toStringRef() : "",
                   "\n  Declare inputs that the model accepts.");
  bool constants = true, known = true;
  for (Value* input : node->inputs()) {
    constants &= get(input).is_constant();
    known &= get(input).is_known();
  }
  const bool writes = node->maybeSchema() && node->schema().is_mutable();
  if (constants && !random(node) && !writes && !node->hasSideEffects() && node->maybeOperator()) return fold(node);
  if (!known || !node->maybeOperator() || depends_on_data(node, samples_of_inputs(node, 0, true)))
    return emit_opaque(node);
  emit(node);
}

std::vector<c10::IValue> Specializer::samples_of_inputs(Node* node, size_t k, bool meta) const {
  std::vector<c10::IValue> samples;
  for (Value* input : node->inputs()) samples.push_back(environment_.at(input).sample(k, meta));
  return samples;
}

// "'encoder.offsets', through aten::add", or the name of the value.
std::string Specializer::name_of_folded(Node* node) const {
  for (Value* input : node->inputs()) {
    const Abstract& abstract = environment_.at(input);
    if (abstract.items || abstract.value || !abstract.constant.isTensor()) continue;
    const auto name = names_.find(abstract.constant.toTensor());
    if (!name) continue;
    return name->find(", through ") == std::string::npos ? join(*name, ", through ", ir::operator_name(*node)) : *name;
  }
  return join("%", node->output(0)->debugName());
}

void Specializer::fold(Node* node) {
  const auto results = run_node(node, samples_of_inputs(node, 0, false));
  for (size_t i = 0; i < results.size(); ++i) {
    c10::IValue result = results[i];
    if (result.isTensor() && result.toTensor().defined()) {
      if (result.toTensor().requires_grad()) result = result.toTensor().detach();
      if (!names_.find(result.toTensor())) names_.set(result.toTensor(), name_of_folded(node));
    }
    set(node->output(i), constant_of(result, node->output(i)->type()));
  }
}

void Specializer::emit(Node* node) {
  if (emit_functional(node)) return;
  std::vector<std::vector<c10::IValue>> samples(node->outputs().size());
  for (size_t k = 0; k < sets_; ++k) {
    const auto results = run_node(node, samples_of_inputs(node, k, true));
    for (size_t i = 0; i < results.size(); ++i) samples[i].push_back(results[i]);
  }
  Node* copy = graph->createClone(node, [this](Value* input) { return materialize(get(input)); });
  graph->insertNode(copy);
  note_sharing(copy);
  for (size_t i = 0; i < copy->outputs().size(); ++i) {
    Value* output = copy->output(i);
    if (samples[i][0].isList() && output->type()->cast<c10::ListType>()) {
      set(node->output(i), unpack_list(output, samples[i]));
      continue;
    }
    Abstract result = computed(output, samples[i]);
    if (samples[i][0].isBool() && decided(result)) result = constant_of(samples[i][0], output->type());
    set(node->output(i), std::move(result));
  }
}

// A list of known length becomes its elements; otherwise it stays a list that nobody looks into.
Abstract Specializer::unpack_list(Value* list, const std::vector<c10::IValue>& samples) {
  const size_t length = samples[0].toListRef().size();
  for (const c10::IValue& sample : samples)
    if (sample.toListRef().size() != length) return computed(list, {});
  const auto element = list->type()->expect<c10::ListType>()->getElementType();
  Node* unpack = graph->insertNode(graph->createListUnpack(list, length));
  std::vector<Abstract> items;
  for (size_t i = 0; i < length; ++i) {
    std::vector<c10::IValue> elements;
    for (const c10::IValue& sample : samples) elements.push_back(sample.toListRef()[i]);
    if (shared_.count(list)) shared_.insert(unpack->output(i));
    items.push_back(computed(unpack->output(i), std::move(elements)));
  }
  return container_of(std::move(items), list->type());
}

void Specializer::emit_opaque(Node* node) {
  Node* copy = graph->createClone(node, [this](Value* input) { return materialize(get(input)); });
  graph->insertNode(copy);
  note_sharing(copy);
  for (size_t i = 0; i < copy->outputs().size(); ++i) set(node->output(i), computed(copy->output(i), {}));
}

// After views and nodes of unknown meaning, writes to one value may be seen through another.
void Specializer::note_sharing(const Node* node) {
  const auto* schema = node->maybeSchema();
  bool shares = schema == nullptr;
  if (schema)
    for (const auto& result : schema->returns()) shares |= result.alias_info() != nullptr;
  if (!shares) return;
  for (const Value* input : node->inputs()) {
    shared_.insert(input);
    if (input->node()->kind() == c10::prim::ListConstruct)
      shared_.insert(input->node()->inputs().begin(), input->node()->inputs().end());
  }
  shared_.insert(node->outputs().begin(), node->outputs().end());
}

// Every name of a value gets the new one: what an in-place operator does to a value without views.
void Specializer::rebind(const Value* from, const Abstract& to) {
  const std::function<void(Abstract&)> replace = [&](Abstract& abstract) {
    if (abstract.items)
      for (Abstract& item : *abstract.items) replace(item);
    if (abstract.value == from) {
      abstract.value = to.value;
      abstract.samples = to.samples;
    }
  };
  for (auto& [name, abstract] : environment_) replace(abstract);
}

// x.op_(...) -> x = x.op(...). Valid where x was made in the graph, has no views, and keeps its type and sizes.
bool Specializer::emit_functional(Node* node) {
  const std::string name = node->kind().toQualString();
  if (!node->maybeSchema() || !node->schema().is_mutable() || name.back() != '_' || node->outputs().size() != 1)
    return false;
  const Abstract self = get(node->input(0));
  if (!self.value || shared_.count(self.value)) return false;
  std::vector<Value*> inputs;
  for (Value* input : node->inputs()) inputs.push_back(materialize(get(input)));
  const auto kind = c10::Symbol::fromQualString(name.substr(0, name.size() - 1));
  Node* twin = graph->insertNode(graph->create(kind, inputs)->copyMetadata(node));
  std::vector<c10::IValue> samples;
  bool same = twin->maybeOperator() != nullptr;
  for (size_t k = 0; k < sets_ && same; ++k) {
    samples.push_back(run_node(twin, samples_of_inputs(node, k, true)).at(0));
    const at::Tensor before = self.sample(k, true).toTensor(), after = samples.back().toTensor();
    same = before.scalar_type() == after.scalar_type() && before.sizes() == after.sizes();
  }
  if (!same) {
    twin->destroy();
    return false;
  }
  const Abstract result = computed(twin->output(), std::move(samples));
  rebind(self.value, result);
  set(node->output(), result);
  return true;
}

}  // namespace torchtrt::lowering
