// Layer: what every layer kind answers; a kind is a plain struct that TORCHTRT_LAYER makes a Layer of.
//
// A kind declares
//   TORCHTRT_FIELDS(...)                              its attributes
//   Types infer_types(const Types& in) const          type rule (strong typing); throws Error naming the rule
//   Shapes infer_shapes(const ShapeArgs& in) const    shape rule; lengths may be kUnknown
// and, where they apply,
//   static constexpr uint32_t kHostInputs             bit i: the *value* of input i is needed to infer shapes or to run
//   static constexpr uint32_t kShapeOnlyInputs        bit i: only the shape of input i matters, never its value
//   static constexpr uint32_t kLateInputs             bit i: input i is of the iteration before; may close a cycle
//   std::optional<HostValues> fold(const HostArgs& in) const   its value as a shape tensor; nullopt: not on the host
//   Shapes max_shapes(const ShapeArgs& in) const    where lengths depend on data: infer_shapes with their upper bounds
// Where the answer depends on the attributes, host_inputs(), can_fold() and has_effect() are functions instead.
// Its kernel lives in <stem>_aten.cpp (kernel.h). Absent optional inputs have DType::kNone and an invalid Shape.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "core/engine/layers/field.h"
#include "core/engine/shape/host_value.h"
#include "core/engine/shape/shape.h"
#include "core/util/dtype.h"
#include "core/util/error.h"
#include "core/util/span.h"

namespace torchtrt::engine {

using Types = std::vector<DType>;
using Shapes = std::vector<Shape>;
using HostValues = std::vector<HostValue>;

// Inputs as the shape rule sees them: shapes, and values of those that are shape tensors.
class ShapeArgs {
 public:
  ShapeArgs(std::span<const Shape> shapes, std::span<const HostValue* const> values, std::span<const DType> types)
      : shapes_(shapes), values_(values), types_(types) {}

  int size() const { return static_cast<int>(shapes_.size()); }
  bool has(int i) const { return i < size() && types_[i] != DType::kNone; }
  const Shape& operator[](int i) const { return shapes_[i]; }
  DType type(int i) const { return types_[i]; }
  // Null where the value is not (yet) known on the host at all; single elements may be unknown too.
  const HostValue* value(int i) const { return i < size() ? values_[i] : nullptr; }

 private:
  std::span<const Shape> shapes_;
  std::span<const HostValue* const> values_;
  std::span<const DType> types_;
};
using HostArgs = ShapeArgs;  // the same view serves fold()

// Whether a mask of inputs (host_inputs, shape_only_inputs, late_inputs) names input i.
constexpr bool names_input(uint32_t mask, size_t i) { return i < 32 && (mask >> i & 1) != 0; }

class Layer {
 public:
  virtual ~Layer() = default;
  virtual std::string_view kind() const = 0;
  virtual std::vector<Field> fields() const = 0;
  virtual bool set_field(std::string_view name, const FieldValue& value) = 0;  // false: no such field
  virtual Types infer_types(const Types& in) const = 0;
  virtual Shapes infer_shapes(const ShapeArgs& in) const = 0;
  virtual Shapes max_shapes(const ShapeArgs& in) const { return infer_shapes(in); }
  virtual uint32_t host_inputs() const = 0;
  virtual uint32_t shape_only_inputs() const = 0;
  virtual uint32_t late_inputs() const = 0;
  virtual bool can_fold() const = 0;
  virtual bool has_effect() const = 0;  // runs even if nobody uses its outputs
  virtual std::optional<HostValues> fold(const HostArgs& in) const = 0;
  virtual std::unique_ptr<Layer> clone() const = 0;
};

// The Layer of a kind; `op` is the kind itself.
template <class Op>
class LayerOf final : public Layer {
 public:
  LayerOf() = default;
  explicit LayerOf(Op value) : op(std::move(value)) {}

  std::string_view kind() const override { return Op::kKind; }
  std::vector<Field> fields() const override { return op.fields(); }
  bool set_field(std::string_view name, const FieldValue& value) override { return op.set_field(name, value); }
  Types infer_types(const Types& in) const override { return op.infer_types(in); }
  Shapes infer_shapes(const ShapeArgs& in) const override { return op.infer_shapes(in); }
  Shapes max_shapes(const ShapeArgs& in) const override {
    if constexpr (requires { op.max_shapes(in); }) return op.max_shapes(in);
    return infer_shapes(in);
  }
  uint32_t host_inputs() const override {
    if constexpr (requires { op.host_inputs(); }) return op.host_inputs();
    if constexpr (requires { Op::kHostInputs; }) return Op::kHostInputs;
    return 0;
  }
  uint32_t shape_only_inputs() const override {
    if constexpr (requires { Op::kShapeOnlyInputs; }) return Op::kShapeOnlyInputs;
    return 0;
  }
  uint32_t late_inputs() const override {
    if constexpr (requires { Op::kLateInputs; }) return Op::kLateInputs;
    return 0;
  }
  bool has_effect() const override {
    if constexpr (requires { op.has_effect(); }) return op.has_effect();
    return false;
  }
  bool can_fold() const override {
    if constexpr (requires { op.can_fold(); }) return op.can_fold();
    return requires(const HostArgs& in) { op.fold(in); };
  }
  std::optional<HostValues> fold(const HostArgs& in) const override {
    if constexpr (requires { op.fold(in); }) return op.fold(in);
    return std::nullopt;
  }
  std::unique_ptr<Layer> clone() const override { return std::make_unique<LayerOf>(op); }

  Op op;
};

// The kind behind a Layer, or null where it is another kind.
template <class Op>
const Op* as(const Layer& layer) {
  const auto* of = dynamic_cast<const LayerOf<Op>*>(&layer);
  return of ? &of->op : nullptr;
}
template <class Op>
Op* as(Layer& layer) {
  auto* of = dynamic_cast<LayerOf<Op>*>(&layer);
  return of ? &of->op : nullptr;
}

// Every kind by name, for the reader of plan files.
using LayerFactory = std::unique_ptr<Layer> (*)();
void register_layer(std::string_view kind, LayerFactory factory);
// Null where the kind is unknown.
std::unique_ptr<Layer> make_layer(std::string_view kind);

}  // namespace torchtrt::engine

// In the kind's .cpp, inside namespace torchtrt::engine. The struct itself has `static constexpr const char* kKind`.
#define TORCHTRT_LAYER(Op)                                                                                             \
  namespace {                                                                                                          \
  const bool op_registered_##Op =                                                                                      \
      (::torchtrt::engine::register_layer(Op::kKind,                                                                   \
                                          []() -> std::unique_ptr<Layer> { return std::make_unique<LayerOf<Op>>(); }), \
       true);                                                                                                          \
  }
