// The first lines of generated CUDA code.
#include "core/engine/exec/nvrtc.h"

namespace torchtrt::engine {

const char* const kCudaPrelude = R"(
typedef long long i64;
typedef unsigned int u32;
typedef unsigned short u16;
struct Half { u16 bits; };
struct BFloat { u16 bits; };
template <class T, int N> struct alignas(sizeof(T) * N) Pack { T at[N]; };
#define kInfinity __int_as_float(0x7f800000)
#define kNaN __int_as_float(0x7fc00000)

__device__ __forceinline__ float to_float(float x) { return x; }
__device__ __forceinline__ float to_float(Half x) {
  float y;
  asm("cvt.f32.f16 %0, %1;" : "=f"(y) : "h"(x.bits));
  return y;
}
__device__ __forceinline__ float to_float(BFloat x) { return __uint_as_float((u32)x.bits << 16); }

template <class T> __device__ __forceinline__ T of_float(float x);
template <> __device__ __forceinline__ float of_float<float>(float x) { return x; }
template <> __device__ __forceinline__ Half of_float<Half>(float x) {
  Half y;
  asm("cvt.rn.f16.f32 %0, %1;" : "=h"(y.bits) : "f"(x));
  return y;
}
template <> __device__ __forceinline__ BFloat of_float<BFloat>(float x) {
  BFloat y;
#if __CUDA_ARCH__ >= 900
  asm("cvt.rn.bf16.f32 %0, %1;" : "=h"(y.bits) : "f"(x));
#else
  const u32 bits = __float_as_uint(x);
  y.bits = x != x ? (u16)0x7fff : (u16)((bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16);
#endif
  return y;
}
)";

}  // namespace torchtrt::engine
