// Containers and sizes in the walk: they are taken apart here, so that no converter ever sees a list of tensors it must
// search.
#include <ATen/core/ivalue.h>
#include <torch/csrc/jit/ir/constants.h>

#include <algorithm>

#include "core/ir/origin.h"
#include "core/lowering/sample.h"
#include "core/lowering/specializer.h"
#include "core/util/error.h"

namespace torchtrt::lowering {
namespace {

using torch::jit::Value;

int64_t wrap(int64_t index, size_t size) { return index < 0 ? index + static_cast<int64_t>(size) : index; }

const Abstract& element(const Abstract& container, int64_t index, const torch::jit::Node& node) {
  const int64_t place = wrap(index, container.items->size());
  TORCHTRT_REQUIRE(kInvalidArgument, place >= 0 && place < static_cast<int64_t>(container.items->size()), "Index ",
                   index, " is outside a list of ", container.items->size(), "\n  at ", ir::where(node));
  return container.items->at(place);
}

Abstract slice(const Abstract& list, const std::vector<c10::IValue>& bounds) {
  const auto size = static_cast<int64_t>(list.items->size());
  int64_t start = bounds[0].isNone() ? 0 : wrap(bounds[0].toInt(), size);
  int64_t end = bounds[1].isNone() ? size : wrap(bounds[1].toInt(), size);
  const int64_t step = bounds[2].toInt();
  start = std::clamp<int64_t>(start, 0, size);
  end = std::clamp<int64_t>(end, 0, size);
  std::vector<Abstract> items;
  for (int64_t i = start; i < end; i += step) items.push_back(list.items->at(i));
  return container_of(std::move(items), list.type);
}

}  // namespace

Abstract Specializer::made_container(Node* node) {
  std::vector<Abstract> items;
  for (Value* input : node->inputs()) items.push_back(get(input));
  return container_of(std::move(items), node->output()->type());
}

Abstract Specializer::made_dict(Node* node) {
  Abstract dict = container_of({}, node->output()->type());
  dict.keys = std::make_shared<std::vector<c10::IValue>>();
  for (size_t i = 0; i + 1 < node->inputs().size(); i += 2) {
    TORCHTRT_REQUIRE(kUnsupported, get(node->input(i)).is_constant(), "A dict key is not a constant\n  at ",
                     ir::where(*node));
    dict.keys->push_back(get(node->input(i)).constant);
    dict.items->push_back(get(node->input(i + 1)));
  }
  return dict;
}

bool Specializer::visit_structure(Node* node) {
  switch (node->kind()) {
    case c10::prim::Constant:
      set(node->output(), constant_of(*torch::jit::toIValue(node->output()), node->output()->type()));
      return true;
    case c10::prim::ListConstruct:
    case c10::prim::TupleConstruct:
      set(node->output(), made_container(node));
      return true;
    case c10::prim::DictConstruct:
      set(node->output(), made_dict(node));
      return true;
    case c10::prim::unchecked_cast:
      set(node->output(), get(node->input()));
      return true;
    case c10::prim::Uninitialized:
      set(node->output(), constant_of(c10::IValue(), node->output()->type()));
      return true;
    case c10::prim::Print:
    case c10::aten::warn:
      return true;  // output of the model's author, not of the model
    default:
      return visit_parts(node);
  }
}

// Containers taken apart, and the question which type a value has.
bool Specializer::visit_parts(Node* node) {
  switch (node->kind()) {
    case c10::prim::ListUnpack:
    case c10::prim::TupleUnpack: {
      Abstract container = get(node->input());
      if (!expand_constant(container)) return false;
      for (size_t i = 0; i < node->outputs().size(); ++i) set(node->output(i), element(container, i, *node));
      return true;
    }
    case c10::prim::TupleIndex: {
      Abstract container = get(node->input(0));
      if (!expand_constant(container) || !get(node->input(1)).is_constant()) return false;
      set(node->output(), element(container, get(node->input(1)).constant.toInt(), *node));
      return true;
    }
    case c10::prim::TupleSlice: {
      Abstract container = get(node->input(0));
      if (!expand_constant(container)) return false;
      Abstract part = slice(container, {node->i(c10::attr::beg), node->i(c10::attr::end), 1});
      part.type = node->output()->type();
      set(node->output(), std::move(part));
      return true;
    }
    case c10::prim::isinstance: {
      if (!get(node->input()).is_known()) return false;
      const c10::TypePtr type = get(node->input()).sample(0, true).type();
      const std::vector<c10::TypePtr> candidates = node->tys(c10::attr::types);
      const auto fits = [&](const c10::TypePtr& candidate) { return type->isSubtypeOf(*candidate); };
      set(node->output(), constant_of(std::any_of(candidates.begin(), candidates.end(), fits)));
      return true;
    }
    default:
      return false;
  }
}

// Types and sizes that do not depend on data. A size that the declared shapes leave open stays an operator.
bool Specializer::visit_metadata(Node* node) {
  static const std::set<std::string> kMetadata = {"aten::dim",       "aten::is_floating_point", "aten::is_complex",
                                                  "prim::dtype",     "aten::ndimension",        "prim::is_sparse",
                                                  "prim::layout",    "prim::requires_grad",     "prim::is_quantized",
                                                  "prim::is_mkldnn", "prim::is_nested"};
  if (node->inputs().empty()) return false;
  const Abstract& self = get(node->input(0));
  const bool tensor = node->input(0)->type()->isSubtypeOf(*c10::TensorType::get());
  if (!tensor || self.is_constant() || !self.is_known() || !self.value) return false;
  const std::string name = node->kind().toQualString();
  if (name == "prim::device" || name == "prim::is_cuda" || name == "prim::is_cpu") {
    const c10::IValue answer = name == "prim::device"    ? c10::IValue(request_.device)
                               : name == "prim::is_cuda" ? c10::IValue(request_.device.is_cuda())
                                                         : c10::IValue(request_.device.is_cpu());
    set(node->output(), constant_of(answer));
    return true;
  }
  if (kMetadata.count(name)) {
    set(node->output(), constant_of(run_node(node, {self.sample(0, true)}).at(0), node->output()->type()));
    return true;
  }
  if (name == "aten::size" && node->inputs().size() == 1) {
    std::vector<Abstract> sizes;
    for (int64_t axis = 0; axis < self.samples[0].toTensor().dim(); ++axis) sizes.push_back(size_of(self, axis));
    set(node->output(), container_of(std::move(sizes), node->output()->type()));
    return true;
  }
  if (name == "aten::size" && get(node->input(1)).is_constant()) {
    const int64_t rank = self.samples[0].toTensor().dim();
    set(node->output(), size_of(self, wrap(get(node->input(1)).constant.toInt(), rank)));
    return true;
  }
  if (name == "aten::len") {
    set(node->output(), size_of(self, 0));
    return true;
  }
  if (name == "aten::numel" && ir::Fact{self.samples}.is_static()) {
    set(node->output(), constant_of(self.samples[0].toTensor().numel()));
    return true;
  }
  return false;
}

Abstract Specializer::size_of(const Abstract& tensor, int64_t axis) {
  std::vector<c10::IValue> samples;
  bool fixed = true;
  for (const c10::IValue& sample : tensor.samples) {
    samples.emplace_back(sample.toTensor().size(axis));
    fixed &= samples.back().toInt() == samples.front().toInt();
  }
  if (fixed) return constant_of(samples.front(), c10::IntType::get());
  Value* size = graph->insert(c10::aten::size, {tensor.value, axis});
  return computed(size, std::move(samples));
}

// Operators on lists whose elements are known. Lists are shared, so that append is seen by every holder.
bool Specializer::visit_list(Node* node) {
  if (node->inputs().empty() || node->kind().ns() != c10::namespaces::aten) return false;
  Abstract& list = get(node->input(0));
  if (list.keys) return visit_dict(node);
  const auto kind = list.type ? list.type->kind() : c10::TypeKind::AnyType;
  if (kind != c10::TypeKind::ListType && kind != c10::TypeKind::TupleType) return false;
  const std::string name = node->kind().toUnqualString();
  static const std::set<std::string> kKnown = {"len",   "__getitem__", "append",    "extend", "list",
                                               "slice", "add",         "_set_item", "copy"};
  if (!kKnown.count(name) || (name != "append" && list.is_constant() && name != "extend" && name != "_set_item"))
    return false;  // constant lists are folded like everything else
  if (!expand_constant(list)) return false;
  const auto constant = [&](size_t i) -> c10::IValue { return get(node->input(i)).constant; };
  if (name == "append") {
    list.items->push_back(get(node->input(1)));
    set(node->output(), list);
  } else if (name == "extend") {
    Abstract other = get(node->input(1));
    if (!expand_constant(other)) return false;
    const std::vector<Abstract> added = *other.items;
    list.items->insert(list.items->end(), added.begin(), added.end());
    if (!node->outputs().empty()) set(node->output(), list);
  } else if (name == "len") {
    set(node->output(), constant_of(static_cast<int64_t>(list.items->size())));
  } else if (name == "__getitem__" && get(node->input(1)).is_constant()) {
    set(node->output(), element(list, constant(1).toInt(), *node));
  } else if (name == "_set_item" && get(node->input(1)).is_constant()) {
    list.items->at(wrap(constant(1).toInt(), list.items->size())) = get(node->input(2));
    set(node->output(), list);
  } else if (name == "slice") {
    set(node->output(), slice(list, {constant(1), constant(2), constant(3)}));
  } else if (name == "list" || name == "copy") {
    set(node->output(), container_of(*list.items, node->output()->type()));
  } else if (name == "add") {
    Abstract other = get(node->input(1));
    if (!expand_constant(other)) return false;
    std::vector<Abstract> items = *list.items;
    items.insert(items.end(), other.items->begin(), other.items->end());
    set(node->output(), container_of(std::move(items), node->output()->type()));
  } else {
    return false;
  }
  return true;
}

bool Specializer::visit_dict(Node* node) {
  Abstract& dict = get(node->input(0));
  const std::string name = node->kind().toUnqualString();
  if (node->inputs().size() < 2 || !get(node->input(1)).is_constant()) return false;
  const c10::IValue& key = get(node->input(1)).constant;
  const auto found = std::find(dict.keys->begin(), dict.keys->end(), key);
  const size_t place = found - dict.keys->begin();
  if (name == "__getitem__" && found != dict.keys->end()) {
    set(node->output(), dict.items->at(place));
  } else if (name == "__contains__") {
    set(node->output(), constant_of(found != dict.keys->end()));
  } else if (name == "_set_item") {
    if (found == dict.keys->end()) {
      dict.keys->push_back(key);
      dict.items->push_back(get(node->input(2)));
    } else {
      dict.items->at(place) = get(node->input(2));
    }
  } else {
    return false;
  }
  return true;
}

}  // namespace torchtrt::lowering
