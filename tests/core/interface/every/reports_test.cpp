// Errors and messages: whom they reach, from several threads too, and for how long.
#include <gtest/gtest.h>

#include <memory>
#include <thread>
#include <vector>

#include "NvInfer.h"
#include "tests/core/interface/callers.h"

namespace {

namespace nv = nvinfer1;
using torchtrt::tests::Logger;
using torchtrt::tests::Recorder;

TEST(ProcessLogger, IsThereAsLongAsAnObjectHasIt) {
  EXPECT_EQ(getLogger(), nullptr);
  auto first = std::make_unique<Logger>();
  std::unique_ptr<nv::IBuilder> builder(nv::createInferBuilder(*first));
  EXPECT_EQ(getLogger(), first.get());
  Logger second;
  std::unique_ptr<nv::IRuntime> runtime(nv::createInferRuntime(second));
  EXPECT_EQ(getLogger(), first.get());
  std::unique_ptr<nv::IBuilderConfig> config(builder->createBuilderConfig());
  builder.reset();
  EXPECT_EQ(getLogger(), first.get());
  config.reset();
  EXPECT_EQ(getLogger(), nullptr);
  first.reset();
  EXPECT_EQ(getPluginRegistry()->loadLibrary("/nonexistent.so"), nullptr);  // tells nobody
}

TEST(Registries, ErrorsGoToALogger) {
  Logger logger;
  std::unique_ptr<nv::IBuilder> builder(nv::createInferBuilder(logger));
  EXPECT_EQ(getPluginRegistry()->loadLibrary("/nonexistent.so"), nullptr);
  EXPECT_EQ(logger.errors.size(), 1u);
  EXPECT_EQ(builder->getPluginRegistry().loadLibrary("/nonexistent.so"), nullptr);
  EXPECT_EQ(logger.errors.size(), 2u);
}

// Each thread fails and exchanges the recorder; whoever is told of an error is held meanwhile.
TEST(Recorders, MayBeExchangedByOtherThreads) {
  Logger logger;
  std::unique_ptr<nv::IBuilder> builder(nv::createInferBuilder(logger));
  Recorder recorders[2];
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 500; ++i) {
        builder->setErrorRecorder((i + t) % 3 == 0 ? nullptr : &recorders[(i + t) % 2]);
        EXPECT_FALSE(builder->setMaxThreads(0));
      }
    });
  for (std::thread& thread : threads) thread.join();
  builder->setErrorRecorder(nullptr);
  for (const Recorder& recorder : recorders) {
    EXPECT_EQ(recorder.references, 0);
    EXPECT_FALSE(recorder.told_without_reference);
    EXPECT_FALSE(recorder.codes.empty());
  }
  EXPECT_EQ(logger.errors.size(), 2000u);
}

}  // namespace
