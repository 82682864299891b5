// Enumerators: a row per attribute of an enumeration type; which enumerators there are, the compiler says.
#include "core/engine/file/enumerators.h"

#include <algorithm>
#include <type_traits>

#include "core/engine/layers/activation.h"
#include "core/engine/layers/attention.h"
#include "core/engine/layers/cast.h"
#include "core/engine/layers/convolution.h"
#include "core/engine/layers/deconvolution.h"
#include "core/engine/layers/dequantize.h"
#include "core/engine/layers/dist_collective.h"
#include "core/engine/layers/dynamic_quantize.h"
#include "core/engine/layers/elementwise.h"
#include "core/engine/layers/fill.h"
#include "core/engine/layers/fused_linear.h"
#include "core/engine/layers/gather.h"
#include "core/engine/layers/grid_sample.h"
#include "core/engine/layers/identity.h"
#include "core/engine/layers/kv_cache_update.h"
#include "core/engine/layers/matrix_multiply.h"
#include "core/engine/layers/moe.h"
#include "core/engine/layers/nms.h"
#include "core/engine/layers/non_zero.h"
#include "core/engine/layers/pooling.h"
#include "core/engine/layers/quantize.h"
#include "core/engine/layers/reduce.h"
#include "core/engine/layers/reformat.h"
#include "core/engine/layers/resize.h"
#include "core/engine/layers/row_normalization.h"
#include "core/engine/layers/scale.h"
#include "core/engine/layers/scatter.h"
#include "core/engine/layers/slice.h"
#include "core/engine/layers/topk.h"
#include "core/engine/layers/unary.h"
#include "core/util/enumerator_name.h"

namespace torchtrt::engine {
namespace {

constexpr size_t kMost = 64;  // enumerators of one type

// Empty where there is no such enumerator.
template <class E>
std::string_view name_in(int64_t value) {
  static constexpr auto kNames = names_of_enumerators<E, kMost>();
  static_assert(!kNames[0].empty() && kNames[kMost - 1].empty());
  const auto number = static_cast<size_t>(value);  // past the end, if negative
  return number < kMost ? kNames[number] : std::string_view();
}

struct Row {
  std::string_view kind, field;
  std::string_view (*name)(int64_t);
  bool is_dtype;
};

template <class T>
struct Plain {
  using type = T;
};
template <class T>
struct Plain<std::optional<T>> {
  using type = T;
};

#define ROW(Op, field)                                            \
  {                                                               \
    Op::kKind, #field, name_in<Plain<decltype(Op::field)>::type>, \
        std::is_same_v<Plain<decltype(Op::field)>::type, DType>   \
  }
constexpr Row kRows[] = {
    ROW(Activation, type),
    ROW(Attention, causal),
    ROW(Attention, key_value_form),
    ROW(Attention, quantize_to),
    ROW(Attention, query_form),
    ROW(Cast, to_type),
    ROW(Convolution, padding_mode),
    ROW(Deconvolution, padding_mode),
    ROW(Dequantize, to_type),
    ROW(DynamicQuantize, scale_type),
    ROW(DynamicQuantize, to_type),
    ROW(ElementWise, op),
    ROW(Fill, op),
    ROW(Fill, to_type),
    ROW(FusedLinear, activation),
    ROW(Gather, mode),
    ROW(GridSample, interpolation),
    ROW(GridSample, sample_mode),
    ROW(Identity, to_type),
    ROW(KVCacheUpdate, mode),
    ROW(KVCacheUpdate, update_form),
    ROW(MatrixMultiply, op0),
    ROW(MatrixMultiply, op1),
    ROW(DistCollective, op),
    ROW(DistCollective, reduce_op),
    ROW(MoE, activation),
    ROW(MoE, quantize_to),
    ROW(MoE, scale_type),
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
    ROW(RowNormalization, to_type),
    ROW(Scale, mode),
    ROW(Scale, to_type),
    ROW(Scatter, mode),
    ROW(Slice, mode),
    ROW(TopK, op),
    ROW(TopK, indices_type),
    ROW(Unary, op),
};
#undef ROW

const Row* row_of(std::string_view kind, std::string_view field) {
  const auto* row = std::find_if(std::begin(kRows), std::end(kRows),
                                 [&](const Row& r) { return r.kind == kind && r.field == field; });
  return row == std::end(kRows) ? nullptr : row;
}

}  // namespace

bool is_allowed(std::string_view kind, std::string_view field, int64_t value) {
  const Row* row = row_of(kind, field);
  return !row || !row->name(value).empty();
}

std::string_view enumerator_name(std::string_view kind, std::string_view field, int64_t value) {
  const Row* row = row_of(kind, field);
  return row ? row->name(value) : std::string_view();
}

bool is_dtype_field(std::string_view kind, std::string_view field) {
  const Row* row = row_of(kind, field);
  return row && row->is_dtype;
}

}  // namespace torchtrt::engine
