// Folds flat tensors along the types of a signature.
#include "core/ir/structure.h"

#include "core/util/error.h"

namespace torchtrt::ir {
namespace {

bool holds_tensors(const c10::TypePtr& type) {
  if (type->isSubtypeOf(*c10::TensorType::get())) return true;
  for (const auto& inner : type->containedTypes())
    if (holds_tensors(inner)) return true;
  return false;
}

class Folder {
 public:
  Folder(const c10::FunctionSchema& schema, size_t count, std::vector<size_t> lengths)
      : schema_(schema), count_(count), lengths_(std::move(lengths)) {}

  std::vector<Structure> run() {
    std::vector<Structure> arguments;
    for (size_t i = 1; i < schema_.arguments().size(); ++i) arguments.push_back(argument(schema_.arguments()[i]));
    refuse_unless(next_ == count_);
    return arguments;
  }

 private:
  void refuse_unless(bool fits) const {
    TORCHTRT_REQUIRE(kInvalidArgument, fits, "The inputs do not fit ", schema_.name(), "(", describe_arguments(schema_),
                     "): ", count_, " given, ", least(), " tensors expected\n",
                     "  Give one torch_tensorrt.Input per tensor in the order of the signature; input_signature=(...) "
                     "tells how many a list holds.");
  }

  size_t least() const {
    size_t tensors = 0;
    for (size_t i = 1; i < schema_.arguments().size(); ++i) tensors += tensors_of(schema_.arguments()[i].type());
    return tensors;
  }
  static size_t tensors_of(const c10::TypePtr& type) {
    if (type->isSubtypeOf(*c10::TensorType::get())) return 1;
    size_t tensors = 0;
    for (const auto& inner : type->containedTypes()) tensors += tensors_of(inner);
    return tensors;
  }

  Structure argument(const c10::Argument& argument) {
    const bool left = next_ < count_ || !lengths_.empty();
    if (argument.default_value() && (!left || !holds_tensors(argument.type())))
      return {Structure::Kind::kConstant, 0, *argument.default_value(), {}, {}, argument.type()};
    return fold(argument.type(), argument.name());
  }

  Structure fold(const c10::TypePtr& type, const std::string& name) {
    if (const auto optional = type->cast<c10::OptionalType>(); optional && holds_tensors(type))
      return fold(optional->getElementType(), name);
    Structure result;
    result.type = type;
    if (type->isSubtypeOf(*c10::TensorType::get())) {
      refuse_unless(next_ < count_);
      result.index = next_++;
      return result;
    }
    if (const auto tuple = type->cast<c10::TupleType>()) {
      result.kind = Structure::Kind::kTuple;
      for (const auto& element : tuple->elements()) result.items.push_back(fold(element, name));
      return result;
    }
    if (const auto list = type->cast<c10::ListType>(); list && holds_tensors(type)) {
      result.kind = Structure::Kind::kList;
      const size_t length = lengths_.empty() ? count_ - next_ : lengths_.front();
      if (!lengths_.empty()) lengths_.erase(lengths_.begin());
      for (size_t i = 0; i < length; ++i) result.items.push_back(fold(list->getElementType(), name));
      return result;
    }
    TORCHTRT_THROW(
        kInvalidArgument, "Argument '", name, "' of ", schema_.name(), " has type ", type->annotation_str(),
        ", which no engine takes\n  Expected Tensor, or tuples and lists of them. Give it a default value, or "
        "wrap the module so that it takes tensors only.");
  }

  const c10::FunctionSchema& schema_;
  const size_t count_;
  std::vector<size_t> lengths_;
  size_t next_ = 0;
};

}  // namespace

size_t Structure::tensors() const {
  if (is_tensor()) return 1;
  size_t count = 0;
  for (const Structure& item : items) count += item.tensors();
  return count;
}

std::vector<Structure> fold_arguments(const c10::FunctionSchema& schema, size_t count,
                                      const std::vector<size_t>& lengths) {
  return Folder(schema, count, lengths).run();
}

std::string describe_arguments(const c10::FunctionSchema& schema) {
  std::string text;
  for (size_t i = 1; i < schema.arguments().size(); ++i) {
    const auto& argument = schema.arguments()[i];
    text += join(i == 1 ? "" : ", ", argument.name(), ": ", argument.type()->annotation_str());
  }
  return text;
}

}  // namespace torchtrt::ir
