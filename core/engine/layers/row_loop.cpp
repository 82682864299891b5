// RowLoop: one body, compiled for each width of vectors.
//
// Means and squares are added up in 64 lanes, so that a sum of a row rounds as few times as PyTorch's.
#include "core/engine/layers/row_loop.h"

#include <cmath>
#include <cstring>

namespace torchtrt::engine {
namespace {

constexpr int kWide = 16, kSums = 4;
using Lanes = float __attribute__((vector_size(kWide * sizeof(float))));

#define TORCHTRT_INLINE inline __attribute__((always_inline))

TORCHTRT_INLINE void load(Lanes& lanes, const float* from) { std::memcpy(&lanes, from, sizeof(Lanes)); }
TORCHTRT_INLINE void store(float* to, const Lanes& lanes) { std::memcpy(to, &lanes, sizeof(Lanes)); }

// Sums of several vectors and a scalar.
struct Total {
  Lanes lanes[kSums] = {};
  float rest = 0;

  TORCHTRT_INLINE float value() const {
    const Lanes all = (lanes[0] + lanes[1]) + (lanes[2] + lanes[3]);
    float sum = rest;
    for (int i = 0; i < kWide; ++i) sum += all[i];
    return sum;
  }
};

// Calls `vectors(offset, lane)` for whole vectors, `single(offset)` for what is left.
template <class Vectors, class Single>
TORCHTRT_INLINE void for_row(int64_t length, const Vectors& vectors, const Single& single) {
  int64_t i = 0;
  for (; i + kSums * kWide <= length; i += kSums * kWide) {
    vectors(i, 0);
    vectors(i + kWide, 1);
    vectors(i + 2 * kWide, 2);
    vectors(i + 3 * kWide, 3);
  }
  for (; i + kWide <= length; i += kWide) vectors(i, 0);
  for (; i < length; ++i) single(i);
}

// x + residual into `to`; its sum.
TORCHTRT_INLINE float add_row(const float* x, const float* residual, float* to, int64_t length) {
  Total total;
  for_row(
      length,
      [&](int64_t i, int lane) __attribute__((always_inline)) {
        Lanes a, b;
        load(a, x + i);
        load(b, residual + i);
        a += b;
        store(to + i, a);
        total.lanes[lane] += a;
      },
      [&](int64_t i) __attribute__((always_inline)) { total.rest += to[i] = x[i] + residual[i]; });
  return total.value();
}

TORCHTRT_INLINE float sum_row(const float* x, int64_t length) {
  Total total;
  for_row(
      length,
      [&](int64_t i, int lane) __attribute__((always_inline)) {
        Lanes a;
        load(a, x + i);
        total.lanes[lane] += a;
      },
      [&](int64_t i) __attribute__((always_inline)) { total.rest += x[i]; });
  return total.value();
}

TORCHTRT_INLINE float square_row(const float* x, float mean, int64_t length) {
  Total total;
  for_row(
      length,
      [&](int64_t i, int lane) __attribute__((always_inline)) {
        Lanes a;
        load(a, x + i);
        a -= mean;
        total.lanes[lane] += a * a;
      },
      [&](int64_t i) __attribute__((always_inline)) { total.rest += (x[i] - mean) * (x[i] - mean); });
  return total.value();
}

template <bool kScale, bool kBias>
TORCHTRT_INLINE void write_row(const RowLoop& loop, const float* x, float* y, float mean, float factor) {
  for_row(
      loop.length,
      [&](int64_t i, int) __attribute__((always_inline)) {
        Lanes a, b;
        load(a, x + i);
        a = (a - mean) * factor;
        if constexpr (kScale) {
          load(b, loop.scale + i);
          a *= b;
        }
        if constexpr (kBias) {
          load(b, loop.bias + i);
          a += b;
        }
        store(y + i, a);
      },
      [&](int64_t i) __attribute__((always_inline)) {
        float a = (x[i] - mean) * factor;
        if constexpr (kScale) a *= loop.scale[i];
        if constexpr (kBias) a += loop.bias[i];
        y[i] = a;
      });
}

TORCHTRT_INLINE void run_rows(const RowLoop& loop) {
  const float count = static_cast<float>(loop.length);
  for (int64_t row = 0; row < loop.rows; ++row) {
    const int64_t start = row * loop.length;
    const float* x = loop.x + start;
    float* y = loop.y + start;
    float sum = 0;
    if (loop.residual) {
      float* to = loop.sum ? loop.sum + start : y;  // the sum lies in the result until it is normalized
      sum = add_row(x, loop.residual + start, to, loop.length);
      x = to;
    } else if (loop.center) {
      sum = sum_row(x, loop.length);
    }
    const float mean = loop.center ? sum / count : 0.0f;
    const float factor = 1.0f / std::sqrt(square_row(x, mean, loop.length) / count + loop.epsilon);
    if (loop.scale && loop.bias) {
      write_row<true, true>(loop, x, y, mean, factor);
    } else if (loop.scale) {
      write_row<true, false>(loop, x, y, mean, factor);
    } else if (loop.bias) {
      write_row<false, true>(loop, x, y, mean, factor);
    } else {
      write_row<false, false>(loop, x, y, mean, factor);
    }
  }
}

#if defined(__x86_64__)
__attribute__((target("avx512f"))) void run_512(const RowLoop& loop) { run_rows(loop); }
__attribute__((target("avx2"))) void run_256(const RowLoop& loop) { run_rows(loop); }
#endif
void run_plain(const RowLoop& loop) { run_rows(loop); }

using Run = void (*)(const RowLoop& loop);
Run best() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f")) return run_512;
  if (__builtin_cpu_supports("avx2")) return run_256;
#endif
  return run_plain;
}

}  // namespace

void RowLoop::run() const {
  static const Run chosen = best();
  chosen(*this);
}

}  // namespace torchtrt::engine
