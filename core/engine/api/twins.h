// Twins: the words of the engine and of NvInfer.h for the same thing. Nothing else knows both vocabularies.
#pragma once

#include <NvInfer.h>

#include <span>
#include <string_view>
#include <vector>

#include "core/engine/graph/weights.h"
#include "core/engine/layers/activation.h"
#include "core/engine/layers/attention.h"
#include "core/engine/layers/elementwise.h"
#include "core/engine/layers/fill.h"
#include "core/engine/layers/gather.h"
#include "core/engine/layers/kv_cache_update.h"
#include "core/engine/layers/loop_boundary.h"
#include "core/engine/layers/matrix_multiply.h"
#include "core/engine/layers/moe.h"
#include "core/engine/layers/nms.h"
#include "core/engine/layers/pooling.h"
#include "core/engine/layers/reduce.h"
#include "core/engine/layers/resize.h"
#include "core/engine/layers/scale.h"
#include "core/engine/layers/scatter.h"
#include "core/engine/layers/slice.h"
#include "core/engine/layers/topk.h"
#include "core/engine/layers/unary.h"
#include "core/engine/layers/window.h"
#include "core/engine/plan/plan.h"
#include "core/engine/shape/shape.h"
#include "core/util/dtype.h"
#include "core/util/error.h"

namespace torchtrt::engine::api {

namespace nv = nvinfer1;

// Enumerations of layer attributes: equal numbers, so that a conversion is a range check.
//            NvInfer.h                       ours                      last value of each, which have to agree
#define TORCHTRT_ENUM_TWINS(TWIN)                                                             \
  TWIN(nv::ActivationType, ActivationType, kGELU_TANH, kGeluTanh)                             \
  TWIN(nv::BoundingBoxFormat, BoxFormat, kCENTER_SIZES, kCenterSizes)                         \
  TWIN(nv::MoEActType, MoEActivation, kSILU, kSilu)                                           \
  TWIN(nv::ElementWiseOperation, ElementWiseOp, kLESS, kLess)                                 \
  TWIN(nv::FillOperation, FillOp, kRANDOM_NORMAL, kRandomNormal)                              \
  TWIN(nv::GatherMode, GatherMode, kND, kND)                                                  \
  TWIN(nv::KVCacheMode, CacheMode, kLINEAR, kLinear)                                          \
  TWIN(nv::LoopOutput, LoopOutputKind, kREVERSE, kReverse)                                    \
  TWIN(nv::TripLimit, TripLimitKind, kWHILE, kWhile)                                          \
  TWIN(nv::MatrixOperation, MatrixOp, kVECTOR, kVector)                                       \
  TWIN(nv::PaddingMode, PaddingMode, kSAME_LOWER, kSameLower)                                 \
  TWIN(nv::PoolingType, PoolingType, kMAX_AVERAGE_BLEND, kMaxAverageBlend)                    \
  TWIN(nv::ReduceOperation, ReduceOp, kAVG, kAvg)                                             \
  TWIN(nv::InterpolationMode, InterpolationMode, kCUBIC, kCubic)                              \
  TWIN(nv::ResizeCoordinateTransformation, CoordinateTransformation, kHALF_PIXEL, kHalfPixel) \
  TWIN(nv::ResizeSelector, ResizeSelector, kUPPER, kUpper)                                    \
  TWIN(nv::ResizeRoundMode, RoundMode, kCEIL, kCeil)                                          \
  TWIN(nv::ScaleMode, ScaleMode, kELEMENTWISE, kElementwise)                                  \
  TWIN(nv::ScatterMode, ScatterMode, kND, kND)                                                \
  TWIN(nv::SampleMode, SampleMode, kREFLECT, kReflect)                                        \
  TWIN(nv::TensorFormat, Format, kDHWC, kDhwc)                                                \
  TWIN(nv::TopKOperation, TopKOp, kMIN, kMin)                                                 \
  TWIN(nv::UnaryOperation, UnaryOp, kISNAN, kIsNan)                                           \
  TWIN(nv::ProfilingVerbosity, Verbosity, kDETAILED, kDetailed)                               \
  TWIN(nv::ILogger::Severity, Severity, kVERBOSE, kVerbose)

// Those that only version 11 has.
#if TORCHTRT_TENSORRT_MAJOR > 10
#define TORCHTRT_ENUM_TWINS_11(TWIN)                             \
  TWIN(nv::AttentionIOForm, AttentionForm, kPACKED_NHD, kPacked) \
  TWIN(nv::CausalMaskKind, CausalMask, kLOWER_RIGHT, kLowerRight)
#else
#define TORCHTRT_ENUM_TWINS_11(TWIN)
#endif

template <class T>
struct Twin;

#define TORCHTRT_TWIN(theirs, ours, their_last, our_last)                                  \
  static_assert(static_cast<int>(theirs::their_last) == static_cast<int>(ours::our_last)); \
  template <>                                                                              \
  struct Twin<theirs> {                                                                    \
    using type = ours;                                                                     \
    static constexpr int kLast = static_cast<int>(ours::our_last);                         \
    static constexpr const char* kName = #ours;                                            \
  };                                                                                       \
  template <>                                                                              \
  struct Twin<ours> {                                                                      \
    using type = theirs;                                                                   \
  };
TORCHTRT_ENUM_TWINS(TORCHTRT_TWIN)
TORCHTRT_ENUM_TWINS_11(TORCHTRT_TWIN)
#undef TORCHTRT_TWIN

// Ours for theirs; throws kInvalidArgument for a number that is none of the enumerators.
template <class Theirs>
requires requires { Twin<Theirs>::kLast; }
typename Twin<Theirs>::type ours(Theirs value) {
  const int number = static_cast<int>(value);
  TORCHTRT_REQUIRE(kInvalidArgument, number >= 0 && number <= Twin<Theirs>::kLast, Twin<Theirs>::kName, " ", number,
                   " does not exist; values are 0 to ", Twin<Theirs>::kLast);
  return static_cast<typename Twin<Theirs>::type>(number);
}
template <class Ours>
requires std::is_enum_v<Ours>
typename Twin<Ours>::type theirs(Ours value) { return static_cast<typename Twin<Ours>::type>(value); }

// Data types, by the rows of dtype.def. Throws kInvalidArgument for a number outside the enumeration.
DType ours(nv::DataType type);
nv::DataType theirs(DType type);  // throws kUnsupportedDtype for a type TensorRT has not

// Lengths. An invalid Shape is nbDims -1 with zeros.
Shape shape_of(const nv::Dims& dims);                     // throws kInvalidArgument: rank outside [0, 8]
std::vector<int64_t> list_of_dims(const nv::Dims& dims);  // the same as a list
nv::Dims dims_of(std::span<const int64_t> lengths);
nv::Dims dims_of(const Shape& shape);
nv::Dims no_dims();  // nbDims -1, zeros: "not set", "invalid"
std::string printed(const nv::Dims& dims);

// By reference: the memory stays the caller's. Throws kInvalidArgument: negative count, null values with a count.
Weights ours(const nv::Weights& weights);
nv::Weights theirs(const Weights& weights);

// What a layer of a kind is in NvInfer.h, and its name in inspectors.
nv::LayerType layer_type_of(std::string_view kind);
const char* name_of(nv::LayerType type);

// "kBF16" of a builder flag, for messages.
std::string_view name_of(nv::BuilderFlag flag);

}  // namespace torchtrt::engine::api
