// SerializationConfig and RuntimeConfig: options that are kept and answered.
#pragma once

#include <NvInferRuntime.h>

#include "core/engine/api/report.h"
#include "core/util/error.h"

namespace torchtrt::engine::api {

class SerializationConfig final : public nv::ISerializationConfig, public nv::apiv::VSerializationConfig {
 public:
  explicit SerializationConfig(const Report& report) : report_(report) { mImpl = this; }
  bool setFlags(nv::SerializationFlags flags) noexcept override {
    return report_.attempt("ISerializationConfig::setFlags", [&] {
      TORCHTRT_REQUIRE(kInvalidArgument, (flags >> nv::EnumMax<nv::SerializationFlag>()) == 0, "mask ", flags,
                       " has bits of no SerializationFlag");
      flags_ = flags;
    });
  }
  nv::SerializationFlags getFlags() const noexcept override { return flags_; }
  bool clearFlag(nv::SerializationFlag flag) noexcept override { return setFlags(flags_ & ~bit(flag)); }
  bool setFlag(nv::SerializationFlag flag) noexcept override { return setFlags(flags_ | bit(flag)); }
  bool getFlag(nv::SerializationFlag flag) const noexcept override { return (flags_ & bit(flag)) != 0; }

 private:
  static uint32_t bit(nv::SerializationFlag flag) { return 1u << (static_cast<uint32_t>(flag) & 31u); }
  Report report_;
  nv::SerializationFlags flags_ = 0;
};

inline bool is_strategy(nv::ExecutionContextAllocationStrategy strategy) {
  const int number = static_cast<int>(strategy);
  return number >= 0 && number < nv::EnumMax<nv::ExecutionContextAllocationStrategy>();
}

class RuntimeConfig final : public nv::IRuntimeConfig, public nv::apiv::VRuntimeConfig {
 public:
  explicit RuntimeConfig(const Report& report) : report_(report) { mImpl = this; }
  nv::IRuntimeConfig* getPImpl() noexcept override { return this; }
  void setExecutionContextAllocationStrategy(nv::ExecutionContextAllocationStrategy strategy) noexcept override {
    report_.attempt("IRuntimeConfig::setExecutionContextAllocationStrategy", [&] {
      TORCHTRT_REQUIRE(kInvalidArgument, is_strategy(strategy), "ExecutionContextAllocationStrategy ",
                       static_cast<int>(strategy), " does not exist");
      strategy_ = strategy;
    });
  }
  nv::ExecutionContextAllocationStrategy getExecutionContextAllocationStrategy() const noexcept override {
    return strategy_;
  }

 private:
  Report report_;
  nv::ExecutionContextAllocationStrategy strategy_ = nv::ExecutionContextAllocationStrategy::kSTATIC;
};

}  // namespace torchtrt::engine::api
