// C++ callers of libnvinfer: functions that NVIDIA's bindings never call, through the shells and behind them.
#include "tests/core/interface/callers.h"

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "NvInfer.h"

namespace {

namespace nv = nvinfer1;
using torchtrt::tests::Logger;
using torchtrt::tests::Recorder;

// x [-1, 3] of 1 to 8 rows -> relu -> y
class Callers : public ::testing::Test {
 protected:
  Callers() {
    builder.reset(nv::createInferBuilder(logger));
    const auto strong = 1u << static_cast<uint32_t>(nv::NetworkDefinitionCreationFlag::kSTRONGLY_TYPED);
    network.reset(builder->createNetworkV2(strong));
    config.reset(builder->createBuilderConfig());
    nv::ITensor* x = network->addInput("x", nv::DataType::kFLOAT, nv::Dims2{-1, 3});
    nv::ITensor* y = network->addActivation(*x, nv::ActivationType::kRELU)->getOutput(0);
    y->setName("y");
    network->markOutput(*y);
    auto* profile = builder->createOptimizationProfile();
    for (const auto& [select, rows] :
         {std::pair{nv::OptProfileSelector::kMIN, 1}, std::pair{nv::OptProfileSelector::kOPT, 2},
          std::pair{nv::OptProfileSelector::kMAX, 8}})
      EXPECT_TRUE(profile->setDimensions("x", select, nv::Dims2{rows, 3}));
    EXPECT_EQ(config->addOptimizationProfile(profile), 0);
  }

  std::unique_ptr<nv::ICudaEngine> engine() {
    return std::unique_ptr<nv::ICudaEngine>(builder->buildEngineWithConfig(*network, *config));
  }

  Logger logger;
  std::unique_ptr<nv::IBuilder> builder;
  std::unique_ptr<nv::INetworkDefinition> network;
  std::unique_ptr<nv::IBuilderConfig> config;
};

TEST_F(Callers, ShellsLeadBackToThemselves) {
  auto built = engine();
  ASSERT_TRUE(built);
  EXPECT_EQ(&network->getBuilder(), builder.get());
  std::unique_ptr<nv::IExecutionContext> context(built->createExecutionContext());
  EXPECT_EQ(&context->getEngine(), built.get());
  EXPECT_EQ(builder->getLogger(), &logger);
}

TEST_F(Callers, TwoVirtualFunctionsOfShellsWork) {
  config->setAvgTimingIterations(3);
  EXPECT_EQ(config->getAvgTimingIterations(), 3);
}

TEST_F(Callers, NarrowShapeValuesAndWideOnesReplaceEachOther) {
  auto* profile = builder->createOptimizationProfile();
  const std::array<int32_t, 2> narrow{1, 2};
  const std::array<int64_t, 2> wide{3, 4};
  ASSERT_TRUE(profile->setShapeValues("dims", nv::OptProfileSelector::kMIN, narrow.data(), 2));
  EXPECT_EQ(profile->getShapeValues("dims", nv::OptProfileSelector::kMIN)[1], 2);
  EXPECT_EQ(profile->getShapeValuesV2("dims", nv::OptProfileSelector::kMIN), nullptr);
  ASSERT_TRUE(profile->setShapeValuesV2("dims", nv::OptProfileSelector::kMIN, wide.data(), 2));
  EXPECT_EQ(profile->getShapeValuesV2("dims", nv::OptProfileSelector::kMIN)[0], 3);
  EXPECT_EQ(profile->getShapeValues("dims", nv::OptProfileSelector::kMIN), nullptr);
  EXPECT_EQ(profile->getNbShapeValues("dims"), 2);
  EXPECT_EQ(profile->getNbShapeValues("other"), -1);
  EXPECT_FALSE(profile->setShapeValuesV2("dims", nv::OptProfileSelector::kMAX, wide.data(), 1));
}

TEST_F(Callers, RecorderIsCountedByEveryHolder) {
  Recorder recorder;
  builder->setErrorRecorder(&recorder);
  EXPECT_EQ(recorder.references, 1);
  {
    std::unique_ptr<nv::IBuilderConfig> child(builder->createBuilderConfig());
    std::unique_ptr<nv::INetworkDefinition> other(builder->createNetworkV2(0));
    EXPECT_EQ(recorder.references, 3);
    other->setErrorRecorder(nullptr);
    EXPECT_EQ(recorder.references, 2);
  }
  EXPECT_EQ(recorder.references, 1);
  EXPECT_EQ(builder->createNetworkV2(1u << 30), nullptr);
  ASSERT_EQ(recorder.codes.size(), 1u);
  EXPECT_EQ(recorder.codes[0], nv::ErrorCode::kINVALID_ARGUMENT);
  EXPECT_EQ(logger.errors.size(), 1u);
  builder->setErrorRecorder(nullptr);
  EXPECT_EQ(recorder.references, 0);
}

TEST_F(Callers, AddressesHaveADirection) {
  auto built = engine();
  ASSERT_TRUE(built);
  std::unique_ptr<nv::IExecutionContext> context(built->createExecutionContext());
  alignas(16) std::array<float, 6> memory{};
  EXPECT_TRUE(context->setInputTensorAddress("x", memory.data()));
  EXPECT_FALSE(context->setInputTensorAddress("y", memory.data()));
  EXPECT_TRUE(context->setOutputTensorAddress("y", memory.data()));
  EXPECT_FALSE(context->setOutputTensorAddress("x", memory.data()));
  EXPECT_EQ(context->getOutputTensorAddress("y"), memory.data());
  EXPECT_EQ(context->getTensorAddress("x"), memory.data());
  EXPECT_EQ(context->inferShapes(-1, nullptr), -1);
  const char* missing = nullptr;
  EXPECT_EQ(context->inferShapes(1, &missing), 1);
  EXPECT_STREQ(missing, "x");
}

TEST_F(Callers, InvalidDimensionsAreMinusOneAndZeros) {
  nv::ITensor* a = network->addInput("a", nv::DataType::kFLOAT, nv::Dims2{2, 3});
  nv::ITensor* b = network->addInput("b", nv::DataType::kFLOAT, nv::Dims2{2, 4});
  auto* layer = network->addElementWise(*a, *b, nv::ElementWiseOperation::kSUM);
  ASSERT_NE(layer, nullptr);
  const nv::Dims dims = layer->getOutput(0)->getDimensions();
  EXPECT_EQ(dims.nbDims, -1);
  EXPECT_EQ(dims.d[0], 0);
}

TEST_F(Callers, NumbersThatAreNoEnumeratorsAreRefused) {
  nv::ITensor* x = network->getInput(0);
  EXPECT_EQ(network->addActivation(*x, static_cast<nv::ActivationType>(99)), nullptr);
  EXPECT_EQ(network->addElementWise(*x, *x, static_cast<nv::ElementWiseOperation>(-1)), nullptr);
  EXPECT_EQ(network->addCast(*x, static_cast<nv::DataType>(77)), nullptr);
  EXPECT_EQ(network->addReduce(*x, nv::ReduceOperation::kNONE, 1, false), nullptr);
  EXPECT_EQ(network->addConstant(nv::Dims2{2, 3}, {nv::DataType::kFLOAT, nullptr, 6}), nullptr);
  EXPECT_EQ(logger.errors.size(), 5u);
  for (const std::string& error : logger.errors) EXPECT_NE(error.find("Error Code 3"), std::string::npos) << error;
  EXPECT_EQ(network->getNbLayers(), 1);
}

TEST(Factories, OtherMajorVersionsAndNullLoggersGetNothing) {
  Logger logger;
  EXPECT_EQ(createInferBuilder_INTERNAL(&logger, 110000), nullptr);
  EXPECT_EQ(logger.errors.size(), 1u);
  EXPECT_EQ(createInferRuntime_INTERNAL(nullptr, static_cast<int32_t>(NV_TENSORRT_VERSION)), nullptr);
  std::unique_ptr<nv::IRuntime> older(static_cast<nv::IRuntime*>(createInferRuntime_INTERNAL(&logger, 100001)));
  EXPECT_TRUE(older);
  EXPECT_EQ(nv::getBuilderPluginRegistry(nv::EngineCapability::kSTANDARD), getPluginRegistry());
  EXPECT_EQ(nv::getBuilderPluginRegistry(nv::EngineCapability::kSAFETY), nullptr);
  EXPECT_EQ(nv::getBuilderSafePluginRegistry(nv::EngineCapability::kSTANDARD), nullptr);
  EXPECT_TRUE(nv::setInternalLibraryPath(""));
  EXPECT_FALSE(nv::setInternalLibraryPath("/nonexistent"));
}

}  // namespace
