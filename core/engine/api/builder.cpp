// Builder: the factory functions and the build functions, which differ in where the plan goes.
#include "core/engine/api/builder.h"

#include "core/engine/api/engine.h"
#include "core/engine/api/host_memory.h"
#include "core/engine/api/network.h"
#include "core/engine/api/twins.h"
#include "core/engine/file/plan_file.h"

namespace torchtrt::engine::api {
namespace {

using CreationFlag = nv::NetworkDefinitionCreationFlag;

uint32_t bit(CreationFlag flag) { return 1u << static_cast<uint32_t>(flag); }

const Network& ours(const nv::INetworkDefinition& network) { return static_cast<const Network&>(network); }
const BuilderConfig& ours(const nv::IBuilderConfig& config) { return static_cast<const BuilderConfig&>(config); }

std::vector<std::byte> serialized(const Network& network, const BuilderConfig& config) {
  const CarriedLibraries libraries = read_library_files(config.carried());
  return write_plan(*build_plan(network, config), true, libraries);
}

}  // namespace

nv::IBuilderConfig* Builder::createBuilderConfig() noexcept {
  return report_.guard("IBuilder::createBuilderConfig", static_cast<nv::IBuilderConfig*>(nullptr),
                       [&] { return new BuilderConfig(report_); });
}

nv::INetworkDefinition* Builder::createNetworkV2(nv::NetworkDefinitionCreationFlags flags) noexcept {
  return report_.guard("IBuilder::createNetworkV2", static_cast<nv::INetworkDefinition*>(nullptr), [&] {
    TORCHTRT_REQUIRE(kInvalidArgument, (flags >> nv::EnumMax<CreationFlag>()) == 0, "flags ", flags,
                     " have bits of no NetworkDefinitionCreationFlag");
    const uint32_t both = bit(CreationFlag::kPREFER_JIT_PYTHON_PLUGINS) | bit(CreationFlag::kPREFER_AOT_PYTHON_PLUGINS);
    TORCHTRT_REQUIRE(kInvalidArgument, (flags & both) != both,
                     "kPREFER_JIT_PYTHON_PLUGINS and kPREFER_AOT_PYTHON_PLUGINS exclude each other");
    if (TORCHTRT_TENSORRT_MAJOR > 10) flags |= bit(CreationFlag::kSTRONGLY_TYPED);  // every network is
    return new Network(*this, report_, flags);
  });
}

nv::IOptimizationProfile* Builder::createOptimizationProfile() noexcept {
  return report_.guard("IBuilder::createOptimizationProfile", static_cast<nv::IOptimizationProfile*>(nullptr),
                       [&] { return profiles_.emplace_back(std::make_unique<OptimizationProfile>(report_)).get(); });
}

bool Builder::setMaxThreads(int32_t threads) noexcept {
  return report_.attempt("IBuilder::setMaxThreads", [&] {
    TORCHTRT_REQUIRE(kInvalidArgument, threads >= 1, threads, " threads, expected at least 1");
    threads_ = threads;
  });
}

bool Builder::isNetworkSupported(const nv::INetworkDefinition& network,
                                 const nv::IBuilderConfig& config) const noexcept {
  return report_.attempt("IBuilder::isNetworkSupported",
                         [&] { build_plan(ours(network), ours(config), /*only_check=*/true); });
}

nv::IHostMemory* Builder::buildSerializedNetwork(nv::INetworkDefinition& network, nv::IBuilderConfig& config) noexcept {
  return report_.guard("IBuilder::buildSerializedNetwork", static_cast<nv::IHostMemory*>(nullptr),
                       [&] { return new HostMemory(serialized(ours(network), ours(config))); });
}

nv::IHostMemory* Builder::buildSerializedNetworkWithKernelText(nv::INetworkDefinition& network,
                                                               nv::IBuilderConfig& config,
                                                               nv::IHostMemory*& kernel_text) noexcept {
  kernel_text = nullptr;  // exists for safety engines only
  return buildSerializedNetwork(network, config);
}

nv::ICudaEngine* Builder::buildEngineWithConfig(nv::INetworkDefinition& network, nv::IBuilderConfig& config) noexcept {
  return report_.guard("IBuilder::buildEngineWithConfig", static_cast<nv::ICudaEngine*>(nullptr), [&] {
    TORCHTRT_REQUIRE(kInvalidConfig, !config.getFlag(nv::BuilderFlag::kVERSION_COMPATIBLE),
                     "flag kVERSION_COMPATIBLE needs a serialized plan; use buildSerializedNetwork");
    auto engine = std::make_unique<CudaEngine>(report_, LoadedPlan::load(build_plan(ours(network), ours(config))));
    engine->set_gpu_allocator(gpu_allocator_);
    return engine.release();
  });
}

bool Builder::buildSerializedNetworkToStream(nv::INetworkDefinition& network, nv::IBuilderConfig& config,
                                             nv::IStreamWriter& writer) noexcept {
  return report_.attempt("IBuilder::buildSerializedNetworkToStream", [&] {
    const auto bytes = serialized(ours(network), ours(config));
    const auto size = static_cast<int64_t>(bytes.size());
    const int64_t written = writer.write(bytes.data(), size);
    TORCHTRT_REQUIRE(kExecution, written == size, "the stream took ", written, " of ", size, " bytes of the plan");
  });
}

}  // namespace torchtrt::engine::api
