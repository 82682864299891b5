// What an ahead-of-time plugin says of its kernel's launch, collected as expressions.
#pragma once

#include <impl/NvInferPythonPlugin.h>

#include <array>
#include <vector>

#include "core/engine/api/plugin_descs.h"

namespace torchtrt::engine::api {

// Grid x, y, z, block x, y, z, bytes of shared memory.
inline constexpr int kLaunchNumbers = 7;

class LaunchParams final : public nv::IKernelLaunchParams, public nv::IKernelLaunchParamsImpl {
 public:
  LaunchParams() { mImpl = this; }

#define TORCHTRT_LAUNCH_NUMBER(Name, index)                               \
  nv::ISymExpr* get##Name() noexcept override { return numbers_[index]; } \
  bool set##Name(nv::ISymExpr* value) noexcept override {                 \
    numbers_[index] = value;                                              \
    return true;                                                          \
  }
  TORCHTRT_LAUNCH_NUMBER(GridX, 0)
  TORCHTRT_LAUNCH_NUMBER(GridY, 1)
  TORCHTRT_LAUNCH_NUMBER(GridZ, 2)
  TORCHTRT_LAUNCH_NUMBER(BlockX, 3)
  TORCHTRT_LAUNCH_NUMBER(BlockY, 4)
  TORCHTRT_LAUNCH_NUMBER(BlockZ, 5)
  TORCHTRT_LAUNCH_NUMBER(SharedMem, 6)
#undef TORCHTRT_LAUNCH_NUMBER

  // Each number as an output of rank 1; what was not set is 1, and no shared memory.
  void add_to(ExprBuilder& expressions) const;

 private:
  std::array<nv::ISymExpr*, kLaunchNumbers> numbers_{};
};

class SymExprs final : public nv::ISymExprs, public nv::ISymExprsImpl {
 public:
  SymExprs() { mImpl = this; }
  nv::ISymExpr* getSymExpr(int32_t index) const noexcept override;
  bool setSymExpr(int32_t index, nv::ISymExpr* expression) noexcept override;
  int32_t getNbSymExprs() const noexcept override { return static_cast<int32_t>(list_.size()); }
  bool setNbSymExprs(int32_t count) noexcept override;

  // Each number as an output of rank 1. Answers their widths in bytes.
  std::vector<int64_t> add_to(ExprBuilder& expressions) const;

 private:
  bool has(int32_t index) const { return index >= 0 && index < getNbSymExprs(); }

  std::vector<nv::ISymExpr*> list_;
};

}  // namespace torchtrt::engine::api
