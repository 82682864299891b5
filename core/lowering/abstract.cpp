// Samples of constants and containers.
#include "core/lowering/abstract.h"

#include "core/ir/typed_graph.h"
#include "core/util/error.h"

namespace torchtrt::lowering {
namespace {

c10::IValue fold(const c10::TypePtr& type, const std::vector<Abstract>& items, size_t k, bool meta) {
  if (type->kind() == c10::TypeKind::TupleType) {
    std::vector<c10::IValue> elements;
    for (const Abstract& item : items) elements.push_back(item.sample(k, meta));
    return c10::ivalue::Tuple::create(std::move(elements));
  }
  c10::impl::GenericList list(type->expect<c10::ListType>()->getElementType());
  for (const Abstract& item : items) list.push_back(item.sample(k, meta));
  return list;
}

}  // namespace

bool Abstract::is_constant() const {
  if (!items) return value == nullptr;
  for (const Abstract& item : *items)
    if (!item.is_constant()) return false;
  return true;
}

bool Abstract::is_known() const {
  if (!items) return value == nullptr || !samples.empty();
  for (const Abstract& item : *items)
    if (!item.is_known()) return false;
  return true;
}

c10::IValue Abstract::sample(size_t k, bool meta) const {
  if (keys) {
    const auto dict = type->expect<c10::DictType>();
    c10::impl::GenericDict result(dict->getKeyType(), dict->getValueType());
    for (size_t i = 0; i < items->size(); ++i) result.insert(keys->at(i), items->at(i).sample(k, meta));
    return result;
  }
  if (items) return fold(type, *items, k, meta);
  if (value == nullptr) return meta ? ir::without_data(constant) : constant;
  TORCHTRT_REQUIRE(kInternal, !samples.empty(), "a value that depends on data has no samples");
  return samples.at(samples.size() == 1 ? 0 : k);
}

Abstract constant_of(c10::IValue value, c10::TypePtr type) {
  Abstract result;
  result.type = type ? std::move(type) : value.type();
  result.constant = std::move(value);
  return result;
}

Abstract container_of(std::vector<Abstract> items, c10::TypePtr type) {
  Abstract result;
  result.items = std::make_shared<std::vector<Abstract>>(std::move(items));
  result.type = std::move(type);
  return result;
}

bool expand_constant(Abstract& abstract) {
  if (abstract.items) return true;
  if (abstract.value || !(abstract.constant.isList() || abstract.constant.isTuple())) return false;
  std::vector<Abstract> items;
  if (abstract.constant.isTuple()) {
    for (const auto& element : abstract.constant.toTupleRef().elements()) items.push_back(constant_of(element));
  } else {
    for (const c10::IValue& element : abstract.constant.toListRef()) items.push_back(constant_of(element));
  }
  abstract.items = std::make_shared<std::vector<Abstract>>(std::move(items));
  abstract.constant = c10::IValue();
  return true;
}

}  // namespace torchtrt::lowering
