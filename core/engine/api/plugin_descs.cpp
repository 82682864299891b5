// Descriptors and expressions for plugins.
#include "core/engine/api/plugin_descs.h"

#include <algorithm>
#include <limits>
#include <mutex>

#include "core/engine/api/twins.h"
#include "core/engine/layers/rules.h"

namespace torchtrt::engine::api {
namespace {

nv::PluginTensorDesc desc_of(const Shape& shape, DType dtype) {
  nv::PluginTensorDesc desc{};
  desc.dims = dims_of(shape);
  desc.type = theirs(dtype);
  desc.format = nv::TensorFormat::kLINEAR;
  desc.scale = dtype == DType::kInt8 ? 1.0F : 0.0F;
  return desc;
}

PluginTensors at(const PluginTensors& tensors, const Types& types, Shape PluginTensor::*corner) {
  PluginTensors result;
  for (size_t i = 0; i < tensors.size(); ++i) result.push_back({types[i], tensors[i].*corner});
  return result;
}

// One walk over the combinations, position by position, that ends at the first that is accepted.
class Search {
 public:
  Search(const PluginBuild& build, int limit, const Supports& supports)
      : build_(build), left_(limit), supports_(supports) {
    for (const PluginTensor& tensor : build.profiles.front()) types_.push_back(tensor.dtype);
  }
  bool run(size_t position = 0) {
    if (position == types_.size()) return true;
    for (const DType type : candidates(build_.profiles.front()[position].dtype)) {
      if (left_ <= 0) return false;
      types_[position] = type;
      farthest_ = std::max(farthest_, position);
      if (!supports_(position, types_)) {
        --left_;
        continue;
      }
      if (run(position + 1)) return true;
    }
    types_[position] = build_.profiles.front()[position].dtype;
    return false;
  }
  const Types& types() const { return types_; }
  size_t farthest() const { return farthest_; }

 private:
  Types candidates(DType type) const {
    if (!build_.weak || !is_floating(type)) return {type};
    return {DType::kFloat32, DType::kFloat16, DType::kBFloat16};
  }

  const PluginBuild& build_;
  int left_;
  const Supports& supports_;
  Types types_;
  size_t farthest_ = 0;
};

}  // namespace

std::vector<nv::PluginTensorDesc> descs_of(const PluginTensors& tensors) {
  std::vector<nv::PluginTensorDesc> descs;
  for (const PluginTensor& tensor : tensors) descs.push_back(desc_of(tensor.shape, tensor.dtype));
  return descs;
}

std::vector<nv::DynamicPluginTensorDesc> dynamic_descs_of(const PluginTensors& tensors, const Types& types) {
  std::vector<nv::DynamicPluginTensorDesc> descs;
  for (size_t i = 0; i < tensors.size(); ++i) {
    const PluginTensor& tensor = tensors[i];
    descs.push_back({desc_of(tensor.shape, types[i]), dims_of(tensor.min), dims_of(tensor.max), dims_of(tensor.opt)});
  }
  return descs;
}

PluginTensors at_opt(const PluginTensors& tensors, const Types& types) {
  return at(tensors, types, &PluginTensor::opt);
}
PluginTensors at_max(const PluginTensors& tensors, const Types& types) {
  return at(tensors, types, &PluginTensor::max);
}

std::vector<nv::DynamicPluginTensorDesc> fixed_descs_of(const PluginTensors& tensors) {
  std::vector<nv::DynamicPluginTensorDesc> descs;
  for (const nv::PluginTensorDesc& desc : descs_of(tensors)) descs.push_back({desc, desc.dims, desc.dims, desc.dims});
  return descs;
}

Types accepted_types(const PluginBuild& build, int limit, const Supports& supports) {
  Search search(build, limit, supports);
  if (search.run()) return search.types();
  const size_t refused = search.farthest();
  const bool is_input = refused < build.inputs;
  TORCHTRT_THROW(kInvalidConfig, "the plugin does not take types ", list_of(search.types()),
                 " in the row-major format: it refused ", is_input ? "input " : "output ",
                 is_input ? refused : refused - build.inputs,
                 build.weak ? "" : ". In a strongly typed network a Cast layer has to provide the types that it takes");
}

void check_result(int32_t result, const char* function) {
  TORCHTRT_CHECK(result == 0, "the plugin failed: its ", function, " answered ", result);
}

class ExprBuilder::Expr final : public nv::IDimensionExpr, public nv::apiv::VDimensionExpr {
 public:
  Expr(const DimRule& rule, DimRule::Term term) : rule_(rule), term_(term) { mImpl = this; }
  bool isConstant() const override { return rule_.is_constant(term_); }
  int64_t getConstantValue() const override {
    return isConstant() ? rule_.constant_value(term_) : std::numeric_limits<int64_t>::min();
  }
  bool isSizeTensor() const override { return rule_.is_size_tensor(term_); }

 private:
  const DimRule& rule_;
  DimRule::Term term_;
};

ExprBuilder::ExprBuilder() { mImpl = this; }

ExprBuilder::~ExprBuilder() = default;

std::shared_ptr<ExprBuilder> ExprBuilder::lasting() {
  static std::mutex mutex;
  static std::shared_ptr<ExprBuilder> last;
  auto fresh = std::make_shared<ExprBuilder>();
  const std::lock_guard lock(mutex);
  last = fresh;
  return fresh;
}

const nv::IDimensionExpr* ExprBuilder::keep(DimRule::Term term) {
  const nv::IDimensionExpr* made = expressions_.emplace_back(std::make_unique<Expr>(rule_, term)).get();
  terms_[made] = term;
  return made;
}

DimRule::Term ExprBuilder::term_of(const nv::IDimensionExpr* expression) const {
  const auto found = terms_.find(expression);
  return found == terms_.end() ? -1 : found->second;
}

const nv::IDimensionExpr* ExprBuilder::constant(int64_t value) { return keep(rule_.constant(value)); }

const nv::IDimensionExpr* ExprBuilder::operation(nv::DimensionOperation op, const nv::IDimensionExpr& first,
                                                 const nv::IDimensionExpr& second) {
  const DimRule::Term a = term_of(&first), b = term_of(&second);
  if (a < 0 || b < 0) return nullptr;
  try {
    return keep(rule_.operation(static_cast<int64_t>(op), a, b));
  } catch (const Error&) {
    return nullptr;  // what the interface answers for an operation that is none
  }
}

const nv::IDimensionExpr* ExprBuilder::declareSizeTensor(int32_t output, const nv::IDimensionExpr& opt,
                                                         const nv::IDimensionExpr& upper) {
  const DimRule::Term a = term_of(&opt), b = term_of(&upper);
  return output < 0 || a < 0 || b < 0 ? nullptr : keep(rule_.size_tensor(output, a, b));
}

nv::DimsExprs ExprBuilder::lengths_of(const ShapeArgs& in, int input) {
  nv::DimsExprs result{};
  result.nbDims = in[input].rank();
  for (int axis = 0; axis < result.nbDims; ++axis) {
    const int64_t length = in[input][axis];
    result.d[axis] = length == kUnknown ? keep(rule_.length(input, axis)) : constant(length);
  }
  return result;
}

nv::DimsExprs ExprBuilder::elements_of(const ShapeArgs& in, int input) {
  nv::DimsExprs result{};
  result.nbDims = static_cast<int32_t>(in[input].volume());
  const HostValue* value = in.value(input);
  for (int32_t i = 0; i < result.nbDims; ++i) {
    const bool known = value && value->elements[static_cast<size_t>(i)].known;
    result.d[i] = known ? constant(value->elements[static_cast<size_t>(i)].as_int()) : keep(rule_.element(input, i));
  }
  return result;
}

void ExprBuilder::add_output(const nv::DimsExprs& lengths) {
  const int output = rule_.output_count();
  TORCHTRT_CHECK(lengths.nbDims >= 0 && lengths.nbDims <= nv::Dims::MAX_DIMS, "the plugin answers rank ",
                 lengths.nbDims, " for output ", output, "; 0 to ", nv::Dims::MAX_DIMS, " are possible");
  std::vector<DimRule::Term> terms;
  for (int32_t axis = 0; axis < lengths.nbDims; ++axis) {
    terms.push_back(term_of(lengths.d[axis]));
    TORCHTRT_CHECK(terms.back() >= 0, "the plugin's expression for axis ", axis, " of output ", output,
                   lengths.d[axis] ? " was not made by the expression builder of this call" : " is null");
  }
  rule_.add_output(std::move(terms));
}

}  // namespace torchtrt::engine::api
