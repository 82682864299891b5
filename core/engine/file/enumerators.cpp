// Enumerators: a row per attribute of an enumeration type; which enumerators there are, the compiler says.
#include "core/engine/file/enumerators.h"

#include <algorithm>
#include <array>
#include <type_traits>
#include <utility>

#include "core/engine/layers/activation.h"
#include "core/engine/layers/cast.h"
#include "core/engine/layers/convolution.h"
#include "core/engine/layers/deconvolution.h"
#include "core/engine/layers/dequantize.h"
#include "core/engine/layers/dynamic_quantize.h"
#include "core/engine/layers/elementwise.h"
#include "core/engine/layers/fill.h"
#include "core/engine/layers/gather.h"
#include "core/engine/layers/grid_sample.h"
#include "core/engine/layers/identity.h"
#include "core/engine/layers/matrix_multiply.h"
#include "core/engine/layers/nms.h"
#include "core/engine/layers/non_zero.h"
#include "core/engine/layers/pooling.h"
#include "core/engine/layers/quantize.h"
#include "core/engine/layers/reduce.h"
#include "core/engine/layers/reformat.h"
#include "core/engine/layers/resize.h"
#include "core/engine/layers/scale.h"
#include "core/engine/layers/scatter.h"
#include "core/engine/layers/slice.h"
#include "core/engine/layers/topk.h"
#include "core/engine/layers/unary.h"

namespace torchtrt::engine {
namespace {

constexpr int kMost = 64;  // enumerators of one type

// The compiler spells a number that no enumerator has as a cast: "V = (UnaryOp)77".
template <auto V>
constexpr bool is_named() {
  constexpr std::string_view kText = __PRETTY_FUNCTION__;
  return kText[kText.find("V = ") + 4] != '(';
}

template <class E, size_t... I>
constexpr std::array<bool, kMost> named(std::index_sequence<I...>) {
  return {is_named<static_cast<E>(I)>()...};
}

template <class E>
bool has_enumerator(int64_t value) {
  static constexpr auto kNamed = named<E>(std::make_index_sequence<kMost>());
  static_assert(kNamed[0] && !kNamed[kMost - 1]);
  return value >= 0 && value < kMost && kNamed[static_cast<size_t>(value)];
}

struct Row {
  std::string_view kind, field;
  bool (*allowed)(int64_t);
};

template <class T>
struct Plain {
  using type = T;
};
template <class T>
struct Plain<std::optional<T>> {
  using type = T;
};

#define ROW(Op, field) \
  { Op::kKind, #field, has_enumerator<Plain<decltype(Op::field)>::type> }
constexpr Row kRows[] = {
    ROW(Activation, type),
    ROW(Cast, to_type),
    ROW(Convolution, padding_mode),
    ROW(Deconvolution, padding_mode),
    ROW(Dequantize, to_type),
    ROW(DynamicQuantize, scale_type),
    ROW(DynamicQuantize, to_type),
    ROW(ElementWise, op),
    ROW(Fill, op),
    ROW(Fill, to_type),
    ROW(Gather, mode),
    ROW(GridSample, interpolation),
    ROW(GridSample, sample_mode),
    ROW(Identity, to_type),
    ROW(MatrixMultiply, op0),
    ROW(MatrixMultiply, op1),
    ROW(NMS, format),
    ROW(NMS, indices_type),
    ROW(NonZero, indices_type),
    ROW(Pooling, type),
    ROW(Quantize, to_type),
    ROW(Reduce, op),
    ROW(Reformat, format),
    ROW(Pooling, padding_mode),
    ROW(Resize, mode),
    ROW(Resize, coordinates),
    ROW(Resize, selector),
    ROW(Resize, rounding),
    ROW(Scale, mode),
    ROW(Scatter, mode),
    ROW(Slice, mode),
    ROW(TopK, op),
    ROW(TopK, indices_type),
    ROW(Unary, op),
};
#undef ROW

}  // namespace

bool is_allowed(std::string_view kind, std::string_view field, int64_t value) {
  const auto* row = std::find_if(std::begin(kRows), std::end(kRows),
                                 [&](const Row& r) { return r.kind == kind && r.field == field; });
  return row == std::end(kRows) || row->allowed(value);
}

}  // namespace torchtrt::engine
