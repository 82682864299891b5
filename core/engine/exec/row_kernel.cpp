// RowKernel: see Note [Row kernels].
#include "core/engine/exec/row_kernel.h"

#include <algorithm>

#include "core/engine/exec/nvrtc.h"
#include "core/util/error.h"

namespace torchtrt::engine {
namespace {

constexpr int64_t kWarp = 32;
constexpr int64_t kMostValues = 16;  // that a thread keeps
constexpr int64_t kMostValuesOfLongRows = 32;
constexpr int64_t kLongRow = 2048;  // a longer one
constexpr int64_t kMostThreads = 512;
constexpr int64_t kFewRowsThreads = 256;
constexpr int64_t kFewRowsEach = 4;  // rows for each multiprocessor that are few
constexpr int64_t kBlockOfWarps = 4;
constexpr int64_t kPackBytes = 16;

constexpr const char* kText = R"(
constexpr int kPacks = kLength / kVector, kEach = (kPacks + kThreads - 1) / kThreads, kWarps = kThreads / 32;
constexpr bool kFull = kPacks % kThreads == 0;

__device__ __forceinline__ float total(float value, float* parts) {
#pragma unroll
  for (int step = 16; step > 0; step /= 2) value += __shfl_xor_sync(0xffffffffu, value, step);
  if (kWarps == 1) return value;
  if (threadIdx.x % 32 == 0) parts[threadIdx.x / 32] = value;
  __syncthreads();
  value = 0.0f;
#pragma unroll
  for (int warp = 0; warp < kWarps; ++warp) value += parts[warp];
  return value;
}

template <class T>
__device__ __forceinline__ Pack<T, kVector> load(const T* from, int pack) {
  return reinterpret_cast<const Pack<T, kVector>*>(from)[pack];
}

extern "C" __global__ void __launch_bounds__(kThreads * kRows)
    normalize_rows(const X* __restrict__ x, const X* __restrict__ residual, const S* __restrict__ scale,
                   const B* __restrict__ bias, Y* __restrict__ y, X* __restrict__ sum, i64 rows, float epsilon) {
  __shared__ float parts[2][kWarps];
  const int thread = threadIdx.x % kThreads;
  const i64 row = (i64)blockIdx.x * kRows + threadIdx.x / kThreads;
  if (row >= rows) return;
  const i64 start = row * kLength;

  Pack<X, kVector> loaded[kEach], added[kEach];
  Pack<S, kVector> s[kEach];
  Pack<B, kVector> b[kEach];
#pragma unroll
  for (int i = 0; i < kEach; ++i) {
    const int pack = thread + i * kThreads;
    if (!kFull && pack >= kPacks) continue;
    loaded[i] = load(x + start, pack);
    if (kResidual) added[i] = load(residual + start, pack);
    if (kScale) s[i] = load(scale, pack);
    if (kBias) b[i] = load(bias, pack);
  }

  float v[kEach][kVector];
  float first = 0.0f;
#pragma unroll
  for (int i = 0; i < kEach; ++i) {
    const int pack = thread + i * kThreads;
#pragma unroll
    for (int j = 0; j < kVector; ++j) {
      v[i][j] = 0.0f;
      if (!kFull && pack >= kPacks) continue;
      v[i][j] = to_float(loaded[i].at[j]);
      if (kResidual) v[i][j] += to_float(added[i].at[j]);
      first += v[i][j];
    }
  }
  const float mean = kCenter ? total(first, parts[0]) / kLength : 0.0f;

  float second = 0.0f;
#pragma unroll
  for (int i = 0; i < kEach; ++i) {
    if (!kFull && thread + i * kThreads >= kPacks) continue;
#pragma unroll
    for (int j = 0; j < kVector; ++j) {
      const float d = v[i][j] - mean;
      second = fmaf(d, d, second);
    }
  }
  const float factor = rsqrtf(total(second, parts[1]) / kLength + epsilon);

#pragma unroll
  for (int i = 0; i < kEach; ++i) {
    const int pack = thread + i * kThreads;
    if (!kFull && pack >= kPacks) continue;
    Pack<Y, kVector> result;
    Pack<X, kVector> rounded;
#pragma unroll
    for (int j = 0; j < kVector; ++j) {
      float value = (v[i][j] - mean) * factor;
      if (kScale && kBias) value = fmaf(value, to_float(s[i].at[j]), to_float(b[i].at[j]));
      if (kScale && !kBias) value *= to_float(s[i].at[j]);
      if (!kScale && kBias) value += to_float(b[i].at[j]);
      result.at[j] = of_float<Y>(value);
      if (kKeepSum) rounded.at[j] = of_float<X>(v[i][j]);
    }
    reinterpret_cast<Pack<Y, kVector>*>(y + start)[pack] = result;
    if (kKeepSum) reinterpret_cast<Pack<X, kVector>*>(sum + start)[pack] = rounded;
  }
}
)";

const char* type_text(DType type) {
  switch (type) {
    case DType::kFloat16:
      return "Half";
    case DType::kBFloat16:
      return "BFloat";
    default:
      return "float";  // also of what is absent
  }
}

int64_t quotient_up(int64_t a, int64_t b) { return (a + b - 1) / b; }

}  // namespace

bool RowKernel::arrange(int64_t row_count, int multiprocessors) {
  if (length < 1) return false;
  vector = static_cast<int>(kPackBytes / bytes_of(x, 1));
  while (length % vector != 0) vector /= 2;
  const int64_t packs = length / vector;
  const int64_t most = length > kLongRow ? kMostValuesOfLongRows : kMostValues;
  threads = kWarp * quotient_up(packs, kWarp * (most / vector));
  if (row_count < kFewRowsEach * multiprocessors)
    threads = std::max(threads, std::min(kFewRowsThreads, kWarp * quotient_up(packs, kWarp)));
  rows = threads == kWarp ? kBlockOfWarps : 1;
  return threads <= kMostThreads;
}

std::string RowKernel::source() const {
  const auto flag = [](const char* name, bool value) { return join("constexpr bool ", name, " = ", value, ";\n"); };
  const auto type = [](const char* name, DType value) { return join("typedef ", type_text(value), ' ', name, ";\n"); };
  const auto number = [](const char* name, int64_t value) { return join("constexpr int ", name, " = ", value, ";\n"); };
  return join(kCudaPrelude, type("X", x), type("Y", y), type("S", scale), type("B", bias),
              flag("kScale", scale != DType::kNone), flag("kBias", bias != DType::kNone), flag("kResidual", residual),
              flag("kKeepSum", keep_sum), flag("kCenter", center), number("kLength", length),
              number("kThreads", threads), number("kRows", rows), number("kVector", vector), kText);
}

}  // namespace torchtrt::engine
