// The kernel around the expressions: indices, loads, stores.
//
//   for (each pack of elements) { load packs; for (each element of the pack) compute; store packs; }
//   for (each element behind the last whole pack) compute
#include "core/engine/exec/pointwise_source.h"

#include "core/engine/exec/nvrtc.h"
#include "core/engine/layers/constant.h"

namespace torchtrt::engine {
namespace {

enum class Access { kScalar, kFull, kByCoordinates };

class Writer {
 public:
  Writer(const Graph& body, const PointwiseForm& form) : body_(body), form_(form) {}

  std::string write() {
    out_ = join(kCudaPrelude, kPointwisePrelude, "typedef ", form_.wide ? "i64" : "u32", " Index;\n\n");
    write_computation();
    out_ +=
        join("\nextern \"C\" __global__ void __launch_bounds__(256) ", kPointwiseKernel, '(', parameters(), ") {\n");
    write_start();
    write_loop(form_.width);
    if (form_.width > 1 && form_.axes == 1) write_tail();
    return out_ + "}\n";
  }

 private:
  DType type_of(ValueId value) const { return body_.stale_value(value).dtype; }
  size_t input_count() const { return body_.inputs().size(); }

  Access access(size_t input) const {
    bool any = false, all = true;
    for (const char run : form_.runs[input]) {
      any = any || run;
      all = all && run;
    }
    return !any ? Access::kScalar : all && !form_.strided[input] ? Access::kFull : Access::kByCoordinates;
  }
  bool runs_along_last(size_t input) const { return form_.runs[input].back() != 0; }

  // compute(inputs, outputs by address), all of them in registers.
  void write_computation() {
    std::string arguments;
    for (const ValueId input : body_.inputs())
      arguments += join(register_type(type_of(input)), ' ', value_name(input), ", ");
    for (size_t i = 0; i < body_.outputs().size(); ++i)
      arguments += join(i ? ", " : "", register_type(type_of(body_.outputs()[i])), "& r", i);
    out_ += join("__device__ __forceinline__ void compute(", arguments, ") {\n");
    for (const NodeId id : body_.order()) {
      const Node& node = body_.node(id);
      const ValueId value = node.outputs[0];
      out_ += join("  const ", register_type(type_of(value)), ' ', value_name(value), " = ",
                   pointwise_expression(body_, node), ";\n");
    }
    for (size_t i = 0; i < body_.outputs().size(); ++i)
      out_ += join("  r", i, " = ", value_name(body_.outputs()[i]), ";\n");
    out_ += "}\n";
  }

  std::string parameters() const {
    std::string result;
    for (size_t i = 0; i < input_count(); ++i)
      result += join("const ", stored_type(type_of(body_.inputs()[i])), "* in", i, ", ");
    for (size_t i = 0; i < body_.outputs().size(); ++i)
      result += join(stored_type(type_of(body_.outputs()[i])), "* out", i, ", ");
    result += "i64 count";
    for (int axis = 1; axis < form_.axes; ++axis) result += join(", i64 length", axis);
    for (size_t i = 0; i < input_count(); ++i)
      for (int axis = 0; form_.strided[i] && axis < form_.axes; ++axis) result += join(", i64 stride", i, '_', axis);
    return result;
  }

  std::string loaded(DType type, const std::string& element) const {
    return is_floating(type) ? join("to_float(", element, ')') : element;
  }

  void write_start() {
    out_ += "  const Index n = (Index)count, step = (Index)gridDim.x * blockDim.x;\n";
    out_ += "  const Index first = (Index)blockIdx.x * blockDim.x + threadIdx.x;\n";
    for (int axis = 1; axis < form_.axes; ++axis)
      out_ += join("  const Index l", axis, " = (Index)length", axis, ";\n");
    for (size_t i = 0; i < input_count(); ++i) {
      const DType type = type_of(body_.inputs()[i]);
      if (access(i) == Access::kScalar)
        out_ += join("  const ", register_type(type), " s", i, " = ", loaded(type, join("in", i, "[0]")), ";\n");
    }
  }

  // Where a strided input has the element with coordinates c0, c1, ..
  std::string strided_offset(size_t input) const {
    std::string sum;
    for (int axis = 0; axis < form_.axes; ++axis)
      if (form_.runs[input][static_cast<size_t>(axis)])
        sum += join(sum.empty() ? "" : " + ", 'c', axis, " * (Index)stride", input, '_', axis);
    return sum;
  }

  // Where an input that broadcasts has it.
  std::string offset(size_t input) const {
    if (form_.strided[input]) return strided_offset(input);
    std::string stride, sum;
    for (int axis = form_.axes - 1; axis >= 0; --axis) {
      if (!form_.runs[input][static_cast<size_t>(axis)]) continue;
      sum += join(sum.empty() ? "" : " + ", 'c', axis, stride.empty() ? "" : " * (" + stride + ')');
      stride += join(stride.empty() ? "" : " * ", 'l', axis);
    }
    return sum;
  }

  void write_coordinates() {
    bool wanted = false;
    for (size_t i = 0; i < input_count(); ++i) wanted = wanted || access(i) == Access::kByCoordinates;
    if (!wanted) return;
    out_ += "    Index rest = i;\n";
    for (int axis = form_.axes - 1; axis > 0; --axis)
      out_ += join("    const Index c", axis, " = rest % l", axis, ";\n    rest /= l", axis, ";\n");
    out_ += "    const Index c0 = rest;\n";
  }

  void write_load(size_t i) {
    const DType type = type_of(body_.inputs()[i]);
    const std::string stored = stored_type(type);
    if (access(i) == Access::kScalar) return;
    const std::string at = access(i) == Access::kFull ? "i" : offset(i);
    if (access(i) == Access::kByCoordinates && !runs_along_last(i)) {
      out_ += join("    const ", register_type(type), " s", i, " = ", loaded(type, join("in", i, '[', at, ']')), ";\n");
    } else {
      const std::string pack = join("Pack<", stored, ", ", form_.width, '>');
      out_ += join("    const ", pack, " p", i, " = *(const ", pack, "*)(in", i, " + (", at, "));\n");
    }
  }

  bool is_pack(size_t i) const {
    return access(i) == Access::kFull || (access(i) == Access::kByCoordinates && runs_along_last(i));
  }

  // compute() of element j of the packs, or of element i in memory.
  std::string call(bool packs) const {
    std::string arguments;
    for (size_t i = 0; i < input_count(); ++i) {
      const std::string element = packs ? join('p', i, ".at[j]") : join("in", i, "[i]");
      arguments += is_pack(i) ? loaded(type_of(body_.inputs()[i]), element) : join('s', i);
      arguments += ", ";
    }
    for (size_t i = 0; i < body_.outputs().size(); ++i) arguments += join(i ? ", " : "", 'r', i);
    return join("compute(", arguments, ')');
  }

  void write_results(const std::string& indent, bool packs) {
    for (size_t i = 0; i < body_.outputs().size(); ++i)
      out_ += join(indent, register_type(type_of(body_.outputs()[i])), " r", i, ";\n");
    out_ += join(indent, call(packs), ";\n");
    for (size_t i = 0; i < body_.outputs().size(); ++i) {
      const DType type = type_of(body_.outputs()[i]);
      const std::string place = packs ? join('q', i, ".at[j]") : join("out", i, "[i]");
      const std::string value = is_floating(type) ? join("of_float<", stored_type(type), ">(r", i, ')') : join('r', i);
      out_ += join(indent, place, " = ", value, ";\n");
    }
  }

  void write_loop(int width) {
    out_ += join("  for (Index p = first; p < n / ", width, "; p += step) {\n    const Index i = p * ", width, ";\n");
    write_coordinates();
    for (size_t i = 0; i < input_count(); ++i) write_load(i);
    for (size_t i = 0; i < body_.outputs().size(); ++i)
      out_ += join("    Pack<", stored_type(type_of(body_.outputs()[i])), ", ", width, "> q", i, ";\n");
    out_ += join("#pragma unroll\n    for (int j = 0; j < ", width, "; ++j) {\n");
    write_results("      ", true);
    out_ += "    }\n";
    for (size_t i = 0; i < body_.outputs().size(); ++i)
      out_ += join("    *(Pack<", stored_type(type_of(body_.outputs()[i])), ", ", width, ">*)(out", i, " + i) = q", i,
                   ";\n");
    out_ += "  }\n";
  }

  void write_tail() {
    out_ += join("  for (Index i = n / ", form_.width, " * ", form_.width, " + first; i < n; i += step) {\n");
    write_results("    ", false);
    out_ += "  }\n";
  }

  const Graph& body_;
  const PointwiseForm& form_;
  std::string out_;
};

}  // namespace

std::string pointwise_source(const Graph& body, const PointwiseForm& form) { return Writer(body, form).write(); }

}  // namespace torchtrt::engine
