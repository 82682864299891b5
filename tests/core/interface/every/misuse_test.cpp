// Misuse of an engine and its context: what is answered, and that nothing changes.
#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <memory>

#include "NvInfer.h"
#include "tests/core/interface/callers.h"

namespace {

namespace nv = nvinfer1;
using torchtrt::tests::Logger;
using torchtrt::tests::Recorder;

// x [2, 3] -> relu -> y
class Misuse : public ::testing::Test {
 protected:
  Misuse() {
    setenv("TORCHTRT_EMBEDDED_DEVICE", "cpu", 1);
    builder.reset(nv::createInferBuilder(logger));
    const auto strong = 1u << static_cast<uint32_t>(nv::NetworkDefinitionCreationFlag::kSTRONGLY_TYPED);
    network.reset(builder->createNetworkV2(strong));
    config.reset(builder->createBuilderConfig());
    nv::ITensor* x = network->addInput("x", nv::DataType::kFLOAT, nv::Dims2{2, 3});
    network->markOutput(*network->addActivation(*x, nv::ActivationType::kRELU)->getOutput(0));
    engine.reset(builder->buildEngineWithConfig(*network, *config));
    engine->setErrorRecorder(&recorder);
  }
  ~Misuse() override { engine->setErrorRecorder(nullptr); }

  // Errors since the last call, all of which are about arguments.
  size_t invalid_arguments() {
    for (const nv::ErrorCode code : recorder.codes) EXPECT_EQ(code, nv::ErrorCode::kINVALID_ARGUMENT);
    const size_t count = recorder.codes.size();
    recorder.clear();
    return count;
  }

  alignas(256) std::array<float, 16> memory{};
  Logger logger;
  Recorder recorder;
  std::unique_ptr<nv::IBuilder> builder;
  std::unique_ptr<nv::INetworkDefinition> network;
  std::unique_ptr<nv::IBuilderConfig> config;
  std::unique_ptr<nv::ICudaEngine> engine;
};

TEST_F(Misuse, NumbersThatAreNoEnumerators) {
  EXPECT_EQ(engine->getEngineStat(static_cast<nv::EngineStat>(9)), -1);
  EXPECT_EQ(invalid_arguments(), 1u);
  EXPECT_EQ(engine->getProfileShape("x", 0, static_cast<nv::OptProfileSelector>(3)).nbDims, -1);
  EXPECT_EQ(invalid_arguments(), 1u);
  EXPECT_FALSE(network->getFlag(static_cast<nv::NetworkDefinitionCreationFlag>(33)));
  std::unique_ptr<nv::IExecutionContext> context(engine->createExecutionContext());
  const auto before = context->getNvtxVerbosity();
  EXPECT_FALSE(context->setNvtxVerbosity(static_cast<nv::ProfilingVerbosity>(-5)));
  EXPECT_FALSE(context->setNvtxVerbosity(static_cast<nv::ProfilingVerbosity>(3)));
  EXPECT_EQ(context->getNvtxVerbosity(), before);
  EXPECT_EQ(invalid_arguments(), 2u);
}

class Refusing final : public nv::IDebugListener {
 public:
  bool processDebugTensor(const void*, nv::TensorLocation, nv::DataType, const nv::Dims&, const char*,
                          cudaStream_t) override {
    return answer;
  }
  bool answer = false;
};

TEST_F(Misuse, AListenerMayFailARun) {
  network->markDebug(*network->getOutput(0));
  engine.reset(builder->buildEngineWithConfig(*network, *config));
  std::unique_ptr<nv::IExecutionContext> context(
      engine->createExecutionContext(nv::ExecutionContextAllocationStrategy::kSTATIC));
  EXPECT_TRUE(context->setTensorAddress("x", memory.data()));
  EXPECT_TRUE(context->setTensorAddress(network->getOutput(0)->getName(), memory.data() + 8));
  Refusing listener;
  EXPECT_TRUE(context->setDebugListener(&listener));
  EXPECT_TRUE(context->setAllTensorsDebugState(true));
  EXPECT_FALSE(context->enqueueV3(nullptr));
  listener.answer = true;
  EXPECT_TRUE(context->enqueueV3(nullptr));
}

TEST_F(Misuse, FlagsWithoutEnumerator) {
  const nv::BuilderFlags before = config->getFlags();
  for (const int number : {0, 1, 9, 10, 12, 14, 15, 16, 17, 21, 25, 26, 28, 29, 31, -1}) {
    const bool exists = NV_TENSORRT_MAJOR == 10 ? number >= 0 && number <= 28
                                                : number == 12 || number == 15 || number == 17 || number == 26;
    config->setFlag(static_cast<nv::BuilderFlag>(number));
    EXPECT_EQ(config->getFlag(static_cast<nv::BuilderFlag>(number)), exists) << number;
  }
  config->setFlags(before);
  EXPECT_EQ(config->getFlags(), before);
}

TEST_F(Misuse, ObjectsMayGoInAnyOrder) {
  std::unique_ptr<nv::IExecutionContext> context(engine->createExecutionContext());
  std::unique_ptr<nv::IEngineInspector> inspector(engine->createEngineInspector());
  std::unique_ptr<nv::ICudaEngine> other(builder->buildEngineWithConfig(*network, *config));
  builder.reset();
  EXPECT_EQ(network->getNbLayers(), 1);
  network.reset();
  config.reset();
  engine->setErrorRecorder(nullptr);
  engine.swap(other);  // the destructor needs one
  other.reset();
  inspector.reset();
  context.reset();
  EXPECT_EQ(recorder.references, 0);
}

}  // namespace
