// Twins: tables of data types and layer kinds, conversion of lengths and weights.
#include "core/engine/api/twins.h"

#include <algorithm>
#include <array>

#include "core/util/enumerator_name.h"
#include "core/util/span.h"

namespace torchtrt::engine::api {
namespace {

// Column `tensorrt` of dtype.def: its names are enumerators, NONE where TensorRT has not the type.
struct Names {
  static constexpr int NONE = -1;
#define TORCHTRT_NAME(name) static constexpr int name = static_cast<int>(nv::DataType::name)
  TORCHTRT_NAME(kFLOAT);
  TORCHTRT_NAME(kHALF);
  TORCHTRT_NAME(kINT8);
  TORCHTRT_NAME(kINT32);
  TORCHTRT_NAME(kBOOL);
  TORCHTRT_NAME(kUINT8);
  TORCHTRT_NAME(kFP8);
  TORCHTRT_NAME(kBF16);
  TORCHTRT_NAME(kINT64);
  TORCHTRT_NAME(kINT4);
  TORCHTRT_NAME(kFP4);
  TORCHTRT_NAME(kE8M0);
#undef TORCHTRT_NAME
};

constexpr std::array<int, kDTypeCount> kTheirTypes = {
#define TORCHTRT_DTYPE(enumerator, name, torch, tensorrt, bits, kind, narrow) Names::tensorrt,
#include "core/util/dtype.def"
#undef TORCHTRT_DTYPE
};

struct KindRow {
  std::string_view kind;
  nv::LayerType type;
};

constexpr KindRow kKinds[] = {
    {"Activation", nv::LayerType::kACTIVATION},
    {"Assertion", nv::LayerType::kASSERTION},
    {"Attention", nv::LayerType::kATTENTION_OUTPUT},
    {"Cast", nv::LayerType::kCAST},
    {"Concatenation", nv::LayerType::kCONCATENATION},
    {"Condition", nv::LayerType::kCONDITION},
    {"ConditionalInput", nv::LayerType::kCONDITIONAL_INPUT},
    {"ConditionalOutput", nv::LayerType::kCONDITIONAL_OUTPUT},
    {"Constant", nv::LayerType::kCONSTANT},
    {"Convolution", nv::LayerType::kCONVOLUTION},
    {"Cumulative", nv::LayerType::kCUMULATIVE},
    {"Deconvolution", nv::LayerType::kDECONVOLUTION},
    {"Dequantize", nv::LayerType::kDEQUANTIZE},
    {"DynamicQuantize", nv::LayerType::kDYNAMIC_QUANTIZE},
    {"Einsum", nv::LayerType::kEINSUM},
    {"ElementWise", nv::LayerType::kELEMENTWISE},
    {"Fill", nv::LayerType::kFILL},
    {"Gather", nv::LayerType::kGATHER},
    {"FusedLinear", nv::LayerType::kMATRIX_MULTIPLY},
    {"GridSample", nv::LayerType::kGRID_SAMPLE},
    {"Identity", nv::LayerType::kIDENTITY},
    {"IfConditional", nv::LayerType::kCONDITIONAL_OUTPUT},
    {"Iterator", nv::LayerType::kITERATOR},
    {"KVCacheUpdate", nv::LayerType::kKVCACHE_UPDATE},
    {"LRN", nv::LayerType::kLRN},
    {"Linear", nv::LayerType::kMATRIX_MULTIPLY},
    {"LoopOutput", nv::LayerType::kLOOP_OUTPUT},
    {"Loop", nv::LayerType::kLOOP_OUTPUT},
    {"MatrixMultiply", nv::LayerType::kMATRIX_MULTIPLY},
    {"DistCollective", nv::LayerType::kDIST_COLLECTIVE},
    {"MoE", nv::LayerType::kMOE},
    {"NMS", nv::LayerType::kNMS},
    {"NonZero", nv::LayerType::kNON_ZERO},
    {"Normalization", nv::LayerType::kNORMALIZATION},
    {"OneHot", nv::LayerType::kONE_HOT},
    {"Padding", nv::LayerType::kPADDING},
    {"ParametricReLU", nv::LayerType::kPARAMETRIC_RELU},
    {"PluginV2", nv::LayerType::kPLUGIN_V2},
    {"PluginV3", nv::LayerType::kPLUGIN_V3},
    {"Pointwise", nv::LayerType::kELEMENTWISE},
    {"Pooling", nv::LayerType::kPOOLING},
    {"RaggedSoftMax", nv::LayerType::kRAGGED_SOFTMAX},
    {"Quantize", nv::LayerType::kQUANTIZE},
    {"Recurrence", nv::LayerType::kRECURRENCE},
    {"Reduce", nv::LayerType::kREDUCE},
    {"Reformat", nv::LayerType::kIDENTITY},
    {"Resize", nv::LayerType::kRESIZE},
    {"ReverseSequence", nv::LayerType::kREVERSE_SEQUENCE},
    {"RotaryEmbedding", nv::LayerType::kROTARY_EMBEDDING},
    {"Scale", nv::LayerType::kSCALE},
    {"Scatter", nv::LayerType::kSCATTER},
    {"Select", nv::LayerType::kSELECT},
    {"ShapeOf", nv::LayerType::kSHAPE},
    {"Shuffle", nv::LayerType::kSHUFFLE},
    {"Slice", nv::LayerType::kSLICE},
    {"Softmax", nv::LayerType::kSOFTMAX},
    {"Squeeze", nv::LayerType::kSQUEEZE},
    {"TopK", nv::LayerType::kTOPK},
    {"TripLimit", nv::LayerType::kTRIP_LIMIT},
    {"Unary", nv::LayerType::kUNARY},
    {"Unsqueeze", nv::LayerType::kUNSQUEEZE},
};

}  // namespace

DType ours(nv::DataType type) {
  const auto found = std::find(kTheirTypes.begin(), kTheirTypes.end(), static_cast<int>(type));
  TORCHTRT_REQUIRE(kInvalidArgument, static_cast<int>(type) >= 0 && found != kTheirTypes.end(), "DataType ",
                   static_cast<int>(type), " does not exist");
  return static_cast<DType>(found - kTheirTypes.begin());
}

nv::DataType theirs(DType type) {
  const int number = type == DType::kNone ? Names::NONE : kTheirTypes.at(static_cast<size_t>(type));
  TORCHTRT_REQUIRE(kUnsupportedDtype, number != Names::NONE, "TensorRT has no type ", type);
  return static_cast<nv::DataType>(number);
}

std::vector<int64_t> list_of_dims(const nv::Dims& dims) {
  TORCHTRT_REQUIRE(kInvalidArgument, dims.nbDims >= 0 && dims.nbDims <= nv::Dims::MAX_DIMS, "dimensions have rank ",
                   dims.nbDims, ", expected 0 to ", nv::Dims::MAX_DIMS);
  return {dims.d, dims.d + dims.nbDims};
}

Shape shape_of(const nv::Dims& dims) { return Shape(std::span<const int64_t>(list_of_dims(dims))); }

nv::Dims no_dims() { return nv::Dims{-1, {}}; }

nv::Dims dims_of(std::span<const int64_t> lengths) {
  nv::Dims dims{static_cast<int32_t>(lengths.size()), {}};
  std::copy(lengths.begin(), lengths.end(), dims.d);
  return dims;
}

nv::Dims dims_of(const Shape& shape) { return shape.is_valid() ? dims_of(shape.lengths()) : no_dims(); }

std::string printed(const nv::Dims& dims) {
  if (dims.nbDims < 0 || dims.nbDims > nv::Dims::MAX_DIMS) return join("of rank ", dims.nbDims);
  return join(list_of(list_of_dims(dims)));
}

Weights ours(const nv::Weights& weights) {
  TORCHTRT_REQUIRE(kInvalidArgument, weights.count >= 0, "weights have a count of ", weights.count);
  TORCHTRT_REQUIRE(kInvalidArgument, weights.count == 0 || weights.values, "weights of ", weights.count,
                   " elements have null values");
  Weights result;
  result.dtype = ours(weights.type);
  result.count = weights.count;
  result.data = weights.values;
  return result;
}

nv::Weights theirs(const Weights& weights) { return {theirs(weights.dtype), weights.data, weights.count}; }

nv::LayerType layer_type_of(std::string_view kind) {
  const auto* row =
      std::find_if(std::begin(kKinds), std::end(kKinds), [&](const KindRow& r) { return r.kind == kind; });
  TORCHTRT_REQUIRE(kInternal, row != std::end(kKinds), "layer kind ", kind, " has no row in the table of twins");
  return row->type;
}

const char* name_of(nv::LayerType type) {
  const auto* row =
      std::find_if(std::begin(kKinds), std::end(kKinds), [&](const KindRow& r) { return r.type == type; });
  return row == std::end(kKinds) ? "Unknown" : row->kind.data();
}

std::string_view name_of(nv::BuilderFlag flag) {
  static constexpr auto kNames = names_of_enumerators<nv::BuilderFlag, nv::EnumMax<nv::BuilderFlag>()>();
  const auto number = static_cast<size_t>(flag);
  return number < kNames.size() ? kNames[number] : "an unknown flag";
}

}  // namespace torchtrt::engine::api
